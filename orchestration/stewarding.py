"""What stewards are asked and what they answer; an answer lands as a row of source `steward`."""

import getpass
import io
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import duckdb

import contracts
from contracts import CrossdockError
from orchestration import build
from orchestration.hub import Hub
from warehouse.landing.load import Load
from warehouse.landing.settings import Settings

# What may be answered to what is asked; contracts/sources/steward.odcs.yaml explains the verbs.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "unknown_article": ("map", "apart"),
    "unknown_node": ("map",),
    "unknown_service": ("map",),
    "unknown_party": ("map",),
    "codes_disagree": ("map", "apart", "accept"),
    "name_disagrees": ("map", "apart", "accept"),
    "duplicate_product": ("merge", "accept"),
    "attribute_conflict": ("accept",),
    "unknown_reference": (),
    "factor_conflict": (),
    "stock_difference": (),
}


@dataclass(frozen=True)
class _Known:
    """Where an entity's target, as somebody names it, has to stand, and the refusal otherwise."""

    table: str
    name: str
    refusal: str


_KNOWN: Mapping[str, _Known] = {
    "product": _Known("erp.products", "sku", "The ERP has no article '{}': name one by its SKU."),
    "node": _Known(
        "erp.warehouses", "code", "The ERP has no warehouse '{}': name one by its code."
    ),
    "carrier_service": _Known(
        "canonical.carrier_service",
        "carrier || '/' || service",
        "No carrier has a service '{}': name one as CARRIER/SERVICE.",
    ),
    "party": _Known(
        "erp.partners", "partner_id", "The ERP has no partner '{}': name one by its number."
    ),
}
# From here two names are so alike that one is asked about; 'aa 17' and 'AA-00017' have 0.82.
_ALIKE = 0.8


WAITS = "answered, waits for unify"
ASKED_AGAIN = "answered, asked again"


class StewardError(CrossdockError):
    """A task or an answer that cannot be."""


@dataclass(frozen=True)
class Task:
    """A question to a steward, as `canonical.steward_task` has it."""

    task_uid: str
    kind: str
    entity: str
    source_system: str
    source_key: str
    entity_uid: str | None
    proposal: str | None
    evidence: str
    next_step: str
    rows_affected: int
    since: datetime


@dataclass(frozen=True)
class Word:
    """An answer that a steward gave."""

    word_id: str
    entity: str
    verb: str
    source_system: str
    source_key: str
    target: str | None
    task_uid: str | None
    reason: str
    said_by: str
    said_at: datetime
    undone_by: str | None = None
    undone_at: datetime | None = None


def tasks(con: duckdb.DuckDBPyConnection) -> list[Task]:
    """Return the open tasks of the last build, those that most rows wait for first."""
    return _rows(con, Task, "canonical.steward_task", "rows_affected DESC, kind, task_uid")


def find(con: duckdb.DuckDBPyConnection, named: str) -> Task:
    """Return a task by its uid or by how it begins; raise StewardError for none or several."""
    found = [task for task in tasks(con) if task.task_uid.startswith(named)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise StewardError(
            f"There is no open task '{named[:80]}'. `crossdock tasks list` gives those that are; "
            "an answered one is gone after the next `crossdock unify`."
        )
    raise StewardError(
        f"'{named}' may mean {len(found):,} tasks: {', '.join(t.task_uid for t in found[:3])} …"
    )


def words(con: duckdb.DuckDBPyConnection) -> list[Word]:
    """Return every answer ever given, the newest first."""
    return _rows(con, Word, "steward.words", "said_at DESC, word_id")


def answered(con: duckdb.DuckDBPyConnection, every: Sequence[Task]) -> dict[str, str]:
    """Tell of tasks that have a standing answer, by uid, what becomes of it: WAITS or ASKED_AGAIN.

    The last build made the tasks: what was answered after it waits for the next. A task that it
    made in spite of an answer is open, as one for which another article is proposed now.
    """
    built = build.newest(con)
    said: dict[tuple[str, str, str], datetime] = {}
    for word in words(con):
        if word.undone_at is None:
            key = (word.entity, word.source_system, word.source_key)
            said[key] = max(said.get(key, word.said_at), word.said_at)
    found = {}
    for task in every:
        at = said.get((task.entity, task.source_system, task.source_key))
        if at is not None and ANSWERS[task.kind]:
            found[task.task_uid] = WAITS if built is None or at > built.finished_at else ASKED_AGAIN
    return found


def answer(hub: Hub, task: Task, verb: str, target: str | None, reason: str) -> Word:
    """Land a steward's answer to a task; it counts from the next `crossdock unify` on.

    Raises StewardError for an answer that the task does not take, or a target that nobody knows.
    """
    if verb not in ANSWERS[task.kind]:
        may = ", ".join(ANSWERS[task.kind])
        what = f"It takes: {may}." if may else f"No verb answers it. {task.next_step}"
        raise StewardError(f"A task of kind {task.kind} cannot be answered by {verb}. {what}")
    if not reason.strip():
        raise StewardError("Say --why: whoever looks at this answer later will ask.")
    target = task.proposal if target is None and verb in ("map", "merge", "apart") else target
    if verb in ("map", "merge", "apart"):
        _refuse_unknown(hub, task.entity, target)
    if verb == "merge" and target == task.source_key:
        raise StewardError(f"{target} cannot be merged into itself. Name the one that stays.")
    word = Word(
        word_id=secrets.token_hex(6),
        entity=task.entity,
        verb=verb,
        source_system=task.source_system,
        source_key=task.source_key,
        target=target if verb != "accept" else None,
        task_uid=task.task_uid,
        reason=" ".join(reason.split())[:500],
        said_by=_steward(),
        said_at=datetime.now(UTC),
    )
    _land(hub, word)
    return word


def undo(hub: Hub, word_id: str) -> Word:
    """Take an answer back; what it decided is decided again by the next `crossdock unify`."""
    with hub.lake.connect(read_only=True) as con:
        found = [word for word in words(con) if word.word_id.startswith(word_id)]
    standing = [word for word in found if word.undone_at is None]
    if len(standing) != 1:
        what = "is taken back already" if found and not standing else "is not one standing answer"
        raise StewardError(f"'{word_id[:80]}' {what}. `crossdock tasks words` lists them all.")
    (word,) = standing
    undone = Word(**(vars(word) | {"undone_by": _steward(), "undone_at": datetime.now(UTC)}))
    _land(hub, undone)
    return undone


def _rows(con: duckdb.DuckDBPyConnection, kind: type, table: str, order: str) -> list[Any]:
    schema, _, name = table.partition(".")
    there = con.execute(
        "SELECT 1 FROM duckdb_columns() WHERE database_name = 'lake' AND schema_name = ? "
        "AND table_name = ?",
        [schema, name],
    ).fetchone()
    if there is None:  # nothing was built, or said, yet
        return []
    columns = ", ".join(field.name for field in fields(kind))
    rows = con.execute(f"SELECT {columns} FROM lake.{table} ORDER BY {order}").fetchall()  # noqa: S608
    return [kind(*row) for row in rows]


def _refuse_unknown(hub: Hub, entity: str, target: str | None) -> None:
    if target is None:
        raise StewardError("Nothing is proposed here: name what is meant.")
    known = _KNOWN[entity]
    with hub.lake.connect(read_only=True) as con:
        # Case and all but letters and digits count for nothing: they are how names are mistyped.
        best = con.execute(
            f"""WITH known AS (SELECT DISTINCT {known.name} AS name FROM lake.{known.table}),
            plain AS (
                SELECT name, regexp_replace(upper(name), '[^0-9A-Z]', '', 'g') AS spelled,
                    regexp_replace(upper($1), '[^0-9A-Z]', '', 'g') AS asked
                FROM known)
            SELECT name, jaro_winkler_similarity(spelled, asked) AS likeness FROM plain
            ORDER BY name = $1 DESC, likeness DESC, name LIMIT 1""",  # noqa: S608 - constants
            [target],
        ).fetchone()
    if best is None or best[0] != target:
        near = f" Did you mean '{best[0]}'?" if best and best[1] >= _ALIKE else ""
        raise StewardError(known.refusal.format(target[:80]) + near)


def _land(hub: Hub, word: Word) -> None:
    """Write a word through the target, as any source's rows: with ledger, seal and backup."""
    table = contracts.read("sources/steward").table("words")
    row = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in vars(word).items()
    }
    messages: tuple[dict[str, Any], ...] = (
        {
            "type": "SCHEMA",
            "stream": table.name,
            "schema": table.singer_schema(),
            "key_properties": list(table.primary_key),
        },
        {"type": "RECORD", "stream": table.name, "record": row},
    )
    stream = io.BytesIO(b"".join(json.dumps(each).encode() + b"\n" for each in messages))
    settings = Settings(
        home=hub.settings.home, source="steward", lock_timeout_s=hub.settings.lock_timeout_s
    )
    totals = Load(hub.lake, settings, lambda _: None).run(stream)
    if totals.quarantined:
        raise StewardError("The answer did not fit its contract: `crossdock quarantine list`.")


def _steward() -> str:
    """Return whose word it is: CROSSDOCK_USER, where one account serves several people."""
    try:
        return os.environ.get("CROSSDOCK_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
