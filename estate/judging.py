"""What the business refuses, both when a request comes in and when it is carried out."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from estate.freight import SERVICE, SERVICES
from estate.geography import NODE
from estate.request import WMS, AskedLine, Request

OWN_NUMBERS = "SH-"
"""What the numbers of the network's own shipments begin with."""
REPEATED = "duplicate_shipment"


class Refused(Exception):
    """A request that the business does not carry out: a code for machines, a text for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class OpenLine:
    """An order's line: its article, all names that the ERP has for it, and the open base units."""

    sku: str
    names: frozenset[str]
    units: int


class View(Protocol):
    """What must be known of the network to judge a request."""

    def lines(self, request: Request) -> Mapping[int, OpenLine] | None:
        """Lines of the request's order by number; None where there is no such order."""

    def free(self, node: str, sku: str) -> int:
        """Base units that the node holds by its own books and has promised to nobody."""

    def shipment(self, shipment_no: str) -> tuple[str, str] | None:
        """Node and status of a shipment, also of one that is only asked for."""


def check(request: Request, view: View) -> Request:
    """The request with each line's article by its own number. Raises Refused."""
    if request.flaw is not None:
        raise Refused(*request.flaw)
    return _check_release(request, view) if request.is_release else _check_cancel(request, view)


def _check_release(request: Request, view: View) -> Request:
    _check_node(request)
    _check_service(request)
    lines = view.lines(request)
    if lines is None:
        raise Refused("unknown_order", f"There is no order {request.order_no}.")
    asked = tuple(_check_line(line, lines.get(line.line_no)) for line in request.lines)
    wanted: dict[str, int] = defaultdict(int)
    for line in asked:
        wanted[line.sku] += line.units
    for sku, units in wanted.items():
        free = view.free(request.node, sku)
        if units > free:
            detail = f"{request.node} has {max(0, free)} of {sku} free, {units} are asked for."
            raise Refused("not_enough_stock", detail)
    return replace(request, lines=asked)


def _check_node(request: Request) -> None:
    node = NODE.get(request.node)
    if node is None:
        detail = f"There is no node {request.node}. There are: {', '.join(NODE)}."
        raise Refused("unknown_node", detail)
    if node.is_own != (request.channel == WMS):
        way = "is told by X12" if request.channel == WMS else "is told by the WMS"
        raise Refused("not_own_node", f"{node.code} {way}.")


def _check_service(request: Request) -> None:
    carriers = {service.carrier for service in SERVICES}
    if request.carrier not in carriers:
        valid = ", ".join(sorted(carriers))
        detail = f"There is no carrier {request.carrier}. There are: {valid}."
        raise Refused("unknown_carrier", detail)
    if (request.carrier, request.service) not in SERVICE:
        valid = ", ".join(s.name for s in SERVICES if s.carrier == request.carrier)
        detail = f"{request.carrier} has no service {request.service}. It has: {valid}."
        raise Refused("unknown_service", detail)


def _check_line(asked: AskedLine, line: OpenLine | None) -> AskedLine:
    name = f"Line {asked.line_no}"
    if line is None:
        raise Refused("unknown_line", f"{name} is not one of the order's.")
    if asked.sku not in line.names:
        raise Refused("wrong_sku", f"{name} is for {line.sku}, not for {asked.sku}.")
    if line.units <= 0:
        raise Refused("line_not_open", f"{name} has nothing open.")
    if asked.units > line.units:
        detail = f"{name} has {line.units} open, {asked.units} are asked for."
        raise Refused("quantity_above_open", detail)
    return replace(asked, sku=line.sku)


def _check_cancel(request: Request, view: View) -> Request:
    found = view.shipment(request.shipment_no)
    if found is None:
        raise Refused("unknown_shipment", f"There is no open shipment {request.shipment_no}.")
    node, status = found
    _check_node(replace(request, node=node))
    if status in _TOO_LATE:
        reason, detail = _TOO_LATE[status]
        raise Refused(reason, f"{request.shipment_no} {detail}.")
    return replace(request, node=node)


_TOO_LATE = {
    "picking": ("on_the_floor", "is being picked"),
    "shipped": ("already_shipped", "has left the house"),
    "cancelled": ("already_cancelled", "is cancelled already"),
}
