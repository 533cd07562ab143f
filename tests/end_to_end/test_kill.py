"""A kill at any stage of a run, then a re-run, gives the same tables as no kill."""

import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

# When the hub saw it: differs by nature.
VOLATILE = {"loaded_at", "received_at", "lateness_s", "since"}
COMPARED = {"sales_order", "shipment", "package_item", "tracking_event", "inventory"}


def content(hub: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Return every canonical table's rows, sorted, without the columns that tell the wall clock."""
    tables = [
        row[0]
        for row in hub.rows(
            "select table_name from duckdb_tables() "
            "where database_name = 'lake' and schema_name = 'canonical'"
        )
    ]
    found = {}
    for table in sorted(tables):
        columns = [
            row[0] for row in hub.rows(f"describe lake.canonical.{table}") if row[0] not in VOLATILE
        ]
        found[table] = sorted(
            hub.rows(f"select {', '.join(columns)} from lake.canonical.{table}"), key=str
        )
    return found


def kill_after(hub: Any, seconds: float) -> bool:
    """Start a run and kill its whole process group; return whether it was still running."""
    process = hub.start("run")
    time.sleep(seconds)
    was_running = process.poll() is None
    os.killpg(process.pid, signal.SIGKILL) if was_running else None
    process.wait()
    process.stdout.close()
    return was_running


@pytest.mark.slow
@pytest.mark.timeout(1800)  # up to ten whole runs
@pytest.mark.parametrize("kills", [3, pytest.param(8, marks=pytest.mark.long)])
def test_kills_at_random_stages_leave_no_trace(hub_on: Callable[..., Any], kills: int) -> None:
    size = {"seed": 5, "orders": 120, "days": 4, "products": 50}
    with hub_on(**size) as calm, hub_on(**size) as killed:
        began = time.monotonic()
        calm.do("run")
        length = time.monotonic() - began
        moments = random.Random(kills)  # noqa: S311 - a schedule, not a secret
        hits = sum(kill_after(killed, moments.uniform(0.1, 0.9) * length) for _ in range(kills))
        assert hits > kills / 2, "the kills came too late to test anything"
        killed.do("run")
        assert content(killed) == content(calm)
        full = {table for table, rows in content(calm).items() if rows}
        assert full >= COMPARED, "an empty table compares equal to anything"
        ledger = "select stream, sum(inserted) from lake.hub.ledger group by all order by all"
        assert killed.rows(ledger) == calm.rows(ledger), "a row was landed twice"
        assert killed.releases.current().aged is None
