"""Carrying out what others have decided: the requests of a day, by the API and in files."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from estate import orders, shipments
from estate.freight import SERVICE
from estate.geography import NODE, THREEPL
from estate.judging import REPEATED, OpenLine, Refused, check
from estate.request import WMS, Request
from estate.world import World


def carry_out(world: World, requests: Sequence[Request]) -> list[Request]:
    """Cancel and release as asked; gives the 3PL's releases that came to nothing, to be answered.

    `requests` come in the order in which they came. All cancels go before all releases, which go
    by their orders' priority, promise and number; what can no longer be done then is refused.
    """
    view = _BookView(world)
    for request in requests:
        if request.is_release and request.flaw is None:
            view.announced.setdefault(request.shipment_no, (request.node, "released"))
        elif not request.is_release:
            _cancel(world, view, request)
    rng = world.rng("requests")
    refused = []
    # Sorting keeps requests for one order as they came.
    for request in sorted(requests, key=lambda request: _turn(world, request)):
        if not request.is_release:
            continue
        minute = rng.uniform(0, 55)
        if request.flaw is None and view.announced[request.shipment_no][1] == "cancelled":
            _note(world, request, "cancelled", ("withdrawn", "It was cancelled the same day."))
            _hold(world, request)
            continue
        try:
            _release(world, check(request, view), minute)
        except Refused as problem:
            _refuse(world, request, problem)
            if problem.reason != REPEATED and _hold(world, request):
                refused.append(request)
    return refused


class _BookView:
    """The network in memory, as `estate.judging.View`; `announced` is what today asks for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.announced: dict[str, tuple[str, str]] = {}

    def lines(self, request: Request) -> Mapping[int, OpenLine] | None:
        number = request.order_no
        if self._world.book.get("erp.sales_orders", number) is None:
            if not is_known(self._world, number):
                return None
            # An order that has reached its end is no longer in memory: nothing of it is open.
            return {a.line_no: OpenLine(a.sku, frozenset({a.sku}), 0) for a in request.lines}
        found = {}
        for line in orders.lines_of(self._world, number):
            told = self._world.book.get("erp.sales_order_lines", number, line["line_no"])
            names = frozenset({line["sku"], told["sku"] if told else line["sku"]})
            found[line["line_no"]] = OpenLine(line["sku"], names, orders.open_units(line))
        return found

    def free(self, node: str, sku: str) -> int:
        world = self._world
        phantoms = sum(
            units for (at, _, what, _), units in world.phantoms.items() if (at, what) == (node, sku)
        )
        return world.available(node, sku) + phantoms - world.allocated[node, sku]

    def shipment(self, shipment_no: str) -> tuple[str, str] | None:
        found = self._world.book.get("net.shipments", shipment_no)
        if found is not None:
            return found["node"], found["status"]
        return self.announced.get(shipment_no)


def is_known(world: World, order_no: str) -> bool:
    """Whether the network has ever had an order of this number."""
    digits = order_no.removeprefix("SO-")
    return digits.isascii() and digits.isdigit() and (
        order_no == f"SO-{int(digits):07d}" and 1 <= int(digits) <= world.counters["order"]
    )  # fmt: skip


def _turn(world: World, request: Request) -> tuple[object, ...]:
    order = world.book.get("erp.sales_orders", request.order_no)
    known = (order["priority"], order["promised_by"]) if order else (99, world.close)
    return (*known, request.order_no)


def _cancel(world: World, view: _BookView, request: Request) -> None:
    at = world.at(6, 55)
    try:
        check(request, view)
    except Refused as problem:
        _refuse(world, request, problem)
        return
    shipment = world.book.get("net.shipments", request.shipment_no)
    if shipment is None:
        node, _ = view.announced[request.shipment_no]
        view.announced[request.shipment_no] = (node, "cancelled")
    else:
        shipments.end(world, shipment, at, "cancelled")
    _note(world, request, "cancelled")


def _release(world: World, request: Request, minute: float) -> None:
    lines = {line["line_no"]: line for line in orders.lines_of(world, request.order_no)}
    share = [(lines[asked.line_no], asked.units) for asked in request.lines]
    service = SERVICE[request.carrier, request.service]
    node = NODE[request.node]
    number = request.shipment_no
    shipments.release(world, number, request.order_no, node, service, share, minute)
    _note_origin(world, request)
    _note(world, request, "released")


def _refuse(world: World, request: Request, problem: Refused) -> None:
    status = "repeated" if problem.reason == REPEATED else "rejected"
    _note(world, request, status, (problem.reason, problem.detail))


def _hold(world: World, request: Request) -> bool:
    """Keep a shipment of the 3PL that came to nothing: its 940 is out, so that it is known of.

    False where there is none to keep: the WMS never gets what it refuses, and of an order that is
    not ours, or a shipment without a number or lines, nothing can be said.
    """
    is_sayable = bool(request.shipment_no and request.lines)
    if request.channel == WMS or not is_sayable or not is_known(world, request.order_no):
        return False
    world.book.add(
        "net.shipments", shipment_no=request.shipment_no, order_no=request.order_no,
        node=THREEPL.code, carrier=request.carrier, service=request.service, status="cancelled",
        released_at=world.at(7, 30), shipped_at=None,
    )  # fmt: skip
    _note_origin(world, request)
    return True


def _note_origin(world: World, request: Request) -> None:
    sent_at = request.sent_at
    order = world.book.get("erp.sales_orders", request.order_no)
    since = order["placed_at"] if order else world.at(7, 30) - timedelta(days=1)
    if sent_at is not None and not since <= sent_at <= world.at(7, 30):
        sent_at = None
    shipments.note_origin(world, request.shipment_no, "hub", request.channel, request.key, sent_at)


def _note(world: World, request: Request, status: str, why: tuple[str, str] | None = None) -> None:
    reason, detail = why or (None, None)
    world.book.add(
        "net.requests", channel=request.channel, key=request.key, verb=request.verb,
        order_no=request.order_no, shipment_no=request.shipment_no, node=request.node,
        status=status, reason=reason, detail=detail,
        settled_at=world.at(7) if request.is_release else world.at(6, 55),
    )  # fmt: skip
