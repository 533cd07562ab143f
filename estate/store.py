"""The network's rows in memory, and what of them a closed day must write."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Date, DateTime, Table, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from estate.schema import TRUTH, Exact

Row = dict[str, Any]
Key = tuple[Any, ...]


class EstateError(Exception):
    """Something that the estate cannot do, said so that a person can mend it."""


# Rows that the simulation never looks at again: written at the day's close, then forgotten.
WRITE_ONLY = frozenset(
    {name for name in TRUTH if name.startswith("wms.") and name != "wms.items"}
    | {"erp.partners", "erp.freight_rates", "erp.stock_postings", "shop.listings"}
    | {"net.parcels", "net.parcel_items", "net.scans", "net.meta"}
    | {"net.requests", "net.releases"}
)
# A row for which this holds has reached its end: forgotten at the close, not read at opening.
FINISHED: Mapping[str, Callable[[Any], Any]] = {
    "erp.sales_orders": lambda c: (c["status"] == "shipped") | (c["status"] == "cancelled"),
    "erp.sales_order_lines": lambda c: (c["status"] == "shipped") | (c["status"] == "cancelled"),
    "erp.purchase_orders": lambda c: c["status"] == "received",
    "net.shipments": lambda c: (c["status"] == "shipped") | (c["status"] == "cancelled"),
    "net.lines": lambda c: c["is_closed"] == 1,
    "net.shipment_lines": lambda c: c["is_closed"] == 1,
    "net.inbound": lambda c: c["is_closed"] == 1,
    "net.changes": lambda c: c["is_posted"] == 1,
    "net.discrepancies": lambda c: c["is_closed"] == 1,
}


def engine_for(url: str) -> Engine:
    """An engine whose SQLite files can be read by others while a day is being written."""
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _wal(connection: Any, _: object) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA busy_timeout=30000")
            # 64 MB: the default of 2 MB reads the indexes of a large estate again and again.
            connection.execute("PRAGMA cache_size=-65536")

    return engine


def upsert(connection: Connection, table: Table, rows: Iterable[Row]) -> int:
    """Write rows by primary key; the answer is how many."""
    batch = list(rows)
    if not batch:
        return 0
    if connection.dialect.name == "postgresql":
        connection.execute(_replacing(table, postgresql), batch)
    else:
        statement, encode = _sqlite_writer(table)
        connection.exec_driver_sql(statement, [encode(row) for row in batch])
    return len(batch)


def _replacing(table: Table, dialect: Any) -> Any:
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    rest = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


@cache
def _sqlite_writer(table: Table) -> tuple[str, Callable[[Row], tuple[Any, ...]]]:
    """The statement and what makes a row's parameters, in a quarter of SQLAlchemy's own time."""
    compiled = _replacing(table, sqlite).compile(dialect=sqlite.dialect())
    names = [column.name for column in table.columns]
    values = itemgetter(*names)
    codes = [(n, code) for n, c in enumerate(table.columns) if (code := _code(c.type))]

    def encode(row: Row) -> tuple[Any, ...]:
        found = list(values(row))
        for place, code in codes:
            if found[place] is not None:
                found[place] = code(found[place])
        return tuple(found)

    return str(compiled), encode


def _code(kind: Any) -> Callable[[Any], str] | None:
    """How a value of this type is stored, to the letter as SQLAlchemy stores it."""
    if isinstance(kind, Exact):
        return str
    if isinstance(kind, DateTime):
        return lambda at: datetime.isoformat(at, " ", "microseconds")
    return date.isoformat if isinstance(kind, Date) else None


def delete(connection: Connection, table: Table, keys: Iterable[Key]) -> None:
    """Take rows out by primary key, those that are there."""
    for key in keys:
        parts = zip(table.primary_key, key, strict=True)
        connection.execute(table.delete().where(*(column == value for column, value in parts)))


class Book:
    """Rows by `system.table` and primary key, and what changed of them since the last close."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[Key, Row]] = {name: {} for name in TRUTH}
        self.dirty: dict[str, dict[Key, Row]] = {name: {} for name in TRUTH}
        self.gone: dict[str, list[Key]] = {name: [] for name in TRUTH}
        self._keys = {n: tuple(c.name for c in t.primary_key) for n, t in TRUTH.items()}

    def add(self, name: str, /, **row: Any) -> Row:
        """Put a new row in; it must carry every column of its table."""
        key = tuple(row[column] for column in self._keys[name])
        self.rows[name][key] = self.dirty[name][key] = row
        return row

    def change(self, name: str, row: Row, /, **values: Any) -> None:
        """Change a row that `add` or `load` gave."""
        row.update(values)
        self.dirty[name][tuple(row[column] for column in self._keys[name])] = row

    def remove(self, name: str, /, *key: Any) -> None:
        """Take a row out, also one that is not in memory."""
        self.rows[name].pop(key, None)
        self.dirty[name].pop(key, None)
        self.gone[name].append(key)

    def get(self, name: str, *key: Any) -> Row | None:
        """The row with this primary key, if it is still alive."""
        return self.rows[name].get(key)

    def all(self, name: str, where: Callable[[Row], bool] | None = None) -> list[Row]:
        """Living rows in the order of their keys, whichever order they came in.

        Sorting is what costs: where only some are wanted, say so by `where`.
        """
        rows = self.rows[name]
        if where is not None:
            rows = {key: row for key, row in rows.items() if where(row)}
        return [rows[key] for key in sorted(rows)]

    def load(self, connection: Connection) -> None:
        """Read the living rows from truth.sqlite."""
        for name, table in TRUTH.items():
            if name in WRITE_ONLY:
                continue
            query = select(table)
            if name in FINISHED:
                query = query.where(~FINISHED[name](table.c))
            for row in connection.execute(query).mappings():
                values = dict(row)
                self.rows[name][tuple(values[column] for column in self._keys[name])] = values

    def settle(self) -> None:
        """Forget what is finished, after the close was written."""
        for name, rows in self.rows.items():
            if name in WRITE_ONLY:
                rows.clear()
            elif name in FINISHED:
                for key in [k for k, row in self.dirty[name].items() if FINISHED[name](row)]:
                    rows.pop(key, None)
            self.dirty[name] = {}
            self.gone[name] = []
