"""The search against an independent brute force, and what must hold for any input."""

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import decisions

ZONES = ("US-3", "US-4", "US-8", "US-9")
SERVICES = ("UPS Ground", "USPS Priority", "FedEx FEDEX_GROUND")
MakeWorld = Callable[[], Any]


def _random_world(empty_world: MakeWorld, seed: int, orders: int, *, breaks: bool = False) -> Any:
    rng = random.Random(seed)  # noqa: S311  not for secrets
    world = empty_world()
    for zone in ZONES:
        world.node(f"N{zone[-1]}", zone, type=rng.choice(["fc", "3pl"]))
    for name in SERVICES:
        world.service(name)
        transit = rng.randint(1, 5)
        for zone in ZONES:
            base, per_kg = rng.randint(300, 900), rng.randint(20, 250)
            for break_g in (0, 2000) if breaks else (0,):
                world.rate(
                    name,
                    zone,
                    "US-1",
                    f"{base / 100}",
                    f"{per_kg / 100}",
                    transit_days=transit,
                    break_g=break_g,
                )
                base, per_kg = base + rng.randint(0, 200), per_kg * 2 // 3
    for sku in ("AA-1", "AA-2", "AA-3"):
        world.product(sku, rng.choice([200, 900, 3000]))
        for zone in ZONES:
            world.stock(f"N{zone[-1]}", sku, rng.randint(0, 3))
    for n in range(orders):
        lines = [
            (sku, rng.randint(1, 3)) for sku in rng.sample(["AA-1", "AA-2"], rng.randint(1, 2))
        ]
        promised = world.now + timedelta(days=rng.randint(1, 6))
        world.order(f"SO-{n:03}", "US-1", *lines, promised_by=promised)
    return world


def _brute_force(world: Any) -> tuple[int, Decimal]:
    """Units short and cost of the best plan of the only order: every integer split there is.

    Written from the rules in the policy's words, in decimals, sharing no code with the search.
    """
    order = world.rows["sales_order"][0]
    lines = world.rows["sales_order_line"]
    gram = {row["product_uid"]: row["gross_g"] for row in world.rows["product"]}
    stock = {(r["node_uid"], r["product_uid"]): int(r["atp"]) for r in world.rows["inventory_atp"]}
    nodes = world.rows["node"]
    splits = [
        [
            split
            for split in product(
                *(range(stock[node["node_uid"], line["product_uid"]] + 1) for node in nodes)
            )
            if sum(split) <= line["open_qty"]
        ]
        for line in lines
    ]
    wanted = sum(int(line["open_qty"]) for line in lines)
    best = (wanted, Decimal(0))
    for plan in product(*splits):
        used = [i for i in range(len(nodes)) if any(split[i] for split in plan)]
        short = wanted - sum(map(sum, plan))
        if len(used) > 3 or short > best[0]:
            continue
        cost = Decimal(3) * max(0, len(used) - 1)
        for i in used:
            units = sum(split[i] for split in plan)
            grams = sum(
                gram[line["product_uid"]] * split[i]
                for line, split in zip(lines, plan, strict=True)
            )
            each = Decimal("0.45") if nodes[i]["type"] == "3pl" else Decimal("0.30")
            cost += Decimal("1.50") + each * units
            cost += min(_service_costs(world, nodes[i]["zone"], grams, order["promised_by"]))
        best = min(best, (short, cost))
    return best


def _service_costs(world: Any, zone: str, grams: int, promised: Any) -> Iterator[Decimal]:
    for name in SERVICES:
        rates = [
            r
            for r in world.rows["carrier_rate"]
            if (r["service_uid"], r["orig_zone"]) == (f"svc_{name}", zone) and r["break_g"] <= grams
        ]
        rate = max(rates, key=lambda r: r["break_g"])
        late = (world.now + timedelta(days=1 + rate["transit_days"]) - promised).days
        yield rate["base"] + rate["per_kg"] * grams / 1000 + 4 * max(0, late)


def _best(world: Any) -> tuple[int, Decimal]:
    result = world.run(use_stock_value=False)
    option = next(o for o in result.decision_option.to_pylist() if o["is_chosen"])
    short = sum(int(line["qty"]) for line in json.loads(option["plan"])["backorder"])
    return short, option["cost"]


@pytest.mark.parametrize("seed", range(60))
def test_the_plan_is_the_best_of_all_splits(empty_world: MakeWorld, seed: int) -> None:
    world = _random_world(empty_world, seed, orders=1)
    assert _best(world) == _brute_force(world)


def test_weight_breaks_cost_the_search_little(empty_world: MakeWorld) -> None:
    worlds = [_random_world(empty_world, seed, orders=1, breaks=True) for seed in range(60)]
    ours, exact = [_best(world) for world in worlds], [_brute_force(world) for world in worlds]
    assert [short for short, _ in ours] == [short for short, _ in exact]
    assert all(cost >= least for (_, cost), (_, least) in zip(ours, exact, strict=True))
    total, least = sum(cost for _, cost in ours), sum(cost for _, cost in exact)
    assert total <= least * Decimal("1.005")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), budget=st.sampled_from([0, 3, 20_000]))
def test_nothing_is_oversold_or_forgotten(empty_world: MakeWorld, seed: int, budget: int) -> None:
    world = _random_world(empty_world, seed, orders=8, breaks=True)
    result = world.run(max_plans=budget)
    stock = {
        (r["node_uid"], r["product_uid"]): Decimal(r["atp"]) for r in world.rows["inventory_atp"]
    }
    settled: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    decided = {d["decision_uid"]: d["subject_uid"] for d in result.decision.to_pylist()}
    for option in result.decision_option.to_pylist():
        if not option["is_chosen"]:
            continue
        plan, order_uid = json.loads(option["plan"]), decided[option["decision_uid"]]
        for shipment in plan["shipments"]:
            for line in shipment["lines"]:
                stock[shipment["node_uid"], f"prd_{line['sku']}"] -= Decimal(line["qty"])
                settled[order_uid, line["line_no"]] += Decimal(line["qty"])
        for line in plan["backorder"]:
            settled[order_uid, line["line_no"]] += Decimal(line["qty"])
    assert min(stock.values()) >= 0
    assert settled == {
        (r["order_uid"], r["line_no"]): r["open_qty"] for r in world.rows["sales_order_line"]
    }


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6))
def test_the_order_of_rows_does_not_change_a_byte(empty_world: MakeWorld, seed: int) -> None:
    world = _random_world(empty_world, seed, orders=8, breaks=True)
    before = decisions.to_bytes(world.run())
    rng = random.Random(seed)  # noqa: S311  not for secrets
    for rows in world.rows.values():
        rng.shuffle(rows)
    assert decisions.to_bytes(world.run()) == before


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6))
def test_no_plan_undercuts_its_lower_bound_and_no_search_fails(
    empty_world: MakeWorld, seed: int
) -> None:
    for decision in _random_world(empty_world, seed, 8, breaks=True).run().decision.to_pylist():
        assert decision["objective"] >= decision["lower_bound"]
        assert not {"fallback_greedy", "fallback_no_stock_value"} & set(decision["reason_codes"])


def test_the_greedy_plan_is_never_cheaper_than_the_search(empty_world: MakeWorld) -> None:
    for seed in range(30):
        world = _random_world(empty_world, seed, orders=1, breaks=True)
        plain = world.run(max_plans=0, use_stock_value=False)
        option = next(o for o in plain.decision_option.to_pylist() if o["is_chosen"])
        short = sum(int(line["qty"]) for line in json.loads(option["plan"])["backorder"])
        assert (short, option["cost"]) >= _best(world)
