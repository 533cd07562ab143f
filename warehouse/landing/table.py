"""A stream's table in the lake: what it stores, and how it grows to take a new shape."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

import duckdb

from warehouse import sql
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.shape import DECIMAL, DOUBLE_WHOLE, MAX_PRECISION, META, Column, Shape

BIGINT_DIGITS = 19


@dataclass(frozen=True)
class Plan:
    """How a table takes a shape: what to add, what to widen, what it has besides."""

    target: str
    shape: Shape
    exists: bool
    added: tuple[Column, ...]
    widened: Mapping[str, str]
    stored: Mapping[str, str]

    @property
    def is_done(self) -> bool:
        """Whether the table takes the shape as it is."""
        return (
            self.exists
            and not self.added
            and not self.widened
            and META.keys() <= self.stored.keys()
        )

    @property
    def extras(self) -> list[str]:
        """Columns that the table has and the shape lacks; their values are carried along."""
        ours = {column.name for column in self.shape.columns} | set(META)
        return [name for name in self.stored if name not in ours]


def plan(con: duckdb.DuckDBPyConnection, source: str, shape: Shape) -> Plan:
    """Compare a shape with what is stored; raise HeldBackError when a name meets another."""
    stored = _stored(con, source, shape.stream)
    target = sql.name("lake", source, shape.stream)
    lower = {name.lower(): name for name in stored or {}}
    columns, added, widened = [], [], {}
    for column in shape.columns:
        had = lower.get(column.name.lower())
        if had is None:
            columns.append(column)
            added.append(column)
            continue
        if had != column.name:
            detail = f"column {column.name!r} meets the stored column {had!r}"
            raise HeldBackError("name_collision", detail)
        old = (stored or {})[had]
        new = _wider(con, target, column, old)
        if new is None:
            columns.append(replace(column, conflict=old))
            continue
        columns.append(replace(column, sql_type=new))
        if new != old:
            widened[had] = new
    effective = replace(shape, columns=tuple(columns))
    return Plan(target, effective, stored is not None, tuple(added), widened, stored or {})


def apply(con: duckdb.DuckDBPyConnection, source: str, plan: Plan) -> None:
    """Create or change the table as planned, inside the caller's transaction."""
    if not plan.exists:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {sql.name('lake', source)}")
        columns = [(column.name, column.sql_type) for column in plan.shape.columns]
        listed = ", ".join(f"{sql.name(n)} {t}" for n, t in (*columns, *META.items()))
        con.execute(f"CREATE TABLE {plan.target} ({listed})")
        return
    for name, kind in META.items():
        if name not in plan.stored:
            con.execute(f"ALTER TABLE {plan.target} ADD COLUMN {sql.name(name)} {kind}")
    for column in plan.added:
        con.execute(
            f"ALTER TABLE {plan.target} ADD COLUMN {sql.name(column.name)} {column.sql_type}"
        )
    if plan.widened:
        _rewrite(con, source, plan)


def acquaint(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Let a table that was made without a row have held one, which leaves no trace but statistics.

    DuckLake takes 5 ms a column to plan a read of a table without any (ducklake#1313).
    """
    nulls = ", ".join("NULL" for _ in (*plan.shape.columns, *META))
    con.execute(f"INSERT INTO {plan.target} VALUES ({nulls})")  # noqa: S608
    con.execute(f"DELETE FROM {plan.target}")  # noqa: S608


def _stored(con: duckdb.DuckDBPyConnection, source: str, stream: str) -> dict[str, str] | None:
    described = con.execute(
        # Not duckdb_tables(), which sizes every table: 1.7 s where 113 stand.
        "SELECT table_name, column_name, data_type FROM duckdb_columns()"
        " WHERE database_name = 'lake' AND schema_name = ? AND lower(table_name) = lower(?)"
        " ORDER BY column_index",
        [source, stream],
    ).fetchall()
    if not described:
        return None
    if described[0][0] != stream:
        detail = f"stream {stream!r} meets the stored stream {described[0][0]!r}"
        raise HeldBackError("name_collision", detail)
    short = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}
    return {name: short.get(kind, kind) for _, name, kind in described}


def _wider(con: duckdb.DuckDBPyConnection, target: str, column: Column, old: str) -> str | None:
    """Return the type that holds what is stored and what may come; None when there is none.

    A type that is narrower now keeps the stored one: each value is then proved to fit it.
    """
    new = column.sql_type
    if new == old or old == "JSON":
        return old
    digits_old, digits_new = _digits(old), _digits(new)
    if digits_old and digits_new:
        whole, scale = (max(pair) for pair in zip(digits_old, digits_new, strict=True))
        if (whole, scale) == digits_old or whole + scale > MAX_PRECISION:
            return old
        return f"DECIMAL({whole + scale},{scale})"
    if old == "DOUBLE" and digits_new:
        return old
    if new == "DOUBLE" and old == "BIGINT":
        name = sql.name(column.name)
        beyond = f"SELECT count(*) FROM {target} WHERE abs({name}::HUGEINT) > {DOUBLE_WHOLE}"  # noqa: S608
        row = con.execute(beyond).fetchone()
        return "DOUBLE" if row and row[0] == 0 else old
    return old if new == "DOUBLE" and digits_old else None


def _digits(sql_type: str) -> tuple[int, int] | None:
    """Return the digits before and after the point that a type holds exactly."""
    if sql_type == "BIGINT":
        return BIGINT_DIGITS, 0
    fits = DECIMAL.fullmatch(sql_type)
    return (int(fits[1]) - int(fits[2]), int(fits[2])) if fits else None


def _rewrite(con: duckdb.DuckDBPyConnection, source: str, plan: Plan) -> None:
    """Copy the table under wider types: DuckLake itself widens integers and floats only."""
    aside = f"{plan.shape.stream[:40]}~{uuid4().hex}"
    missing = [name for name in META if name not in plan.stored]
    columns = [*plan.stored, *missing, *(column.name for column in plan.added)]
    listed = ", ".join(
        f"CAST({sql.name(name)} AS {plan.widened[name]}) AS {sql.name(name)}"
        if name in plan.widened
        else sql.name(name)
        for name in columns
    )
    copy = sql.name("lake", source, aside)
    con.execute(f"CREATE TABLE {copy} AS SELECT {listed} FROM {plan.target}")  # noqa: S608
    con.execute(f"DROP TABLE {plan.target}")
    new_name = sql.name(plan.shape.stream)
    con.execute(f"ALTER TABLE {copy} RENAME TO {new_name}")
