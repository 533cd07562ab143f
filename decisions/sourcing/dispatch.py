"""A plan in the words of those who carry it out: shipments by line, and what stays open."""

from collections.abc import Iterator
from typing import Any

from decisions.frame import Action, Claim
from decisions.record import fingerprint
from decisions.sourcing.plan import Plan, Shipment
from decisions.sourcing.pricer import Pricer
from decisions.sourcing.problem import Line, Stock
from decisions.sourcing.units import base_units, plain


def shipments_plan(pricer: Pricer, plan: Plan) -> list[dict[str, Any]]:
    """The shipments as plain values: node, service, arrival, lines with quantities as text."""
    return [
        {
            "node_uid": shipment.node.uid,
            "node_code": shipment.node.code,
            "service_uid": shipment.offer.service_uid,
            "carrier": shipment.offer.carrier,
            "service": shipment.offer.service,
            "weight_g": plain(shipment.weight_ug),
            "arrives_at": shipment.arrives_at,
            "late_days": shipment.late_days,
            "lines": [_line(line, qty) for line, qty in lines],
        }
        for shipment, lines in zip(plan.shipments, _by_line(pricer, plan)[0], strict=True)
    ]


def backorder(pricer: Pricer, plan: Plan) -> list[dict[str, Any]]:
    """The lines that no stock is left for."""
    return [_line(line, qty) for line, qty in _by_line(pricer, plan)[1]]


def actions(pricer: Pricer, plan: Plan, atp: Stock) -> tuple[Action, ...]:
    """One release a shipment, to the 3PL's or the own warehouse system.

    The basis is the demand that it answers: order, node, how often the node was done with it
    before, and of each line what had been shipped before and what shall be now. Deciding again on
    unchanged demand gives the same key, and the same shipment number. `atp` is what the release
    has of each product at each node: with the open units of the lines it limits what all that is
    sent may claim.
    """
    order = pricer.order
    found = []
    for shipment, lines in zip(plan.shipments, _by_line(pricer, plan)[0], strict=True):
        node = shipment.node
        asked = " ".join(f"{line.line_no}:{line.shipped}+{qty}" for line, qty in lines)
        basis = f"{order.uid} {node.uid} {order.ended.get(node.uid, 0)} {asked}"
        found.append(
            Action(
                target_system="threepl" if node.type == "3pl" else "wms",
                verb="release_shipment",
                payload={
                    "shipment_no": f"XD{fingerprint('shipment', basis)[:12].upper()}",
                    "order_uid": order.uid,
                    "order_no": order.no,
                    "node_code": node.code,
                    "carrier": shipment.offer.carrier,
                    "service": shipment.offer.service,
                    "ship_to_zone": order.zone,
                    "lines": [_line(line, qty) for line, qty in lines],
                },
                basis=basis,
                scopes=(f"node:{node.code}", f"carrier:{shipment.offer.carrier}"),
                claims=tuple(_claims(order.uid, shipment, lines, atp)),
            )
        )
    return tuple(found)


def _claims(
    order_uid: str, shipment: Shipment, lines: list[tuple[Line, int]], atp: Stock
) -> Iterator[Claim]:
    """What the node gives of each product, and what is answered of each line's open units."""
    node = shipment.node.uid
    products: dict[str, int] = {}
    for line, qty in lines:
        products[line.product_uid] = products.get(line.product_uid, 0) + qty
        resource = f"demand/{order_uid}/{line.line_no}"
        yield Claim(resource, base_units(qty), base_units(line.qty))
    for product, qty in products.items():
        has = atp[node, product]
        yield Claim(f"stock/{node}/{product}", base_units(qty), base_units(has))


def _line(line: Line, qty: int) -> dict[str, Any]:
    return {"line_no": line.line_no, "sku": line.sku, "qty": plain(qty)}


def _by_line(
    pricer: Pricer, plan: Plan
) -> tuple[list[list[tuple[Line, int]]], list[tuple[Line, int]]]:
    """Quantities of products back on the order's lines, earlier lines first; and the rest."""
    rest = {line.line_no: line.qty for line in pricer.order.lines}

    def take(product: str, qty: int) -> list[tuple[Line, int]]:
        taken = []
        for line in pricer.order.lines:
            if line.product_uid == product and (part := min(qty, rest[line.line_no])):
                taken.append((line, part))
                rest[line.line_no] -= part
                qty -= part
        return taken

    products = pricer.demand.products
    sent = [
        [
            pair
            for product, qty in zip(products, shipment.qty, strict=True)
            for pair in take(product, qty)
        ]
        for shipment in plan.shipments
    ]
    return sent, [(line, rest[line.line_no]) for line in pricer.order.lines if rest[line.line_no]]
