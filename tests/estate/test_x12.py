"""The 3PL's files, read by a splitter that shares nothing with the writer."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from estate import Estate

BOM = b"\xef\xbb\xbf"


@dataclass
class TransactionSet:
    """The segments between ST and SE, and what SE claims."""

    kind: str
    body: list[list[str]]
    claimed: int
    sent: str


def segments(path: Path) -> list[list[str]]:
    """Segments of a file, each a list of elements."""
    text = path.read_bytes().removeprefix(BOM).decode("ascii")
    assert text.startswith("ISA")
    end = text[text.index(">") + 1]
    return [part.strip().split(text[3]) for part in text.split(end) if part.strip()]


def sets(path: Path) -> list[TransactionSet]:
    """Transaction sets of a file, over all of its interchanges."""
    found: list[TransactionSet] = []
    sent = ""
    for segment in segments(path):
        match segment[0]:
            case "GS":
                sent = segment[4] + segment[5]
            case "ST":
                found.append(TransactionSet(segment[1], [], 0, sent))
            case "SE":
                found[-1].claimed = int(segment[1])
            case "ISA" | "GE" | "IEA":
                pass
            case _:
                found[-1].body.append(segment)
    return found


def element(segment: list[str], place: int) -> str:
    """An element by its number in the standard; what was left off is empty."""
    return segment[place] if len(segment) > place else ""


def test_every_file_can_be_read_and_says_how_many_segments_it_has(estate: Estate) -> None:
    found = [s for path in sorted(estate.drop_folder.rglob("*.edi")) for s in sets(path)]
    assert {s.kind for s in found} == {"846", "940", "944", "945", "947", "856"}
    wrong = [s for s in found if s.claimed != len(s.body) + 2]
    assert 0 < len(wrong) < len(found) / 10, "a few counts are wrong on purpose"


def test_the_careless_habits_all_occur(estate: Estate) -> None:
    ends: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for path in estate.drop_folder.rglob("*.edi"):
        raw = path.read_bytes()
        text = raw.removeprefix(BOM).decode("ascii")
        place = text.index(">") + 1
        ends[text[place : place + 2] if text[place] == "~" else text[place]] += 1
        shown["bom"] += raw.startswith(BOM)
        shown["no last end"] += text[place] not in text[-3:]
        shown["interchanges"] += text.count("ISA*") > 1
        shown["resent"] += path.stem.endswith("_resent")
    assert {"~G", "~\n", "\n"} <= set(ends)
    assert all(shown[habit] for habit in ("bom", "no last end", "interchanges", "resent")), shown


def test_a_file_sent_again_has_the_same_bytes(estate: Estate) -> None:
    for path in estate.drop_folder.rglob("*_resent.edi"):
        assert path.read_bytes() == path.with_name(path.name.replace("_resent", "")).read_bytes()


def test_nothing_half_written_is_left(estate: Estate) -> None:
    assert {path.suffix for path in estate.drop_folder.rglob("*") if path.is_file()} == {".edi"}


def newest_846(estate: Estate) -> Iterator[tuple[tuple[str, str, str], int]]:
    path = max(estate.drop_folder.glob("inbound/846_*.edi"), key=lambda p: p.name)
    names = {"33": "available", "QH": "quality_control", "20": "damaged"}
    sku = lot = ""
    for transaction in sets(path):
        for segment in transaction.body:
            if segment[0] == "LIN":
                pairs = dict(zip(segment[2::2], segment[3::2], strict=True))
                sku, lot = pairs["VN"], pairs["LT"]
            elif segment[0] == "QTY":
                yield (sku, lot, names[segment[1]]), int(segment[2])


def test_the_newest_846_is_the_stock_of_the_3pl(estate: Estate) -> None:
    told = {key: units for key, units in newest_846(estate) if units}
    assert told == {
        (row["sku"], row["lot_code"], row["disposition"]): row["qty"]
        for row in estate.truth()["stock"]
        if row["node_code"] == "ATL"
    }


@dataclass
class Advice:
    """A 945: its lines as (order line, parcel, tracking number, units, grams)."""

    code: str
    shipped_at: datetime | None
    carrier: str
    service: str
    sent: str
    loops: list[tuple[int, str, str, int, Decimal]]


def advices(estate: Estate) -> dict[str, Advice]:
    """The last 945 of each shipment."""
    found: dict[str, Advice] = {}
    for path in sorted(estate.drop_folder.glob("inbound/945_*.edi")):
        for transaction in sets(path):
            number, advice = read_advice(transaction)
            found[number] = advice
    return found


def read_advice(transaction: TransactionSet) -> tuple[str, Advice]:
    advice = Advice("", None, "", "", transaction.sent, [])
    number, sscc, tracking, units, grams = "", "", "", 0, Decimal(0)
    for segment in transaction.body:
        match segment[0]:
            case "W06":
                advice.code, number = segment[1], segment[4]
            case "G62":
                moment = datetime.strptime(segment[2] + segment[4] + "+0000", "%Y%m%d%H%M%z")
                advice.shipped_at = moment.astimezone(UTC)
            case "W27":
                advice.carrier, advice.service = segment[2], segment[3]
            case "LX":
                sscc = tracking = ""
            case "MAN":
                sscc = segment[2][-18:]
            case "W12":
                units = int(segment[3])
                assert int(segment[2]) - units == int(segment[4])
                assert element(segment, 18)[-14:] == element(segment, 18), "a GTIN-14"
                grams = Decimal(element(segment, 10) or 0) * 1000
            case "N9" if segment[1] == "2I":
                tracking = segment[2]
            case "N9" if segment[1] == "LI":
                advice.loops.append((int(segment[2]), sscc, tracking, units, grams))
    return number, advice


def test_the_945s_tell_what_the_3pl_shipped(estate: Estate) -> None:
    truth = estate.truth()
    told = advices(estate)
    scac = {"USPS": "USPS", "UPS": "UPSN", "FedEx": "FDEG"}
    shipped = {
        row["shipment_no"]: row
        for row in truth["shipments"]
        if row["node_code"] == "ATL" and row["status"] == "shipped"
    }
    assert {number for number, advice in told.items() if advice.code != "C"} == set(shipped)
    for number, row in shipped.items():
        advice = told[number]
        assert advice.shipped_at == row["shipped_at"]
        assert (advice.carrier, advice.service) == (scac[row["carrier"]], row["service"])
    units: dict[tuple[str, int], int] = defaultdict(int)
    grams: dict[str, Decimal] = defaultdict(Decimal)
    tracking: dict[str, str] = {}
    for advice in told.values():
        for line_no, sscc, number, count, weight in advice.loops:
            if sscc:
                units[sscc, line_no] += count
                grams[sscc] += weight
                tracking[sscc] = number
    parcels = {r["sscc18"]: r for r in truth["packages"] if r["shipment_no"] in shipped}
    items = {
        (r["sscc18"], r["order_line_no"]): r["qty"]
        for r in truth["package_items"]
        if r["sscc18"] in parcels
    }
    assert units == items
    assert grams == {sscc: row["weight_g"] for sscc, row in parcels.items()}
    assert tracking == {sscc: row["tracking_no"] for sscc, row in parcels.items()}


def test_what_was_ordered_of_the_3pl_and_not_answered_is_allocated_there(estate: Estate) -> None:
    waiting: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(estate.drop_folder.glob("outbound/940_*.edi")):
        for transaction in sets(path):
            body = transaction.body
            number = next(s[2] for s in body if s[:2] == ["N9", "SI"])
            lines = [(s[5], int(s[1])) for s in body if s[0] == "W01"]
            if element(body[0], 1) == "F":
                waiting.pop(number, None)
            else:
                waiting[number] = lines
    for number in advices(estate):
        waiting.pop(number, None)
    told: dict[str, int] = defaultdict(int)
    for lines in waiting.values():
        for sku, units in lines:
            told[sku] += units
    assert told
    assert told == {
        row["sku"]: row["allocated"]
        for row in estate.truth()["atp"]
        if row["node_code"] == "ATL" and row["allocated"]
    }


@pytest.mark.parametrize("kind", ["944", "856"])
def test_what_comes_in_names_a_purchase_order_of_the_erp(estate: Estate, kind: str) -> None:
    numbers = {
        segment[4] if kind == "944" else segment[1]
        for path in estate.drop_folder.glob(f"inbound/{kind}_*.edi")
        for transaction in sets(path)
        for segment in transaction.body
        if segment[0] == {"944": "W17", "856": "PRF"}[kind]
    }
    assert numbers and all(number.startswith("PO-") for number in numbers)
