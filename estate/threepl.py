"""What the 3PL and we tell each other in a day: 940, 945, 944, 947, 856 and the evening's 846."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta

from estate.freight import SERVICE
from estate.geography import PLACE, THREEPL
from estate.gs1 import sscc18
from estate.parcels import Packed
from estate.request import Request
from estate.shipments import shipment_lines
from estate.store import Row
from estate.supply import Received, Supplied
from estate.world import World
from estate.x12 import Segment, clean, day_of, put_file

WAREHOUSE: Segment = ("N1", "WH", clean(THREEPL.name), "92", THREEPL.code)
QUALIFIERS = {"available": "33", "quality_control": "QH", "damaged": "20"}


def at_node(shipments: Iterable[Row]) -> list[Row]:
    """Those of the shipments that are the 3PL's."""
    return [shipment for shipment in shipments if shipment["node"] == THREEPL.code]


def send_orders(world: World, released: Sequence[Row], recalled: Sequence[Row]) -> None:
    """940 of the morning: what to ship; a second file takes back what we want no longer."""
    put_file(world, "940", [_order(world, s, "N") for s in at_node(released)], world.at(7, 30))
    put_file(world, "940", [_order(world, s, "F") for s in at_node(recalled)], world.at(9))


def _order(world: World, shipment: Row, code: str) -> list[Segment]:
    order = world.book.get("erp.sales_orders", shipment["order_no"])
    postal = order["ship_postal"] if order else "00000"
    place = PLACE[postal]
    party = order["partner_id"] if order else ""
    service = SERVICE[shipment["carrier"], shipment["service"]]
    segments: list[Segment] = [
        ("W05", code, shipment["order_no"]),
        WAREHOUSE,
        ("N1", "ST", clean(f"Customer {party}"), "92", party),
        ("N4", clean(place.city), place.state, place.postal, "US"),
        ("N9", "SI", shipment["shipment_no"]),
        ("G62", "10", day_of(world.at(0) + timedelta(days=1))),
        ("W66", "PP", "M", "", "", service.name, "", "", "", "", service.scac),
    ]
    units = 0
    for place_no, line in enumerate(shipment_lines(world, shipment["shipment_no"]), start=1):
        product = world.catalogue.by_sku[line["sku"]]
        segments += [
            ("LX", str(place_no)),
            ("W01", str(line["ordered"]), "EA", "", "VN", product.sku, "UK", product.each),
            ("G69", clean(product.name)[:45]),
            ("N9", "LI", str(line["line_no"])),
        ]
        units += line["ordered"]
    return [*segments, ("W76", str(units))]


def send_advice(world: World, ended: Sequence[Row]) -> None:
    """945 at 14:05 for what left before; at 20:00 for the rest, repeating a few of the first."""
    rng = world.rng("advice")
    noon, evening = world.at(14), world.at(20)
    early: list[list[Segment]] = []
    late: list[list[Segment]] = []
    for shipment in at_node(ended):
        shipped_at = shipment["shipped_at"]
        first = shipped_at is not None and shipped_at < noon
        lines = shipment_lines(world, shipment["shipment_no"])
        (early if first else late).append(_advice(world, shipment, lines, "F"))
        if first and rng.random() < 0.03:
            late.append(_advice(world, shipment, lines, "R"))
    put_file(world, "945", early, noon + timedelta(minutes=5))
    put_file(world, "945", late, evening)


def send_refusals(world: World, refused: Sequence[Request]) -> None:
    """945 at 08:00 for others' orders of which nothing will be shipped."""
    sets = []
    for request in refused:
        shipment = world.book.rows["net.shipments"][request.shipment_no,]
        lines = [
            {"line_no": line.line_no, "sku": _ascii(line.sku), "ordered": line.units, "shipped": 0}
            for line in request.lines
        ]
        sets.append(_advice(world, shipment, lines, "F"))
    put_file(world, "945", sets, world.at(8))


def _ascii(text: str) -> str:
    return clean(text).encode("ascii", "replace").decode()


def _advice(world: World, shipment: Row, lines: Sequence[Row], code: str) -> list[Segment]:
    service = SERVICE.get((shipment["carrier"], shipment["service"]))
    scac = service.scac if service else _ascii(shipment["carrier"])
    routing = service.name if service else _ascii(shipment["service"])
    packed: list[Packed] = world.packed.get(shipment["shipment_no"], [])
    at = shipment["shipped_at"]
    segments: list[Segment] = [
        (
            "W06", code if packed else "C", shipment["order_no"], day_of(at or world.at(0)),
            shipment["shipment_no"],
        ),
        WAREHOUSE,
    ]  # fmt: skip
    if at is not None:
        segments.append(("G62", "11", day_of(at), "8", f"{at:%H%M}"))
    segments.append(("W27", "M", scac, routing, "PP"))
    loops: list[list[Segment]] = []
    for parcel, line, lot, units, grams in packed:
        status = "CC" if line["shipped"] == line["ordered"] else "CP"
        loops.append([
            ("MAN", "GM", ("00" if parcel["seq"] % 3 else "") + parcel["sscc18"]),
            _shipped(world, line, status, units, lot, grams),
            ("N9", "2I", parcel["tracking_no"]),
            ("N9", "LI", str(line["line_no"])),
        ])  # fmt: skip
    for line in lines:
        if not line["shipped"]:
            status = "CP" if packed else "CL"
            short = _shipped(world, line, status, 0, "", 0)
            loops.append([short, ("N9", "LI", str(line["line_no"]))])
    for place, loop in enumerate(loops, start=1):
        segments += [("LX", str(place)), *loop]
    units = sum(line["shipped"] for line in lines)
    return [*segments, ("W03", str(units), f"{sum(p.weight_g for p in packed) / 1000:.3f}", "KG")]


def _shipped(world: World, line: Row, status: str, units: int, lot: str, grams: int) -> Segment:
    product = world.catalogue.by_sku.get(line["sku"])
    known = ("", "", "", "", "UK", product.each) if product else ()
    weight = (f"{grams / 1000:.3f}", "G", "K") if grams else ("", "", "")
    return (
        "W12", status, str(line["ordered"]), str(units), str(line["ordered"] - units), "EA", "",
        "VN", line["sku"], lot, *weight, *known,
    )  # fmt: skip


def send_receipts(world: World, receipts: Sequence[Received]) -> None:
    """944 of the afternoon, a set for each purchase order."""
    by_order: dict[str, list[Received]] = defaultdict(list)
    for receipt in receipts:
        by_order[receipt.po_no].append(receipt)
    sets = []
    for po_no, lines in by_order.items():
        number = f"WR{world.number('receipt'):06d}"
        body: list[Segment] = [
            ("W17", "F", day_of(world.at(16)), number, po_no),
            WAREHOUSE,
        ]
        for line in lines:
            product = world.catalogue.by_sku[line.sku]
            body.append((
                "W07", str(line.units), "EA", "", "VN", line.sku, "UK", product.each, line.lot_code,
            ))  # fmt: skip
            if line.damaged:
                body.append(("W13", str(line.damaged), "EA", "01"))
        sets.append([*body, ("W14", str(sum(line.units for line in lines)))])
    put_file(world, "944", sets, world.at(17, 30))


def send_notices(world: World, supplied: Supplied) -> None:
    """856 of the suppliers for what they send to the 3PL, a set for each purchase order."""
    by_order: dict[str, list[Row]] = defaultdict(list)
    for line in supplied.announced:
        by_order[line["po_no"]].append(line)
    at = world.at(18, 40)
    put_file(world, "856", [_notice(world, lines, at) for lines in by_order.values()], at)


def _notice(world: World, lines: Sequence[Row], at: datetime) -> list[Segment]:
    first = lines[0]
    segments: list[Segment] = [
        ("BSN", "00", f"ASN-{first['po_no']}", day_of(at), f"{at:%H%M}", "0001"),
        ("HL", "1", "", "S"),
        ("TD5", "B", "2", "RDWY"),
        ("REF", "CN", f"PRO{first['po_no'][3:]}"),
        ("DTM", "017", day_of(datetime.combine(first["arrives"], time()))),
        ("N1", "SF", f"SUPPLIER {first['supplier_id'][2:]}", "92", first["supplier_id"]),
        ("N1", "ST", clean(THREEPL.name), "92", THREEPL.code),
        ("HL", "2", "1", "O"),
        ("PRF", first["po_no"]),
    ]
    level = 2
    for line in lines:
        product = world.catalogue.by_sku[line["sku"]]
        # Suppliers number their pallets themselves: a range that no parcel of ours will reach.
        pallet = sscc18(900_000_000 + world.number("pallet"))
        segments += [
            ("HL", str(level + 1), "2", "P"),
            ("MAN", "GM", "00" + pallet),
            ("HL", str(level + 2), str(level + 1), "I"),
            ("LIN", "", "VN", product.sku, "UK", product.each),
            ("SN1", "", str(line["ordered"] * line["factor"]), "EA"),
        ]
        level += 2
    return [*segments, ("CTT", str(level))]


def send_adjustments(world: World) -> None:
    """947 of the evening, a set for each article that a count has corrected."""
    at = world.at(21, 30)
    sets = []
    for change in world.book.all(
        "net.changes",
        lambda c: (c["doc_type"], c["node"], c["date"]) == ("count", THREEPL.code, world.date),
    ):
        product = world.catalogue.by_sku[change["sku"]]
        body: list[Segment] = [
            ("W15", day_of(at), change["doc_no"]),
            WAREHOUSE,
            # AA: physical count (X12 element 54).
            ("W19", "AA", str(change["qty"]), "EA", "", "VN", product.sku, "UK", product.each),
        ]
        sets.append(body)
    put_file(world, "947", sets, at)


def send_stock(world: World) -> None:
    """846 of the evening: every article and lot, by disposition."""
    at = world.at(21, 50)
    body: list[Segment] = [
        ("BIA", "00", "SI", f"INV{day_of(at)}", day_of(at), f"{at:%H%M}"),
        WAREHOUSE,
    ]
    lots: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: {"available": 0})
    for row in world.book.all("net.stock", lambda row: row["node"] == THREEPL.code):
        quantities = lots[row["sku"], row["lot_code"]]
        quantities[row["disposition"]] = quantities.get(row["disposition"], 0) + row["qty"]
    for place, ((sku, lot), quantities) in enumerate(sorted(lots.items()), start=1):
        each = world.catalogue.by_sku[sku].each
        body.append(("LIN", str(place), "VN", sku, "UK", each, "LT", lot))
        body += [("QTY", QUALIFIERS[name], str(n), "EA") for name, n in sorted(quantities.items())]
    put_file(world, "846", [[*body, ("CTT", str(len(lots)))]], at)
