"""From plans to a decision: who may act, what each option cost, and why it lost."""

from collections.abc import Sequence
from dataclasses import replace

from decisions.frame import Autonomy, Decision, Option
from decisions.sourcing.candidates import Field, no_stock
from decisions.sourcing.dispatch import actions, backorder, shipments_plan
from decisions.sourcing.plan import Plan
from decisions.sourcing.policy import SourcingPolicy
from decisions.sourcing.pricer import Pricer
from decisions.sourcing.problem import Node, Stock
from decisions.sourcing.search import lower_bound
from decisions.sourcing.units import money, plain, ticks


def refuse(
    uid: str, label: str, reasons: Sequence[str], eliminated: Sequence[tuple[Node, str]] = ()
) -> Decision:
    """A decision not to decide: something that it needs is not known."""
    return Decision(
        subject_type="sales_order",
        subject_uid=uid,
        subject_label=label,
        options=_eliminated(eliminated),
        objective=None,
        lower_bound=None,
        autonomy="refuse",
        reason_codes=tuple(reasons),
        summary=f"Not sourced: {_WORDS[reasons[0]]}.",
    )


_WORDS = {
    "order_missing": "its lines are open but the order is not in the release",
    "identity_unresolved": "a line names a product that nobody knows",
    "weight_unknown": "a product has no weight, so no freight can be told",
    "no_rates": "no carrier has a rate from any open node",
}


def answer(
    pricer: Pricer, field: Field, plans: Sequence[Plan], policy: SourcingPolicy,
    atp: Stock, notes: tuple[str, ...],
) -> Decision:  # fmt: skip
    """The decision for the best of `plans`; with none, all of the order stays open.

    `atp` is what the release has, whatever earlier decisions of the run have taken of it.
    """
    order = pricer.order
    best = plans[0] if plans else pricer.of(())
    bound = lower_bound(field.reachable, pricer, best) if best.shipments else 0
    autonomy, reasons = _autonomy(best, bound, order.total, policy)
    priced = [best, *_runners_up(pricer, plans, policy.max_options - 1)]
    options = [_option(pricer, plan, best) for plan in priced]
    return Decision(
        subject_type="sales_order",
        subject_uid=order.uid,
        subject_label=order.no,
        options=(*options, *_eliminated(field.eliminated)),
        objective=money(best.cost),
        lower_bound=money(bound),
        autonomy=autonomy,
        reason_codes=(*reasons, *notes),
        summary=_summary(best),
        actions=actions(pricer, best, atp),
    )


def _autonomy(
    plan: Plan, bound: int, total: int, policy: SourcingPolicy
) -> tuple[Autonomy, tuple[str, ...]]:
    hold = []
    if plan.cost > bound * policy.hold_above_cost_ratio:
        hold.append("cost_above_bound")
    if len(plan.shipments) > policy.hold_above_shipments:
        hold.append("too_many_shipments")
    if plan.late_days > policy.hold_above_late_days:
        hold.append("promise_cannot_be_met")
    if plan.shipments and total > ticks(policy.hold_above_total):
        hold.append("order_value")
    tell = []
    if any(plan.short):
        tell.append("no_stock")
    if 0 < plan.late_days <= policy.hold_above_late_days:
        tell.append("promise_missed")
    autonomy: Autonomy = "hold" if hold else "notify" if tell else "auto"
    shape = ("one_node", "split")[len(plan.shipments) > 1] if plan.shipments else None
    return autonomy, (*hold, *tell, *([shape] if shape else []))


def _runners_up(pricer: Pricer, plans: Sequence[Plan], limit: int) -> list[Plan]:
    """At most `limit` plans that lost: half from other nodes, the rest by other services."""
    elsewhere = list(plans[1 : 2 + limit // 2])[:limit]
    services = _other_services(pricer, plans[0]) if plans else []
    services = sorted(services, key=lambda plan: plan.rank)[: limit - len(elsewhere)]
    return sorted([*elsewhere, *services], key=lambda plan: plan.rank)


def _other_services(pricer: Pricer, best: Plan) -> list[Plan]:
    """The chosen shipments with another service for one of them."""
    return [
        replace(best, shipments=(*best.shipments[:place], other, *best.shipments[place + 1 :]))
        for place, shipment in enumerate(best.shipments)
        for quote in pricer.quotes(shipment.node, shipment.weight_ug)
        if quote.offer != shipment.offer
        for other in [pricer.shipment(shipment.candidate, shipment.qty, quote)]
    ]


def _option(pricer: Pricer, plan: Plan, best: Plan) -> Option:
    return Option(
        label=_label(plan),
        plan={"shipments": shipments_plan(pricer, plan), "backorder": backorder(pricer, plan)},
        cost=money(plan.cost),
        cost_parts=plan.parts(),
        eliminated_reason=None if plan is best else _why_lost(pricer, plan, best),
    )


def _why_lost(pricer: Pricer, plan: Plan, best: Plan) -> str:
    if sum(plan.short) > sum(best.short):
        demand = pricer.demand
        sent = [need - short for need, short in zip(demand.need, plan.short, strict=True)]
        return no_stock(pricer.order, demand.products, sent)
    dearer = plan.cost - best.cost
    if dearer == 0:
        return "costs the same, but comes later, in more shipments or after it by name"
    lateness = sum(s.lateness for s in plan.shipments)
    if dearer < lateness:
        return f"late by {plan.late_days} d, which makes it dearer by {money(dearer):.2f}"
    return f"dearer by {money(dearer):.2f}"


def _eliminated(nodes: Sequence[tuple[Node, str]]) -> tuple[Option, ...]:
    return tuple(
        Option(label=node.code, plan={}, eliminated_reason=reason)
        for node, reason in sorted(nodes, key=lambda item: item[0].code)
    )


def _label(plan: Plan) -> str:
    parts = [f"{s.node.code} by {s.offer.carrier} {s.offer.service}" for s in plan.shipments]
    return " + ".join(parts) or "nothing shipped"


def _summary(plan: Plan) -> str:
    units = [f"{plain(sum(s.qty))} from {s.node.code}" for s in plan.shipments]
    text = f"{_label(plan)}: {', '.join(units)}" if units else "Nothing can be shipped"
    short = sum(plan.short)
    return f"{text}; {plain(short)} on backorder." if short else f"{text}."
