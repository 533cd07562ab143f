"""What the ERP posts wrongly and then mends reaches the lake as its ledger has it: as new rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from estate import Estate
from orchestration import sources
from orchestration.singer import pull
from warehouse.lake import Lake

ROOT = Path(__file__).parents[2]
FAULTS = (
    "receipt_not_posted", "shipment_not_posted", "count_not_posted", "posted_twice",
    "posted_in_cases", "posted_to_wrong_sku", "posted_to_wrong_node", "manual_correction",
)  # fmt: skip
BOOK = "posting_id, warehouse_code, sku, qty, doc_type, doc_no"
FIGURES = "warehouse_code, sku, on_hand_qty"
QUERIES = {
    "book": f"SELECT {BOOK} FROM lake.erp.stock_postings ORDER BY ALL",
    "figures": f"SELECT {FIGURES} FROM lake.erp.stock ORDER BY ALL",
    "landed": "FROM lake.erp.stock_postings",
    "apart": """
        SELECT warehouse_code, sku FROM lake.erp.stock
        FULL JOIN lake.erp.stock_postings USING (warehouse_code, sku)
        GROUP BY ALL HAVING coalesce(any_value(on_hand_qty), 0) <> coalesce(sum(qty), 0)""",
}
Rows = list[tuple[Any, ...]]


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate.create(tmp_path / "estate", orders=720, days=8, products=120)


@pytest.fixture
def pulled(
    estate: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], dict[str, Rows]]:
    """Pull the ERP with the real tap and target, and return what the lake then holds."""
    lake = Lake(tmp_path / "home").create()
    monkeypatch.setenv("CROSSDOCK_ERP_URL", estate.erp_url)
    erp = next(source for source in sources.read(ROOT / "sources.yaml") if source.name == "erp")
    numbers = iter(range(100))

    def run() -> dict[str, Rows]:
        pull(lake, erp, f"pull-{next(numbers)}", lambda _: None)
        with lake.connect(read_only=True) as con:
            return {name: con.execute(query).fetchall() for name, query in QUERIES.items()}

    return run


def source_has(estate: Estate) -> dict[str, Rows]:
    engine = create_engine(estate.erp_url)
    with engine.connect() as connection:
        found = {
            "book": sorted(connection.execute(text(f"select {BOOK} from stock_postings"))),
            "figures": sorted(connection.execute(text(f"select {FIGURES} from stock"))),
        }
    engine.dispose()
    return {name: [tuple(row) for row in rows] for name, rows in found.items()}


def test_a_mistake_and_its_mending_land_as_new_rows_and_the_lake_equals_the_ledger(
    estate: Estate, pulled: Callable[[], dict[str, Rows]]
) -> None:
    """No posting that was pulled is altered, and the ERP's figures are the sums of its postings."""
    landed: set[tuple[Any, ...]] = set()
    for happens in (
        lambda: None,
        lambda: [estate.inject(fault) for fault in FAULTS],
        estate.advance,
        estate.clear,
    ):
        happens()
        lake = pulled()
        assert {name: lake[name] for name in ("book", "figures")} == source_has(estate)
        assert lake["apart"] == []
        rows = set(lake["landed"])
        assert landed < rows, "rows that had landed are there as they were, and there are more"
        landed = rows
