"""DuckDB's postgres_scanner copying a table into DuckLake, without any guarantee.

Example: python -m benchmarks.table.scanner postgresql://... folder
"""

import sys
from pathlib import Path

from warehouse import sql
from warehouse.lake import attach, open_duckdb


def copy(uri: str, folder: Path) -> None:
    """Copy the table into a new lake under `folder`."""
    (folder / "data").mkdir(parents=True)
    with open_duckdb() as con:
        attach(con, folder / "catalog.sqlite", folder / "data", alias="lake", create=True)
        con.execute(f"ATTACH {sql.text(uri)} AS source (TYPE postgres, READ_ONLY)")
        con.execute("CREATE SCHEMA lake.src")
        con.execute("CREATE TABLE lake.src.order_lines AS FROM source.public.order_lines")


if __name__ == "__main__":
    copy(sys.argv[1], Path(sys.argv[2]))
