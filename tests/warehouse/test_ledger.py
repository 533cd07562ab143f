"""The ledger as people read it: each load accounted for, to the last unit."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from warehouse import accounts
from warehouse.errors import WarehouseError

STOCK = {"sku": {"type": "string"}, "qty": {"type": "integer"}}


@pytest.fixture(scope="module")
def shop(landed_in: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A lake with two loads of one source, the first in several batches, and one of another."""
    landed = landed_in(tmp_path_factory.mktemp("shop"))
    stock = landed.schema("stock", STOCK, ["sku"])
    deals = landed.schema("deals", {"id": {"type": "integer"}})
    rows = [landed.record("stock", {"sku": f"A{i}", "qty": i}) for i in range(10)]
    bad = landed.record("stock", {"sku": "A1", "qty": "x"})
    landed.load(
        *(stock, *rows, bad, deals, landed.record("deals", {"id": 1})),
        source="shop",
        load_id="monday",
        batch_rows=5,
    )
    landed.load(stock, rows[0], landed.record("stock", {"sku": "A1", "qty": 9}), source="shop",
                load_id="tuesday")  # fmt: skip
    landed.load(deals, source="crm", load_id="tuesday-crm")
    return landed


def _run(shop: Any, load_id: str) -> accounts.Run:
    with shop.lake.connect(read_only=True) as con:
        [run] = accounts.runs(con, load_id=load_id)
    return run


def test_loads_are_listed_the_newest_first_and_by_source(shop: Any) -> None:
    with shop.lake.connect(read_only=True) as con:
        assert [run.load_id for run in accounts.runs(con)] == ["tuesday-crm", "tuesday", "monday"]
        assert [run.load_id for run in accounts.runs(con, source="crm")] == ["tuesday-crm"]


def test_a_load_says_what_became_of_its_units(shop: Any) -> None:
    monday, tuesday = _run(shop, "monday"), _run(shop, "tuesday")
    assert (monday.emitted, monday.loaded, monday.quarantined, monday.remainder) == (12, 11, 1, 0)
    assert (monday.inserted, monday.streams, monday.is_final) == (11, 2, True)
    assert (tuesday.inserted, tuesday.updated, tuesday.duplicate) == (0, 1, 1)
    assert monday.bytes > tuesday.bytes > 0


def test_a_loads_streams_and_batches_add_up_to_it(shop: Any) -> None:
    monday = _run(shop, "monday")
    with shop.lake.connect(read_only=True) as con:
        streams, batches = accounts.streams(con, monday), accounts.batches(con, monday)
    assert [(row.stream, row.emitted) for row in streams] == [("deals", 1), ("stock", 11)]
    assert len(batches) == 3
    for name in ("emitted", "loaded", "quarantined", "inserted", "bytes"):
        assert sum(getattr(row, name) for row in streams) == getattr(monday, name)
        assert sum(getattr(row, name) for row in batches) == getattr(monday, name)
    assert sum(batch.seconds for batch in batches) == monday.seconds
    last = [batch.last_line for batch in batches if batch.last_line is not None]
    assert last == sorted(last)


def test_a_load_is_found_by_its_id_or_the_start_of_it(shop: Any) -> None:
    with shop.lake.connect(read_only=True) as con:
        for named in ("monday", "mon"):
            assert [run.load_id for run in accounts.find(con, named)] == ["monday"]
        assert [run.load_id for run in accounts.find(con, "tuesday")] == ["tuesday"]
        with pytest.raises(WarehouseError, match="'tues' may mean: tuesday-crm, tuesday"):
            accounts.find(con, "tues")
        with pytest.raises(WarehouseError, match=r"no load 'sunday'.*`crossdock ledger`"):
            accounts.find(con, "sunday")


def _entry(load_id: str, **counts: Any) -> dict[str, Any]:
    zero = dict.fromkeys(
        ("emitted", "loaded", "inserted", "updated", "duplicate", "superseded", "quarantined"), 0
    )
    return {
        **zero,
        "batch_id": f"{load_id}-b",
        "load_id": load_id,
        "source": "shop",
        "stream": "stock",
        "deleted": 0,
        "bytes": 100,
        "is_final": True,
        "seconds": Decimal("0.100000"),
        "committed_at": datetime.now(UTC),
        **counts,
    }


def test_a_load_without_its_end_was_interrupted_unless_it_is_still_running(landed: Any) -> None:
    entries = [_entry("killed", is_final=False), _entry("whole"), _entry("now", is_final=False)]
    for entry in entries:
        landed.lake.append("hub.ledger", pa.Table.from_pylist([entry]))

    def states() -> dict[str, str]:
        with landed.lake.connect(read_only=True) as con:
            return accounts.states(landed.lake, accounts.runs(con))

    with landed.lake.lock_source("shop"):
        assert states() == {"killed": "interrupted", "whole": "ended", "now": "running"}
    assert states()["now"] == "interrupted"


def test_units_that_are_nowhere_are_a_remainder(landed: Any) -> None:
    lost = _entry("lost", emitted=5, loaded=3, inserted=3, quarantined=1)
    landed.lake.append("hub.ledger", pa.Table.from_pylist([lost]))
    assert _run(landed, "lost").remainder == 1


def test_a_load_names_the_files_that_it_wrote_with_their_hashes(landed: Any) -> None:
    landed.lake.append("hub.ledger", pa.Table.from_pylist([_entry("one"), _entry("two")]))
    rows = [
        {"path": f"shop/stock/{name}.parquet", "sha256": name * 64, "bytes": 7, "batch_id": batch}
        for name, batch in (("a", "one-b"), ("b", "two-b"), ("c", "one-b"))
    ]
    landed.lake.append("hub.file", pa.Table.from_pylist(rows))
    with landed.lake.connect(read_only=True) as con:
        files = accounts.files(con, _run(landed, "one"))
    assert [(file.path, file.sha256) for file in files] == [
        ("shop/stock/a.parquet", "a" * 64),
        ("shop/stock/c.parquet", "c" * 64),
    ]
