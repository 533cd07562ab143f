"""Merge a batch of typed rows into a stream's table, by key, the last arrival winning."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import duckdb

from warehouse import sql
from warehouse.landing.shape import META, ROW_HASH
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

    Of one key the highest `_seq` wins, also over the stored row. A row equal in value to the stored
    one is left untouched, so that pulling again changes nothing.
    """
    counts = Counts()
    arrived = _count(con, f"SELECT count(*) FROM {sql.name(rows)}")  # noqa: S608
    if not arrived:
        return counts
    with _sayable(con, plan, rows):
        fate = _fate(con, plan, rows, method, arrived)
        if fate.inserted is not None:
            counts.inserted = fate.inserted
            counts.superseded = arrived - fate.inserted
            _insert(con, plan, f"({fate.query})", stamp)
            return counts
        con.execute(f"CREATE OR REPLACE TEMP TABLE fate AS {fate.query}")
    found = con.execute("SELECT _fate, count(*) FROM fate GROUP BY 1").fetchall()
    fates = {fate: int(number) for fate, number in found}
    counts.inserted = fates.get("inserted", 0)
    counts.updated = fates.get("updated", 0)
    counts.duplicate = fates.get("duplicate", 0) + fates.get("renewed", 0)
    counts.superseded = arrived - counts.inserted - counts.updated - counts.duplicate
    if fates.keys() & {"updated", "renewed"}:
        con.execute(f"""DELETE FROM {plan.target} WHERE rowid IN
            (SELECT _stored FROM fate WHERE _fate IN ('updated', 'renewed'))""")  # noqa: S608
    if fates.keys() & {"inserted", "updated", "renewed"}:
        _insert(con, plan, "fate", stamp)
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


@contextmanager
def _sayable(con: duckdb.DuckDBPyConnection, plan: Plan, rows: str) -> Iterator[None]:
    """Look rows up without telling DuckLake which keys, where one of them holds U+0000.

    It asks its catalog for the files of these keys in SQL of its own, which ends at that character.
    """
    kinds = {f"c{i}": column.sql_type for i, column in enumerate(plan.shape.columns)}
    texts = [place for place in _places(plan, plan.shape.keys) if kinds[place] == "VARCHAR"]
    has_nul = " OR ".join(f"contains({place}, chr(0))" for place in texts)
    if not texts or not _count(con, f"SELECT count(*) FROM {sql.name(rows)} WHERE {has_nul}"):  # noqa: S608
        yield
        return
    con.execute("SET disabled_optimizers = 'join_filter_pushdown'")
    try:
        yield
    finally:
        con.execute("RESET disabled_optimizers")


@dataclass(frozen=True)
class _Fate:
    """What becomes of each row: `_fate`, `_hash` and `_stored` (the old row's rowid).

    inserted: how many rows the query has, when each is new and none has to be looked up.
    """

    query: str
    inserted: int | None = None


def _fate(
    con: duckdb.DuckDBPyConnection, plan: Plan, rows: str, method: LoadMethod, arrived: int
) -> _Fate:
    columns = {f"c{i}": column.name for i, column in enumerate(plan.shape.columns)}
    digest, keys = _digest(columns), _places(plan, plan.shape.keys)
    once = [*columns, "_deleted"] if method is LoadMethod.APPEND_ONLY else list(keys)
    winners, distinct = _winners(con, rows, once if keys else [], arrived)
    nothing = "".join(f", NULL AS e{i}" for i, _ in enumerate(plan.extras))
    new = f"""SELECT w.*, {digest} AS _hash{nothing}, 'inserted' AS _fate
        FROM {winners} AS w"""  # noqa: S608
    if not keys or not plan.exists:
        return _Fate(new, distinct)
    equal = " AND ".join(
        f"w.{place} IS NOT DISTINCT FROM t.{sql.name(name)}" for place, name in columns.items()
    )
    equal += " AND w._deleted IS NOT DISTINCT FROM t._sdc_deleted_at"
    if method is LoadMethod.APPEND_ONLY:
        known = f"EXISTS (FROM {plan.target} AS t WHERE {_same_key(plan, 'w')} AND {equal})"
        return _Fate(f"""SELECT w.*, {digest} AS _hash{nothing},
            CASE WHEN {known} THEN 'duplicate' ELSE 'inserted' END AS _fate
            FROM {winners} AS w""")  # noqa: S608
    if not _match(con, plan, winners, digest, equal):
        return _Fate(new, distinct)
    extras = "".join(f", m.e{i}" for i, _ in enumerate(plan.extras))
    return _Fate(f"""SELECT w.*, {digest} AS _hash, m._stored{extras}, CASE
            WHEN m._stored IS NULL THEN 'inserted'
            WHEN m._later THEN 'superseded'
            WHEN NOT m._same THEN 'updated'
            WHEN w._version IS DISTINCT FROM m._was AND w._version IS NOT NULL THEN 'renewed'
            ELSE 'duplicate' END AS _fate
        FROM {winners} AS w LEFT JOIN matched AS m USING (_line)""")  # noqa: S608


def _match(
    con: duckdb.DuckDBPyConnection, plan: Plan, winners: str, digest: str, equal: str
) -> int:
    """Put the stored row of each key into temp table `matched`; return how many there are.

    As few of the table's columns are read as will do: rows whose hashes differ are different; only
    where they are equal, or not stored, are all columns compared.
    """
    carried = "".join(f", t.{sql.name(name)} AS e{i}" for i, name in enumerate(plan.extras))
    stored = f"t.{sql.name(ROW_HASH)}" if ROW_HASH in plan.stored else "NULL"
    con.execute(f"""CREATE OR REPLACE TEMP TABLE matched AS
        SELECT w._line, t.rowid AS _stored, t._sdc_table_version AS _was,
            coalesce(t._sdc_sequence > w._seq, false) AS _later,
            {stored} IS NULL OR {stored} = {digest} AS _same{carried}
        FROM {winners} AS w JOIN {plan.target} AS t ON {_same_key(plan, "w")}
        QUALIFY row_number() OVER (PARTITION BY w._line ORDER BY t.rowid DESC) = 1""")  # noqa: S608
    found = con.execute("SELECT count(*), count_if(_same) FROM matched").fetchone() or (0, 0)
    if found[1]:
        con.execute(f"""UPDATE matched SET _same = false WHERE _same AND _line NOT IN (
            SELECT w._line FROM {winners} AS w JOIN {plan.target} AS t
                ON {_same_key(plan, "w")} AND {equal}
            JOIN matched AS m ON m._line = w._line AND m._stored = t.rowid)""")  # noqa: S608
    return int(found[0])


def _winners(
    con: duckdb.DuckDBPyConnection, rows: str, once: list[str], arrived: int
) -> tuple[str, int]:
    """Return the rows of which only the last of its key is left, to select from, and their number.

    once: the columns of the key; empty keeps every row.
    """
    if not once:
        return sql.name(rows), arrived
    keys = ", ".join(once)
    distinct = f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {sql.name(rows)})"  # noqa: S608
    number = _count(con, distinct)
    if number == arrived:
        return sql.name(rows), arrived
    last = f"""(SELECT * FROM {sql.name(rows)} QUALIFY row_number() OVER (
        PARTITION BY {keys} ORDER BY _seq DESC) = 1)"""  # noqa: S608
    return last, number


def _digest(columns: dict[str, str]) -> str:
    """Return a hash of a row that a column without a value does not change."""
    parts = [
        f"CASE WHEN w.{place} IS NULL THEN 0::UBIGINT ELSE hash({sql.text(name)}, w.{place}) END"
        for place, name in columns.items()
    ]
    parts.append("CASE WHEN w._deleted IS NULL THEN 0::UBIGINT ELSE hash(w._deleted) END")
    # 63 bits: DuckLake's catalogs keep signed integers.
    joined = parts[0]
    for part in parts[1:]:
        joined = f"xor({joined}, {part})"
    return f"(({joined}) >> 1)::BIGINT"


def _places(plan: Plan, names: tuple[str, ...]) -> dict[str, str]:
    """Return the temp table's column (c0, c1, ...) of each named column, with its name."""
    at = {column.name: f"c{i}" for i, column in enumerate(plan.shape.columns)}
    return {at[name]: name for name in names}


def _same_key(plan: Plan, alias: str) -> str:
    keys = _places(plan, plan.shape.keys)
    return " AND ".join(f"{alias}.{place} = t.{sql.name(name)}" for place, name in keys.items())


def _insert(con: duckdb.DuckDBPyConnection, plan: Plan, rows: str, stamp: Stamp) -> None:
    columns = {f"c{i}": column.name for i, column in enumerate(plan.shape.columns)}
    columns |= {f"e{i}": name for i, name in enumerate(plan.extras)}
    values = {
        "_sdc_extracted_at": "_extracted",
        "_sdc_received_at": "$received_at",
        "_sdc_batched_at": "$received_at",
        "_sdc_deleted_at": "_deleted",
        "_sdc_sequence": "_seq",
        "_sdc_table_version": "_version",
        "_load_id": "$load_id",
        ROW_HASH: "_hash",
    }
    listed = ", ".join(map(sql.name, (*columns.values(), *META)))
    selected = ", ".join((*columns, *(values[name] for name in META)))
    con.execute(
        f"""INSERT INTO {plan.target} ({listed})
            SELECT {selected} FROM {rows} WHERE _fate IN ('inserted', 'updated', 'renewed')""",  # noqa: S608
        {"received_at": stamp.received_at, "load_id": stamp.load_id},
    )


def _count(
    con: duckdb.DuckDBPyConnection, statement: str, parameters: list[datetime] | None = None
) -> int:
    row = con.execute(statement, parameters or []).fetchone()
    return int(row[0]) if row else 0
