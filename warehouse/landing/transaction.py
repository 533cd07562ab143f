"""The one transaction of a batch: rows, quarantine, ledger and STATE, or nothing."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from warehouse import files, ledger, quarantine, state
from warehouse.errors import LakeError
from warehouse.lake import Lake
from warehouse.landing import merge, table
from warehouse.landing.gathered import Gathered
from warehouse.landing.merge import Counts, LoadMethod, Stamp
from warehouse.landing.settings import Settings


@dataclass(frozen=True)
class Batch:
    """What is the same for all streams of a batch; `landed` when it was committed before."""

    batch_id: str
    state: str | None
    is_final: bool
    begun: float
    last_byte: int | None = None
    landed: tuple[ledger.Entry, ...] = ()


@dataclass
class Ready:
    """A stream's part, read into temp table `rows`, with the plan of its table if it has one."""

    stream: str
    gathered: Gathered
    schema: str | None = None
    plan: table.Plan | None = None
    rows: str = ""
    method: LoadMethod = LoadMethod.UPSERT
    is_emptied: bool = False
    may_heal: bool = True
    # Whether the hub knows this key and SCHEMA already.
    is_known: bool = False


def write(
    lake: Lake,
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    parts: Sequence[Ready],
    settings: Settings,
    stamp: Stamp,
) -> list[ledger.Entry]:
    """Commit a batch under the lake's lock, which the caller holds; return the ledger's entries.

    Raises LakeError when the transaction fails; then nothing of the batch is there.
    """
    try:
        con.execute("BEGIN")
        entries = _fill(con, batch, parts, settings, stamp)
        files.seal(con, lake, batch.batch_id, stamp.received_at)
    except BaseException:
        _roll_back(con)
        raise
    try:
        lake.commit(con)
    except LakeError:
        # The commit may have landed although its reply was lost: the ledger knows.
        with lake.connect(read_only=True) as looking:
            if not ledger.has_batch(looking, batch.batch_id):
                raise
    return entries


def _fill(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    parts: Sequence[Ready],
    settings: Settings,
    stamp: Stamp,
) -> list[ledger.Entry]:
    source, now = settings.source, stamp.received_at
    about = {"source": source, "load_id": stamp.load_id}
    held = [
        (part.stream, part.gathered.origin, unit)
        for part in parts
        for unit in part.gathered.held
        if part.gathered.again is None  # what is read again is in quarantine already
    ]
    if held:
        units = quarantine.rows(
            held, batch_id=batch.batch_id, sequence=stamp.sequence, now=now, **about
        )
        quarantine.write(con, units)
    counted: list[tuple[Ready, Counts]] = []
    for part in parts:
        counts = _merge(con, part, settings, stamp)
        counted.append((part, counts))
        if part.plan is not None and part.may_heal and counts.loaded:
            quarantine.heal(con, part.plan.shape, part.rows, now=now, **about)
        if part.gathered.again is not None:
            ids = part.gathered.again.ids
            kept = {ids[unit.line.number]: unit for unit in part.gathered.held}
            healed = ids.values() - kept.keys()
            quarantine.release(con, healed, load_id=stamp.load_id, now=now)
            quarantine.restate(con, kept)
    if batch.state is not None:
        state.write(con, source, batch.state, stamp.load_id, now)
    entries = list(batch.landed) or [
        _entry(part, counts, batch, source, stamp) for part, counts in counted
    ]
    # A load without any unit leaves its mark as well: that it ran, and to its end.
    entries = entries or [_entry(Ready("", Gathered()), Counts(), batch, source, stamp)]
    ledger.write(con, entries)
    return entries


def _merge(con: duckdb.DuckDBPyConnection, part: Ready, settings: Settings, stamp: Stamp) -> Counts:
    plan = part.plan
    if plan is None:
        return Counts()
    table.apply(con, settings.source, plan)
    if not part.is_known:
        _keep_schema(con, settings.source, plan, part.schema)
    deleted = merge.empty(con, plan) if part.is_emptied else 0
    counts = merge.merge(con, plan, part.rows, part.method, stamp)
    if not plan.exists and not counts.loaded:
        table.acquaint(con, plan)
    if settings.hard_delete and counts.loaded:
        deleted += merge.delete_marked(con, plan)
    if part.gathered.version is not None:
        deleted += merge.activate(
            con, plan, part.gathered.version, hard=settings.hard_delete, now=stamp.received_at
        )
    counts.deleted = deleted
    return counts


def _keep_schema(
    con: duckdb.DuckDBPyConnection, source: str, plan: table.Plan, schema: str | None
) -> None:
    """Remember the stream's key and its last SCHEMA, by which a held unit can be read again."""
    key, about = json.dumps(list(plan.shape.keys)), [source, plan.shape.stream]
    stored = con.execute(
        "SELECT key_properties::VARCHAR, schema::VARCHAR FROM lake.hub.stream"
        " WHERE source = ? AND stream = ?",
        about,
    ).fetchone()
    if stored and stored[0] == key and (schema is None or stored[1] == schema):
        return
    con.execute("DELETE FROM lake.hub.stream WHERE source = ? AND stream = ?", about)
    con.execute(
        "INSERT INTO lake.hub.stream (source, stream, key_properties, schema, committed_at)"
        " VALUES (?, ?, ?, ?, now())",
        [*about, key, schema],
    )


def _entry(part: Ready, counts: Counts, batch: Batch, source: str, stamp: Stamp) -> ledger.Entry:
    gathered = part.gathered
    return ledger.Entry(
        batch_id=batch.batch_id,
        load_id=stamp.load_id,
        source=source,
        stream=part.stream,
        emitted=gathered.units,
        loaded=counts.loaded,
        inserted=counts.inserted,
        updated=counts.updated,
        duplicate=counts.duplicate,
        superseded=counts.superseded,
        quarantined=len(gathered.held),
        deleted=counts.deleted,
        bytes=gathered.bytes,
        first_line=gathered.first_line,
        last_line=gathered.last_line,
        last_byte=batch.last_byte,
        last_sequence=stamp.sequence + gathered.last_number,
        is_final=batch.is_final,
        seconds=Decimal(f"{time.monotonic() - batch.begun:.6f}"),
        committed_at=stamp.received_at,
    )


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    try:
        con.execute("ROLLBACK")
    except duckdb.Error:
        # The connection is closed by the load's end in any case.
        return
