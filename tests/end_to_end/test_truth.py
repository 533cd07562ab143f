"""The canonical tables equal the simulated network's own truth, exactly, day after day."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from orchestration import build, sources
from orchestration.singer import pull
from warehouse import extensions
from warehouse.lake import Lake

ROOT = Path(__file__).parents[2]

# truth table -> the canonical answer to the same question, in the truth's natural keys
QUESTIONS = {
    "orders": (
        """select order_no, channel, placed_at, promised_by, priority, currency, total, status,
                  ship_to_country as ship_country, ship_to_postal as ship_postal
           from lake.canonical.sales_order where not is_deleted"""
    ),
    "order_lines": (
        """select order_no, line_no, sku, ordered_qty, cancelled_qty, allocated_qty, shipped_qty,
                  open_qty, unit_price, l.status
           from lake.canonical.sales_order_line l
           join lake.canonical.sales_order using (order_uid)
           join lake.canonical.product using (product_uid)"""
    ),
    "shipments": (
        """select shipment_no, order_no, node_code, carrier, service, s.status, released_at,
                  shipped_at, cost
           from lake.canonical.shipment s
           join lake.canonical.sales_order using (order_uid)
           join lake.canonical.node using (node_uid)"""
    ),
    "packages": (
        """select sscc18, shipment_no, p.carrier, tracking_no, weight_g, p.status, status_at,
                  delivered_at
           from lake.canonical.package p join lake.canonical.shipment using (shipment_uid)"""
    ),
    "package_items": (
        """select sscc18, order_line_no, sku, qty
           from lake.canonical.package_item
           join lake.canonical.package using (package_uid)
           join lake.canonical.product using (product_uid)"""
    ),
    "stock": (
        """select node_code, sku, lot_code, disposition, qty
           from lake.canonical.inventory
           join lake.canonical.node using (node_uid)
           join lake.canonical.product using (product_uid)
           where qty <> 0"""
    ),
    "atp": (
        """select node_code, sku, on_hand, unavailable, allocated, safety, inbound_7d, atp
           from lake.canonical.inventory_atp
           join lake.canonical.node using (node_uid)
           join lake.canonical.product using (product_uid)"""
    ),
}


def differences(hub: Any) -> dict[str, tuple[int, int, list[tuple[Any, ...]]]]:
    """Return, a table: rows only in the truth, rows only in the hub, and the first of both."""
    truth = hub.estate.truth()
    found = {}
    for table, question in QUESTIONS.items():
        columns = question.split("from")[0].replace("select", "")
        names = [part.split(" as ")[-1].split(".")[-1].strip() for part in columns.split(",")]
        expected = {tuple(row[name] for name in names) for row in truth[table]}
        rows = hub.rows(question)
        actual = set(rows)
        assert len(actual) == len(rows), f"{table}: the hub has the same row twice"
        assert expected, f"the truth has no {table}: nothing is compared"
        if expected != actual:
            lost, added = sorted(expected - actual, key=str), sorted(actual - expected, key=str)
            found[table] = (len(lost), len(added), [*lost[:3], *added[:3]])
    return found


@pytest.mark.slow
def test_orders_shipments_packages_and_stock_equal_the_truth_and_a_second_pull_changes_nothing(
    hub_on: Callable[..., Any],
) -> None:
    with hub_on(seed=11, orders=150, days=4, products=60) as hub:
        hub.do("pull")
        hub.estate.advance()
        hub.do("pull")
        hub.do("pull", "wms", "threepl")
        hub.do("unify")
        assert differences(hub) == {}


def refresh(hub: Any, patch: pytest.MonkeyPatch) -> None:
    """Pull all sources and build, as the jobs do, without loading Dagster for each of the days."""
    for name, value in hub.environment.items():
        patch.setenv(name, value)
    lake = Lake(hub.home).create()
    listed = sources.read(ROOT / "sources.yaml")
    with ThreadPoolExecutor(len(listed)) as pool:
        loads = [
            pool.submit(pull, lake, source, f"{hub.estate.day:03d}-{source.name}", lambda _: None)
            for source in listed
        ]
    assert [load.result() for load in loads] == [None] * len(listed)
    with build.recorded(lake, timeout_s=60):
        built = subprocess.run(
            [Path(sys.executable).parent / "dbt", "run", "--profiles-dir", "."],
            cwd=ROOT / "transforms",
            env=hub.environment
            | {
                "CROSSDOCK_EXTENSIONS": str(extensions.directory()),
                "DBT_TARGET_PATH": str(hub.home / "dbt"),
                "DBT_LOG_PATH": str(hub.home / "dbt" / "logs"),
            },
            capture_output=True,
            text=True,
        )
        assert built.returncode == 0, built.stdout[-3000:]


def long(*values: int) -> Any:
    """Leave a case to `make test-long`."""
    return pytest.param(*values, marks=pytest.mark.long)


@pytest.mark.slow
@pytest.mark.timeout(1800)  # up to six pulls and builds
@pytest.mark.parametrize(
    ("orders", "days", "products", "more_days"),
    [(60, 3, 40, 2), (4000, 10, 500, 1), long(800, 8, 200, 5), long(4000, 10, 500, 5)],
)
def test_the_truth_holds_at_each_size_and_after_each_day(
    hub_on: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    orders: int,
    days: int,
    products: int,
    more_days: int,
) -> None:
    with hub_on(seed=orders, orders=orders, days=days, products=products) as hub:
        refresh(hub, monkeypatch)
        assert differences(hub) == {}
        for _ in range(more_days):
            hub.estate.advance()
            refresh(hub, monkeypatch)
            assert differences(hub) == {}, f"day {hub.estate.day}"
