"""The hub's 940s: the 3PL carries them out once, answers what it cannot, and trips over nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from estate import Estate
from estate.x12_reading import read_orders

Make = Callable[..., Estate]


@pytest.fixture
def hub(make: Make, hub_of: Any) -> Iterator[Any]:
    """A hub that alone decides, where nobody takes yesterday's orders back any more."""
    estate = make()
    estate.lead(patience=None)
    estate.advance()
    with hub_of(estate) as hub:
        today = estate.now.date()
        old = [r["order_no"] for r in estate.truth()["orders"] if r["placed_at"].date() < today]
        hub.cases = [(no, lines) for no, _, lines in hub.fitting(("ATL",)) if no in old]
        yield hub


def shipment(hub: Any, number: str) -> Any:
    found = [r for r in hub.estate.truth()["shipments"] if r["shipment_no"] == number]
    return found[0] if found else None


def why(hub: Any) -> dict[str, tuple[str, str | None]]:
    """Status and reason of each set, by its running number in the newest file."""
    return {
        r["key"].rpartition("-")[2]: (r["status"], r["reason"])
        for r in hub.estate.truth()["requests"]
        if r["channel"] == "x12"
    }


def answers(hub: Any) -> dict[str, list[list[str]]]:
    """Segments of each 945 of today, by shipment."""
    found: dict[str, list[list[str]]] = {}
    day = f"{hub.estate.now:%Y%m%d}"
    for path in sorted(hub.estate.drop_folder.glob(f"inbound/945_{day}_*.edi")):
        text = path.read_text("utf-8-sig").replace("~", "\n")
        body: list[list[str]] = []
        for segment in (line.split("*") for line in text.splitlines() if line.strip()):
            if segment[0] == "ST":
                body = []
            body.append(segment)
            if segment[0] == "W06":
                found[segment[4]] = body
    return found


def test_the_3pl_carries_out_what_a_940_says(hub: Any) -> None:
    (order_no, lines), *_ = hub.cases
    sent_at = hub.estate.now
    hub.order(order_no, "XD1", lines, service="FEDEX_GROUND", scac="FDEG")
    path = hub.send()
    hub.estate.advance()
    told = shipment(hub, "XD1")
    assert (told["order_no"], told["node_code"], told["status"]) == (order_no, "ATL", "released")
    assert (told["carrier"], told["service"]) == ("FedEx", "FEDEX_GROUND")
    assert told["released_at"] == sent_at, "when the node was told is what the 940 says"
    written = hub.estate.drop_folder.glob(f"outbound/940_{hub.estate.now:%Y%m%d}_0730_*.edi")
    assert path.exists() and not list(written), "it is not told a second time by the estate"
    hub.estate.advance(3)
    assert shipment(hub, "XD1")["status"] == "shipped"
    (release,) = [r for r in hub.estate.truth()["releases"] if r["shipment_no"] == "XD1"]
    assert (release["asked_by"], release["channel"]) == ("hub", "x12")


def test_a_file_or_a_number_that_comes_again_has_no_second_effect(hub: Any) -> None:
    (order_no, lines), (other_no, other), *_ = hub.cases
    hub.order(order_no, "XD1", lines)
    hub.order(other_no, "XD1", other)
    path = hub.send()
    copy = path.with_name(path.name.replace("_XD", "_XD_again"))
    copy.write_bytes(path.read_bytes())
    hub.estate.advance()
    assert shipment(hub, "XD1")["order_no"] == order_no
    assert why(hub) == {"1": ("released", None), "2": ("repeated", "duplicate_shipment")}
    touched = path.read_bytes()
    path.unlink()
    path.write_bytes(touched)
    hub.estate.advance(4)
    hub.order(order_no, "XD1", lines)
    hub.send()
    hub.estate.advance()
    assert len([r for r in hub.estate.truth()["shipments"] if r["shipment_no"] == "XD1"]) == 1
    assert other_no in hub.open_lines()
    assert "XD1" not in answers(hub), "what is under way is not taken back by its repetition"


def test_what_the_3pl_cannot_carry_out_is_advised_with_nothing_shipped(hub: Any) -> None:
    (order_no, lines), *_ = hub.cases
    ((line_no, sku, units), *_) = lines
    hub.order(order_no, "XD1", [(line_no, sku, units + 1)])
    hub.order(order_no, "XD2", [(line_no, "ZZ-00000", units)])
    hub.order(order_no, "XD3", lines, scac="PIGE")
    hub.order(order_no, "XD4", [(7, sku, units)])
    hub.order(order_no, "XD5", [])
    hub.order("SO-9999999", "XD6", lines)
    hub.order("SO-0000001", "XD7", [(1, sku, 1)])
    hub.order(order_no, "XD8", lines)
    hub.send()
    hub.estate.advance()
    assert why(hub) == {
        "1": ("rejected", "quantity_above_open"),
        "2": ("rejected", "wrong_sku"),
        "3": ("rejected", "unknown_carrier"),
        "4": ("rejected", "unknown_line"),
        "5": ("rejected", "malformed"),
        "6": ("rejected", "unknown_order"),
        "7": ("rejected", "line_not_open"),
        "8": ("released", None),
    }
    advised = {number: body for number, body in answers(hub).items() if number[:2] == "XD"}
    assert advised.keys() == {"XD1", "XD2", "XD3", "XD4", "XD7"}
    for number, body in advised.items():
        told = {segment[0]: segment for segment in body}
        assert told["W06"][1] == "C" and told["W03"][1] == "0"
        assert all(segment[3] == "0" for segment in body if segment[0] == "W12")
        assert shipment(hub, number)["status"] == "cancelled"
    assert ["N9", "LI", str(line_no)] in advised["XD1"]
    line = next(r for r in hub.estate.truth()["order_lines"] if r["order_no"] == order_no)
    assert line["allocated_qty"] == units, "of the last one alone"


def test_a_shipment_is_cancelled_before_the_floor_takes_it_and_not_after(hub: Any) -> None:
    (first, lines), (second, others), (third, more), *_ = hub.cases
    hub.order(first, "XD1", lines)
    hub.order(second, "XD2", others)
    hub.order(second, "XD2", others, code="F")
    hub.send()
    hub.estate.advance()
    assert [shipment(hub, n)["status"] for n in ("XD1", "XD2")] == ["released", "cancelled"]
    hub.order(first, "XD1", lines, code="F")
    hub.order(third, "XD3", more)
    hub.order(third, "nobody", more, code="F")
    hub.send()
    hub.estate.advance()
    assert shipment(hub, "XD1")["status"] == "cancelled"
    is_open = hub.open_lines()
    assert is_open[first] == lines and is_open[second] == others
    hub.estate.advance(3)
    hub.order(third, "XD3", more, code="F")
    hub.send()
    hub.estate.advance()
    assert shipment(hub, "XD3")["status"] == "shipped"
    verdicts = [
        (r["shipment_no"], r["reason"])
        for r in hub.estate.truth()["requests"]
        if r["status"] == "rejected"
    ]
    assert sorted(verdicts) == [("XD3", "unknown_shipment"), ("nobody", "unknown_shipment")]


def test_the_network_reads_no_940_unless_it_is_led(make: Make, hub_of: Any) -> None:
    estate = make()
    with hub_of(estate) as hub:
        order_no, _, lines = next(hub.fitting(("ATL",)))
        hub.order(order_no, "XD1", lines)
        hub.send()
        estate.advance()
        assert shipment(hub, "XD1") is None and estate.truth()["requests"] == []


def test_garbage_is_noted_and_stops_nothing(hub: Any) -> None:
    (order_no, lines), *_ = hub.cases
    hub.order(order_no, "XD1", lines)
    good = hub.send()
    text = good.read_text()
    garbage = {
        "empty": b"", "noise": bytes(range(256)) * 20, "isa": text[:60].encode(),
        "words": b"ISA" + b"x" * 200, "after": text.replace("XD1", "XD2").encode() + b"\xff junk",
        "cut": text.replace("XD1", "XD3")[: text.index("W01") + 12].encode(),
        "other": text.replace("XD1", "XD4").replace("ST*940", "ST*850").encode(),
        "number": text.replace("*XD1~", "*X D\xe9~").encode(),
        "uom": text.replace("XD1", "XD5").replace("*EA*", "*CA*").encode(),
        "code": text.replace("XD1", "XD6").replace("W05*N", "W05*R").encode(),
        "where": text.replace("XD1", "XD7").replace("*92*ATL", "*92*RNO").encode(),
        "strange": text.replace("XD1", "XD8").replace("*VN*", "*VN*\xe9|").encode(),
    }  # fmt: skip
    for name, content in garbage.items():
        good.with_name(f"940_19000101_0000_XD{name}.edi").write_bytes(content)
    good.with_name("940_19000101_0000_XDfolder.edi").mkdir()
    good.with_name("940_19000101_0000_XDhalf.edi.tmp").write_bytes(b"ISA")
    hub.estate.advance()
    told = {r["shipment_no"]: r["reason"] for r in hub.estate.truth()["requests"]}
    assert shipment(hub, "XD2")["status"] == "released", "what stands before the junk is good"
    assert told["XD1"] == "line_not_open", "the junk's name came first"
    reasons = {"XD3": "incomplete", "XD4": "not_a_940", "XD5": "malformed", "XD6": "unknown_code"}
    assert told.items() >= {**reasons, "XD7": "not_own_node", "XD8": "wrong_sku"}.items()
    noted = [r["detail"] for r in hub.estate.truth()["requests"] if r["reason"] == "unreadable"]
    assert len(noted) == 5 and any("XDempty.edi: it is empty" in detail for detail in noted)
    hub.estate.advance()
    again = [r for r in hub.estate.truth()["requests"] if r["reason"] == "unreadable"]
    assert len(again) == 5, "each file is told of once"


def test_a_940_is_read_in_whichever_form_it_comes(estate: Estate, hub_of: Any) -> None:
    with hub_of(estate) as hub:
        (order_no, _, lines), (other_no, _, other) = list(hub.fitting(("ATL",)))[:2]
        hub.order(order_no, "XD1", lines)
        hub.order(other_no, "XD2", other, code="F")
        written = hub.written()
    for number in range(2 * 3 * 4 * 5 * 7):
        end = ("~", "~\n", "\n", "'\r\n", "\x1c")[number % 5]
        text = written + written if number % 2 else written
        text = text.replace("*", "|") if number % 3 else text
        content = ("\ufeff" * (number % 4 == 0) + text.replace("~", end)).encode()
        content = content.rstrip(end.encode()) if number % 7 == 0 else content
        found = list(read_orders("key", "name", content))
        assert [r.key for r in found] == [f"key-{place + 1}" for place in range(len(found))]
        assert len(found) == (4 if number % 2 else 2)
        assert {request.flaw for request in found} == {None}
        release, cancel, *_ = found
        assert (release.shipment_no, release.order_no, release.node) == ("XD1", order_no, "ATL")
        assert (release.carrier, release.service) == ("UPS", "Ground")
        assert [(n.line_no, n.sku, n.units) for n in release.lines] == lines
        assert (cancel.verb, cancel.shipment_no) == ("cancel_shipment", "XD2")


def test_the_estates_own_940s_are_read_as_they_were_meant(estate: Estate) -> None:
    truth = {r["shipment_no"]: r for r in estate.truth()["shipments"]}
    seen = set()
    for path in sorted(estate.drop_folder.glob("outbound/940_*.edi")):
        for request in read_orders("key", path.name, path.read_bytes()):
            assert request.flaw is None
            told = truth[request.shipment_no]
            assert (request.order_no, request.carrier) == (told["order_no"], told["carrier"])
            assert request.service == told["service"] and request.lines
            seen.add(request.shipment_no)
    assert seen == {number for number, told in truth.items() if told["node_code"] == "ATL"}
