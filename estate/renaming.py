"""A fault of names: a source's column is called otherwise, with the same values in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Column, MetaData, Table, inspect
from sqlalchemy.engine import Engine

from estate.store import Row


@dataclass(frozen=True)
class Renaming:
    """`table`, as `system.table`, shows `column` under the name `to` while the fault lasts."""

    line: str
    system: str
    table: str
    column: str
    to: str

    def show(self, table: Table, rows: Iterable[Row]) -> tuple[Table, list[Row]]:
        """The table and rows of it under the other name."""
        old, new = self.column, self.to
        shown = [{new if name == old else name: v for name, v in row.items()} for row in rows]
        return _renamed(table, old, new), shown

    def rename(self, engine: Engine) -> None:
        """Give the column its other name."""
        self._rename(engine, self.column, self.to)

    def undo(self, engine: Engine) -> None:
        """Give the column its own name."""
        self._rename(engine, self.to, self.column)

    def _rename(self, engine: Engine, column: str, to: str) -> None:
        table = self.table.split(".")[1]
        # Another try after a crash may find it done.
        if any(found["name"] == column for found in inspect(engine).get_columns(table)):
            with engine.begin() as connection:
                connection.exec_driver_sql(f"ALTER TABLE {table} RENAME COLUMN {column} TO {to}")


@cache
def _renamed(table: Table, old: str, new: str) -> Table:
    columns = [
        Column(
            new if column.name == old else column.name, column.type,
            primary_key=column.primary_key, nullable=column.nullable, autoincrement=False,
        )
        for column in table.columns
    ]  # fmt: skip
    return Table(table.name, MetaData(), *columns)


RENAMINGS = {
    "column_renamed": Renaming(
        "An update of the WMS has renamed a column: lots.expiry_date is best_before.",
        "wms",
        "wms.lots",
        "expiry_date",
        "best_before",
    ),
}
