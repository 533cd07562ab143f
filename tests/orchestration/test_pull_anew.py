"""A source is pulled anew: what was read is forgotten, what has landed is not."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import contracts
from estate import Estate
from orchestration import pulling, source_lock, sources
from orchestration.hub import Hub
from orchestration.settings import load
from orchestration.singer import pull
from warehouse.errors import LakeError

ROOT = Path(__file__).parents[2]
Pull = Callable[[str], dict[str, tuple[int, ...]]]

pytestmark = pytest.mark.filterwarnings(
    # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
    "ignore:open_text is deprecated:DeprecationWarning"
)


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate.create(tmp_path / "estate", orders=60, days=3, products=40)


@pytest.fixture
def hub(estate: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setenv("CROSSDOCK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CROSSDOCK_ERP_URL", estate.erp_url)
    monkeypatch.setenv("CROSSDOCK_THREEPL_FOLDER", str(estate.drop_folder))
    monkeypatch.setenv("CROSSDOCK_LOCK_TIMEOUT_S", "1")
    hub = Hub(load())
    hub.lake.create()
    return hub


@pytest.fixture
def pulled(hub: Hub) -> Pull:
    """Pull a source with its tap; what became of the rows of each stream, as the ledger has it."""
    listed = {source.name: source for source in sources.read(ROOT / "sources.yaml")}
    numbers = iter(range(100))

    def run(source: str) -> dict[str, tuple[int, ...]]:
        load_id = f"{source}-{next(numbers)}"
        pull(hub.lake, listed[source], load_id, lambda _: None)
        found = rows(
            hub,
            f"""SELECT stream, sum(inserted)::INT, sum(updated)::INT, sum(duplicate)::INT
                FROM lake.hub.ledger WHERE load_id = '{load_id}' AND stream <> '' GROUP BY 1""",
        )
        return {stream: tuple(counts) for stream, *counts in found}

    return run


def rows(hub: Hub, query: str) -> list[tuple[Any, ...]]:
    with hub.lake.connect(read_only=True) as con:
        return con.execute(query).fetchall()


def rewrite(estate: Estate, *statements: str) -> None:
    """Change rows of the ERP as nobody should: without a word in updated_at."""
    with closing(sqlite3.connect(estate.home / "erp.sqlite")) as database, database:
        for statement in statements:
            assert database.execute(statement).rowcount == 1


def test_rewritten_rows_come_in_and_nothing_that_landed_is_lost(
    hub: Hub, estate: Estate, pulled: Pull
) -> None:
    first = pulled("erp")
    rewrite(
        estate,
        "update products set name = 'Mended' where sku = (select min(sku) from products)",
        "update stock_postings set qty = qty + 1 where posting_id = 1",
        "delete from partners where partner_id = 'S-0001'",
    )
    assert all(counts[:2] == (0, 0) for counts in pulled("erp").values()), "nothing told of them"
    before = set(rows(hub, "FROM lake.erp.stock_postings"))

    assert "stock_postings" in pulling.forget(hub, "erp", [])
    again = pulled("erp")
    inserted = {stream: counts[0] for stream, counts in first.items()}
    # All of it came, also of what was deleted nothing went.
    assert again.pop("products") == (0, 1, inserted["products"] - 1)
    assert again.pop("stock_postings") == (1, 0, inserted["stock_postings"] - 1)
    assert again.pop("partners") == (0, 0, inserted["partners"] - 1)
    assert again == {stream: (0, 0, inserted[stream]) for stream in again}
    assert rows(hub, "SELECT count(*) FROM lake.erp.partners") == [(inserted["partners"],)]
    assert rows(hub, "SELECT count(*) FROM lake.erp.products WHERE name = 'Mended'") == [(1,)]
    # A ledger keeps what it once said: the other row stands beside it.
    after = set(rows(hub, "FROM lake.erp.stock_postings"))
    assert before < after
    ((one, other),) = rows(
        hub, "SELECT list(qty ORDER BY qty) FROM lake.erp.stock_postings WHERE posting_id = 1"
    )[0]
    assert other - one == 1


def test_only_the_streams_that_are_named_are_read_again(hub: Hub, pulled: Pull) -> None:
    first = pulled("erp")
    usual = pulled("erp")
    assert pulling.forget(hub, "erp", ["products"]) == ("products",)
    again = pulled("erp")
    assert again.pop("products") == (0, 0, first["products"][0])
    usual.pop("products", None)
    assert again == usual


def test_files_are_all_read_again_as_they_are_marked_as_read_for_all_streams(
    hub: Hub, pulled: Pull
) -> None:
    first = pulled("threepl")
    assert not any(sum(counts) for counts in pulled("threepl").values())
    assert "files" in pulling.forget(hub, "threepl", ["inventory_846"])
    again = pulled("threepl")
    assert again["inventory_846"] == (0, 0, first["inventory_846"][0])


def test_a_pull_that_runs_is_waited_for_and_what_is_misnamed_forgets_nothing(
    hub: Hub, pulled: Pull
) -> None:
    pulled("erp")
    with (
        source_lock.of_pull(hub.lake, "erp", 1),
        pytest.raises(source_lock.SourceBusy, match="Source erp is being pulled by process"),
    ):
        pulling.forget(hub, "erp", [])
    with pytest.raises(LakeError, match=r"Source erp has no stream produkts\. It has: .*products"):
        pulling.forget(hub, "erp", ["produkts", "products"])
    streams = {table.name for table in contracts.read("sources/erp").tables}
    (state,) = rows(hub, "SELECT state.bookmarks::VARCHAR FROM lake.hub.state")[0]
    assert all(f'"{stream}"' in state for stream in streams)


def test_the_command_says_what_is_forgotten_and_what_came(
    hub: Hub, estate: Estate, pulled: Pull, tmp_path: Path
) -> None:
    def crossdock(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [Path(sys.executable).with_name("crossdock"), *arguments],
            cwd=tmp_path, env={**os.environ, "COLUMNS": "200"}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    products = pulled("erp")["products"][0]
    code, said = crossdock("pull", "--anew")
    assert code == 1 and "name it, like `crossdock pull erp --anew`" in said
    code, said = crossdock("pull", "erp", "--anew", "wms")
    assert code == 1 and "Source erp has no stream wms. It has: " in said
    rewrite(
        estate, "update products set name = 'Mended' where sku = (select max(sku) from products)"
    )
    code, said = crossdock("pull", "erp", "--anew", "products")
    assert code == 0, said
    assert "Forgot how far erp was read: of products; all of it comes again." in said
    assert rows(
        hub,
        """SELECT updated, duplicate FROM lake.hub.ledger WHERE stream = 'products'
           ORDER BY committed_at DESC LIMIT 1""",
    ) == [(1, products - 1)]
