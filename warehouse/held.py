"""Units held back, as people ask for them: chosen, counted, found by a short name."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from warehouse import names
from warehouse.errors import WarehouseError
from warehouse.landing.reasons import REASONS

SHORT = 10
_SHORT_SQL = f"left(md5(quarantine_id), {SHORT})"


class ChoiceError(WarehouseError):
    """No unit is meant by what was asked for, or more than one is."""


@dataclass(frozen=True)
class Choice:
    """Which units are meant: None is any; `is_open` None is open and healed ones."""

    source: str | None = None
    stream: str | None = None
    reason: str | None = None
    load_id: str | None = None
    units: tuple[str, ...] = ()
    is_open: bool | None = True

    def __post_init__(self) -> None:
        if self.reason is not None and self.reason not in REASONS:
            known = ", ".join(sorted(REASONS))
            raise ChoiceError(f"'{self.reason}' is no reason. Reasons: {known}.")

    def where(self) -> tuple[str, Mapping[str, Any]]:
        """Return the condition on `hub.quarantine` and its parameters."""
        said = {"source": self.source, "stream": self.stream, "reason": self.reason}
        said["load_id"] = self.load_id
        parameters: dict[str, Any] = {k: v for k, v in said.items() if v is not None}
        terms = [f"{name} = ${name}" for name in parameters]
        if self.units:
            terms.append("quarantine_id IN (SELECT unnest($units::VARCHAR[]))")
            parameters["units"] = list(self.units)
        if self.is_open is not None:
            terms.append(f"healed_at IS {'' if self.is_open else 'NOT '}NULL")
        return " AND ".join(terms) or "true", parameters


@dataclass(frozen=True)
class Unit:
    """One unit of `hub.quarantine`; `raw` is empty where it was not asked for."""

    quarantine_id: str
    short: str
    load_id: str
    batch_id: str
    source: str
    stream: str
    line: int
    byte_offset: int
    reason: str
    detail: str
    key: str | None
    size: int
    overflow: str | None
    arrived_at: datetime
    healed_at: datetime | None
    healed_by: str | None
    raw: bytes = b""

    @property
    def held_for(self) -> timedelta:
        """How long it was held, or has been until now."""
        return (self.healed_at or datetime.now(UTC)) - self.arrived_at


@dataclass(frozen=True)
class Group:
    """The units of one source, stream and reason, counted."""

    source: str
    stream: str
    reason: str
    open: int
    healed: int
    oldest: datetime
    newest: datetime


_FIELDS = f"""quarantine_id, {_SHORT_SQL} AS short, load_id, batch_id, source, stream, line,
    byte_offset, reason, detail, key::VARCHAR AS key, octet_length(raw) AS size, overflow,
    arrived_at, healed_at, healed_by"""


def groups(con: duckdb.DuckDBPyConnection, choice: Choice) -> list[Group]:
    """Count the chosen units by source, stream and reason, the newest first."""
    where, parameters = choice.where()
    rows = con.execute(
        f"""SELECT source, stream, reason, count(*) FILTER (healed_at IS NULL),
            count(healed_at), min(arrived_at), max(arrived_at)
        FROM lake.hub.quarantine WHERE {where}
        GROUP BY ALL ORDER BY max(arrived_at) DESC, source, stream, reason""",  # noqa: S608
        parameters,
    ).fetchall()
    return [Group(*row) for row in rows]


def units(
    con: duckdb.DuckDBPyConnection, choice: Choice, *, limit: int | None = None
) -> list[Unit]:
    """Return the chosen units without their raw bytes, the newest first, in order of line."""
    where, parameters = choice.where()
    rows = con.execute(
        f"""SELECT {_FIELDS} FROM lake.hub.quarantine WHERE {where}
        ORDER BY arrived_at DESC, batch_id, line, quarantine_id
        {f"LIMIT {limit:d}" if limit is not None else ""}""",  # noqa: S608
        parameters,
    ).fetchall()
    return [Unit(*row) for row in rows]


def ids(con: duckdb.DuckDBPyConnection, choice: Choice) -> list[tuple[str, str]]:
    """Return source and quarantine id of the chosen units, in order of arrival."""
    where, parameters = choice.where()
    return con.execute(
        f"""SELECT source, quarantine_id FROM lake.hub.quarantine WHERE {where}
        ORDER BY arrived_at, batch_id, line, quarantine_id""",  # noqa: S608
        parameters,
    ).fetchall()


def with_raw(con: duckdb.DuckDBPyConnection, choice: Choice) -> Iterator[Unit]:
    """Yield the chosen units with their raw bytes, in order of arrival.

    One batch is in memory at a time: a batch has a bound (`batch_bytes`), a quarantine has none.
    """
    where, parameters = choice.where()
    batches = con.execute(
        f"""SELECT batch_id FROM lake.hub.quarantine WHERE {where}
        GROUP BY batch_id ORDER BY min(arrived_at), batch_id""",  # noqa: S608
        parameters,
    ).fetchall()
    for (batch_id,) in batches:
        rows = con.execute(
            f"""SELECT {_FIELDS}, raw FROM lake.hub.quarantine
            WHERE batch_id = $batch_id AND {where} ORDER BY line, quarantine_id""",  # noqa: S608
            {**parameters, "batch_id": batch_id},
        ).fetchall()
        yield from (Unit(*row) for row in rows)


def find(con: duckdb.DuckDBPyConnection, named: str) -> str:
    """Return the quarantine id of a unit by it, by its short name, or by the start of that."""
    rows = con.execute(
        """SELECT quarantine_id FROM lake.hub.quarantine
        WHERE quarantine_id = $id OR (length($id) >= 4 AND starts_with(md5(quarantine_id), $id))
        ORDER BY quarantine_id = $id DESC, quarantine_id LIMIT 5""",
        {"id": named},
    ).fetchall()
    found = [str(row[0]) for row in rows]
    if not found:
        raise ChoiceError(
            f"There is no unit {named[:80]!r}. `crossdock quarantine list --all` gives the ids; "
            "four characters of one or more will do."
        )
    if len(found) > 1 and found[0] != named:
        raise ChoiceError(f"{named!r} may mean: {', '.join(found)}. Give more of it, or all.")
    return found[0]


def resolve(con: duckdb.DuckDBPyConnection, choice: Choice, named: Iterable[str] | None) -> Choice:
    """Return a choice of the units that a person named, if any, on top of what else was asked.

    Raise ChoiceError for a unit, a source or a stream that was never heard of.
    """
    refuse_unknown(con, choice, names.known(con))
    return replace(choice, units=tuple(find(con, unit) for unit in named or ()))


def refuse_unknown(
    con: duckdb.DuckDBPyConnection, choice: Choice, known: Mapping[str, Set[str]]
) -> None:
    """Raise ChoiceError, with the valid choices, for a source or stream never heard of.

    known: of each source, the streams that may be named (`names.known`).
    """
    source, stream = choice.source, choice.stream
    if source is not None and source not in known:
        raise ChoiceError(
            f"Nothing was ever landed of a source '{source}'. "
            f"Sources: {', '.join(sorted(known)) or 'none yet'}."
        )
    streams = {name for of, names in known.items() if source in (None, of) for name in names}
    if stream is None or stream in streams:
        return
    held = con.execute("SELECT 1 FROM lake.hub.quarantine WHERE stream = ? LIMIT 1", [stream])
    if held.fetchone() is None:
        raise ChoiceError(
            f"There is no stream '{stream}'{f' of {source}' if source else ''}. "
            f"Streams: {', '.join(sorted(streams)) or 'none yet'}."
        )
