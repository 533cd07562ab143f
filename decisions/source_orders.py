"""Source every open order: which nodes ship what, by which carrier service, and why."""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime

import pyarrow as pa

from decisions.frame import Decision, Job, Outcome
from decisions.sourcing.answer import answer, refuse
from decisions.sourcing.candidates import Field, Values, survey
from decisions.sourcing.freight import Tariff
from decisions.sourcing.greedy import greedy
from decisions.sourcing.plan import Demand, Plan
from decisions.sourcing.policy import SourcingPolicy
from decisions.sourcing.pricer import Pricer
from decisions.sourcing.problem import READS, Node, Stock, nodes, orders, stock
from decisions.sourcing.search import search
from decisions.sourcing.stock_value import StockValueError, Want, stock_values
from decisions.sourcing.units import UNIT

_log = logging.getLogger(__name__)


def decide(
    tables: Mapping[str, pa.Table], policy: SourcingPolicy, now: datetime, seed: int
) -> Outcome:
    """One decision an order with something open."""
    return Outcome(tuple(in_turn(tables, policy, now, seed)))


def in_turn(
    tables: Mapping[str, pa.Table], policy: SourcingPolicy, now: datetime, seed: int
) -> Iterator[Decision]:
    """The decisions as they are made: each takes its stock before the next is made."""
    tariff = Tariff(
        tables["carrier_rate"],
        tables["carrier_service"],
        today=now.date(),
        currency=policy.currency,
        stopped=policy.stopped,
    )
    places = nodes(tables["node"], policy.stopped)
    atp = stock(tables["inventory_atp"])
    left = dict(atp)
    known, unknown = orders(tables)
    pricers = [Pricer(order, Demand.of(order), tariff, policy, now) for order in known]
    values, notes = _values(pricers, places, left, policy, seed)
    for uid in unknown:
        yield refuse(uid, uid, ("order_missing",))
    for pricer in pricers:
        yield _decide_order(pricer, places, atp, left, values, policy, notes)


def _decide_order(
    pricer: Pricer,
    places: list[Node],
    atp: Stock,
    left: Stock,
    values: Values,
    policy: SourcingPolicy,
    notes: tuple[str, ...],
) -> Decision:
    order = pricer.order
    if order.problems:
        return refuse(order.uid, order.no, order.problems)
    field = survey(places, left, values, pricer, policy)
    if not field.has_rate and any(node.is_open for node in places):
        return refuse(order.uid, order.no, ("no_rates",), field.eliminated)
    plans, fallback = _plans(field, pricer, policy)
    if plans:
        _consume(left, pricer.demand, plans[0])
    return answer(pricer, field, plans, policy, atp, (*fallback, *notes))


def _plans(
    field: Field, pricer: Pricer, policy: SourcingPolicy
) -> tuple[list[Plan], tuple[str, ...]]:
    """Plans, best first; the greedy one alone, and a reason code, where the search gives up."""
    try:
        return search(field.ranked, pricer, policy), ()
    except Exception as error:  # an order must get its plain plan whatever the search ran into
        _log.warning("order %s: search gave up (%s), greedy plan", pricer.order.no, error)
    plan = greedy(field.ranked, pricer, policy.max_nodes)
    return ([plan] if plan else []), ("fallback_greedy",)


def _consume(left: Stock, demand: Demand, plan: Plan) -> None:
    for shipment in plan.shipments:
        for product, qty in zip(demand.products, shipment.qty, strict=True):
            if qty:
                left[shipment.node.uid, product] -= qty


def _values(
    pricers: list[Pricer], places: list[Node], left: Stock, policy: SourcingPolicy, seed: int
) -> tuple[Values, tuple[str, ...]]:
    """Stock values over the whole backlog, and a reason code where they could not be had."""
    if not policy.use_stock_value:
        return {}, ()
    wants = []
    for pricer in pricers:
        order, demand = pricer.order, pricer.demand
        if order.problems:
            continue
        costs: dict[str, int] = {}
        nothing = (0,) * len(demand.need)
        for node in places:
            whole = pricer.whole(pricer.candidate(node, nothing, nothing))
            if whole is not None and node.is_open:
                costs[node.uid] = whole * UNIT // order.units
        wants += [
            Want(product, need, costs)
            for product, need in zip(demand.products, demand.need, strict=True)
        ]
    try:
        return stock_values(wants, left, seed), ()
    except StockValueError as error:
        _log.warning("no stock values: %s", error)
        return {}, ("fallback_no_stock_value",)


JOB = Job(
    name="source_orders",
    description="Nodes and carrier services for every open order, at the least cost.",
    reads=READS,
    policy=SourcingPolicy,
    decide=decide,
    reference=frozenset({"product", "carrier_service", "carrier_rate"}),
)
