"""Match real articles by their descriptions alone: UCI Online Retail, half-year by half-year.

The descriptions of the first half-year are taken for the ERP's articles, those of the second for a
warehouse's, without any code; the stock code, which the matching never sees, says what is right.
The project's own models do the matching (transforms/models/intermediate/identity).

Example: python -m benchmarks.matching path/to/online_retail_by_day.tar.xz
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import click
import duckdb
from rich.console import Console
from rich.table import Table

from orchestration import build
from warehouse import extensions
from warehouse.lake import Lake

ROOT = Path(__file__).parents[1]
CHANGE = "2011-06-01"
# A code is five digits; letters behind them tell a colour or size, so they are other articles.
_SOLD = f"""
    CREATE TABLE sold AS
        SELECT upper(StockCode) AS code, trim(Description) AS name,
            CAST(InvoiceDate AS TIMESTAMP) < '{CHANGE}' AS is_first
        FROM read_csv($files, union_by_name => true, all_varchar => true)
        WHERE trim(Description) <> '' AND regexp_matches(StockCode, '^[0-9]{{5}}')"""  # noqa: S608
_NAMED = """
    CREATE TABLE named AS
        SELECT is_first, code, mode(name) AS name,
            row_number() OVER (PARTITION BY is_first ORDER BY code) AS number
        FROM sold GROUP BY is_first, code"""


@click.command(help=__doc__)
@click.argument("archive", type=click.Path(exists=True, path_type=Path))
def main(archive: Path) -> None:
    """Print precision and recall of each way."""
    Console().print(table(measure(archive)))


def measure(archive: Path) -> dict[str, tuple[int, int, int]]:
    """Return of each way how many pairs it made, how many are right, and how many there are."""
    with (
        tempfile.TemporaryDirectory(prefix="crossdock-matching-") as folder,
        duckdb.connect() as con,
    ):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        con.execute(_SOLD, {"files": f"{folder}/**/*.csv"})
        con.execute(_NAMED)
        (both,) = con.execute(
            "SELECT count(*) FROM named AS a JOIN named AS b USING (code)"
            " WHERE a.is_first AND NOT b.is_first"
        ).fetchone() or (0,)
        pairs = {
            "equal texts": con.execute(_equal("name")).fetchall(),
            "equal once normalised": con.execute(_equal(_PLAIN)).fetchall(),
            "Crossdock's fuzzy tier": _crossdock(Path(folder) / "home", con),
        }
    return {
        way: (len(made), sum(left == right for left, right in made), both)
        for way, made in pairs.items()
    }


_PLAIN = "trim(regexp_replace(lower(strip_accents(name)), '[^a-z0-9]+', ' ', 'g'))"


def _equal(text: str) -> str:
    once = f"""
        SELECT is_first, {text} AS text, min(code) AS code FROM named GROUP BY ALL
        HAVING count(*) = 1"""  # noqa: S608
    return f"""
        SELECT a.code, b.code FROM ({once}) AS a JOIN ({once}) AS b USING (text)
        WHERE a.is_first AND NOT b.is_first"""  # noqa: S608


def _crossdock(home: Path, con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Let the project match: the first half as the ERP's products, the second as WMS items."""
    lake = Lake(home).create()
    with lake.connect() as own:
        build.provide_tables(own)
        articles = con.execute("SELECT code, name FROM named WHERE is_first").to_arrow_table()
        items = con.execute("SELECT number, name FROM named WHERE NOT is_first").to_arrow_table()
        own.execute(
            "INSERT INTO lake.erp.products BY NAME SELECT code AS sku, name, '' AS gtin13,"
            " 'EA' AS base_uom, 'active' AS lifecycle, now() AS _sdc_received_at FROM articles"
        )
        own.execute(
            "INSERT INTO lake.wms.items BY NAME SELECT number AS item_id, name AS description,"
            " now() AS _sdc_received_at FROM items"
        )
        del articles, items
    environment = {
        **os.environ,
        "CROSSDOCK_HOME": str(home),
        "CROSSDOCK_EXTENSIONS": str(extensions.directory()),
        "DBT_TARGET_PATH": str(home / "dbt"),
        "DBT_LOG_PATH": str(home / "dbt" / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    command = [str(Path(sys.executable).with_name("dbt")), "run", "--profiles-dir", "."]
    subprocess.run(  # noqa: S603 - dbt, of this environment
        [*command, "--select", "+int_product__matched"],
        cwd=ROOT / "transforms",
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    codes = dict(con.execute("SELECT number, code FROM named WHERE NOT is_first").fetchall())
    with duckdb.connect(home / "workbench.duckdb", read_only=True) as own:
        rows = own.execute(
            "SELECT source_key, sku FROM intermediate.int_product__matched"
            " WHERE source_system = 'wms' AND sku IS NOT NULL"
        ).fetchall()
    return [(sku, codes[int(key)]) for key, sku in rows]


def table(found: dict[str, tuple[int, int, int]]) -> Table:
    """Return the ways with their precision and recall."""
    shown = Table()
    for name in ("way", "matched", "precision", "recall"):
        shown.add_column(name, justify="left" if name == "way" else "right")
    for way, (made, right, both) in found.items():
        shown.add_row(way, f"{made:,}", f"{right / made:.4f}", f"{right / both:.4f}")
    return shown


if __name__ == "__main__":
    main()
