"""Merge a batch of typed rows into a stream's table, by key, the last arrival winning."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import duckdb

from warehouse import sql
from warehouse.landing.shape import META
from warehouse.landing.table import Plan


class LoadMethod(StrEnum):
    """What an arriving row does to a stored one of the same key."""

    UPSERT = "upsert"
    APPEND_ONLY = "append-only"
    OVERWRITE = "overwrite"


@dataclass
class Counts:
    """What became of a batch's rows, and how many stored rows a message deleted."""

    inserted: int = 0
    updated: int = 0
    duplicate: int = 0
    superseded: int = 0
    deleted: int = 0

    @property
    def loaded(self) -> int:
        """Units that ended in the table."""
        return self.inserted + self.updated + self.duplicate + self.superseded


@dataclass(frozen=True)
class Stamp:
    """What a batch writes beside its rows; `sequence` is added to the line number."""

    load_id: str
    received_at: datetime
    sequence: int


def merge(
    con: duckdb.DuckDBPyConnection, plan: Plan, rows: str, method: LoadMethod, stamp: Stamp
) -> Counts:
    """Merge temp table `rows` into the planned table, inside the caller's transaction.

    A row equal in value to the stored one is left untouched, so that pulling again changes nothing.
    """
    counts = Counts()
    arrived = _count(con, f"SELECT count(*) FROM {sql.name(rows)}")  # noqa: S608
    if not arrived:
        return counts
    con.execute(f"CREATE OR REPLACE TEMP TABLE fate AS {_fate(plan, rows, method)}")
    found = con.execute("SELECT _fate, count(*) FROM fate GROUP BY 1").fetchall()
    fates = {fate: int(number) for fate, number in found}
    counts.inserted = fates.get("inserted", 0)
    counts.updated = fates.get("updated", 0)
    counts.duplicate = fates.get("duplicate", 0) + fates.get("renewed", 0)
    counts.superseded = arrived - sum(fates.values())
    if fates.keys() & {"updated", "renewed"}:
        same_key = _same_key(plan, "fate")
        con.execute(f"""DELETE FROM {plan.target} AS t USING fate
            WHERE fate._fate IN ('updated', 'renewed') AND {same_key}""")  # noqa: S608
    if fates.keys() - {"duplicate"}:
        _insert(con, plan, stamp)
    con.execute("DROP TABLE fate")
    return counts


def activate(
    con: duckdb.DuckDBPyConnection, plan: Plan, version: int, *, hard: bool, now: datetime
) -> int:
    """Delete, or mark as deleted, the rows older than a table version; return how many.

    Rows without a version are old once the table holds any of this one.
    """
    column = sql.name("_sdc_table_version")
    versioned = _count(con, f"SELECT count(*) FROM {plan.target} WHERE {column} = {version}")  # noqa: S608
    old = f"({column} < {version}{f' OR {column} IS NULL' if versioned else ''})"
    if hard:
        return _count(con, f"DELETE FROM {plan.target} WHERE {old}")  # noqa: S608
    return _count(
        con,
        f"UPDATE {plan.target} SET _sdc_deleted_at = ? WHERE {old} AND _sdc_deleted_at IS NULL",  # noqa: S608
        [now],
    )


def delete_marked(con: duckdb.DuckDBPyConnection, plan: Plan) -> int:
    """Delete the rows that a tap marked as deleted; return how many."""
    return _count(con, f"DELETE FROM {plan.target} WHERE _sdc_deleted_at IS NOT NULL")  # noqa: S608


def empty(con: duckdb.DuckDBPyConnection, plan: Plan) -> int:
    """Delete every row; return how many."""
    return _count(con, f"DELETE FROM {plan.target}")  # noqa: S608


def _fate(plan: Plan, rows: str, method: LoadMethod) -> str:
    source, keys = sql.name(rows), _places(plan, plan.shape.keys)
    columns = {f"c{i}": column.name for i, column in enumerate(plan.shape.columns)}
    nulls = "".join(f", NULL AS e{i}" for i, _ in enumerate(plan.extras))
    if not keys:
        return f"SELECT w.*{nulls}, 'inserted' AS _fate FROM {source} AS w"  # noqa: S608
    once = [*columns, "_deleted"] if method is LoadMethod.APPEND_ONLY else list(keys)
    winners = f"""SELECT * FROM {source} QUALIFY row_number() OVER (
        PARTITION BY {", ".join(once)} ORDER BY _line DESC) = 1"""  # noqa: S608
    equal = " AND ".join(
        f"w.{place} IS NOT DISTINCT FROM t.{sql.name(name)}" for place, name in columns.items()
    )
    equal += " AND w._deleted IS NOT DISTINCT FROM t._sdc_deleted_at"
    if method is LoadMethod.APPEND_ONLY:
        known = f"EXISTS (FROM {plan.target} AS t WHERE {_same_key(plan, 'w')} AND {equal})"
        return f"""SELECT w.*{nulls}, CASE WHEN {known} THEN 'duplicate' ELSE 'inserted' END
            AS _fate FROM ({winners}) AS w"""  # noqa: S608
    extras = "".join(f", t.{sql.name(name)} AS e{i}" for i, name in enumerate(plan.extras))
    return f"""SELECT w.*{extras}, CASE
            WHEN t.rowid IS NULL THEN 'inserted'
            WHEN NOT ({equal}) THEN 'updated'
            WHEN w._version IS DISTINCT FROM t._sdc_table_version AND w._version IS NOT NULL
                THEN 'renewed'
            ELSE 'duplicate' END AS _fate
        FROM ({winners}) AS w LEFT JOIN {plan.target} AS t ON {_same_key(plan, "w")}
        QUALIFY row_number() OVER (PARTITION BY w._line ORDER BY t.rowid DESC) = 1"""  # noqa: S608


def _places(plan: Plan, names: tuple[str, ...]) -> dict[str, str]:
    """Return the temp table's column (c0, c1, ...) of each named column, with its name."""
    at = {column.name: f"c{i}" for i, column in enumerate(plan.shape.columns)}
    return {at[name]: name for name in names}


def _same_key(plan: Plan, alias: str) -> str:
    keys = _places(plan, plan.shape.keys)
    return " AND ".join(f"{alias}.{place} = t.{sql.name(name)}" for place, name in keys.items())


def _insert(con: duckdb.DuckDBPyConnection, plan: Plan, stamp: Stamp) -> None:
    columns = {f"c{i}": column.name for i, column in enumerate(plan.shape.columns)}
    columns |= {f"e{i}": name for i, name in enumerate(plan.extras)}
    values = {
        "_sdc_extracted_at": "_extracted",
        "_sdc_received_at": "$received_at",
        "_sdc_batched_at": "$received_at",
        "_sdc_deleted_at": "_deleted",
        "_sdc_sequence": "$sequence + _line",
        "_sdc_table_version": "_version",
        "_load_id": "$load_id",
    }
    listed = ", ".join(map(sql.name, (*columns.values(), *META)))
    selected = ", ".join((*columns, *(values[name] for name in META)))
    con.execute(
        f"""INSERT INTO {plan.target} ({listed})
            SELECT {selected} FROM fate WHERE _fate <> 'duplicate' ORDER BY _line""",  # noqa: S608
        {
            "received_at": stamp.received_at,
            "sequence": stamp.sequence,
            "load_id": stamp.load_id,
        },
    )


def _count(
    con: duckdb.DuckDBPyConnection, statement: str, parameters: list[datetime] | None = None
) -> int:
    row = con.execute(statement, parameters or []).fetchone()
    return int(row[0]) if row else 0
