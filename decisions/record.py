"""The tables in which a run is kept, and the bytes by which two runs are compared."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from decisions.errors import DecisionError
from decisions.frame import Action, Decision, Mode, Outcome
from decisions.schemas import SCHEMAS

# What differs between two runs that decided the same, and what became of an action afterwards.
_VOLATILE = {"started_at", "cpu_ms", "digest", "status"}


@dataclass(frozen=True, slots=True)
class Header:
    """What identifies a run and lets it be repeated."""

    run_uid: str
    job: str
    release_id: str
    code_version: str
    policy: str
    policy_hash: str
    seed: int
    mode: Mode
    as_of: datetime
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run as four tables, each with the columns of `SCHEMAS`."""

    decision_run: pa.Table
    decision: pa.Table
    decision_option: pa.Table
    action_outbox: pa.Table

    @property
    def header(self) -> Header:
        """What the run was given."""
        row = self.decision_run.to_pylist()[0]
        return Header(**{field.name: row[field.name] for field in fields(Header)})

    @property
    def digest(self) -> str:
        """SHA-256 of what was decided, whenever and however fast it was."""
        return str(self.decision_run["digest"][0].as_py())

    def tables(self) -> dict[str, pa.Table]:
        """The four tables by name."""
        return {name: getattr(self, name) for name in SCHEMAS}


def fingerprint(*parts: object) -> str:
    """A short identity (32 hex digits of SHA-256) of the parts in their order."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def to_bytes(result: RunResult) -> bytes:
    """The run as canonical JSON lines: equal for two runs that decided the same.

    Left out are the start, the CPU time, the digest itself and the status of actions, which moves
    on; rows are sorted, so the order in which a database hands them back does not matter.
    """
    lines = [line for name in SCHEMAS for line in sorted(_lines(name, getattr(result, name)))]
    return "".join(f"{line}\n" for line in lines).encode()


def digest_of(result: RunResult) -> str:
    """SHA-256 of the run's bytes as they are now, whatever digest was recorded with them."""
    return hashlib.sha256(to_bytes(result)).hexdigest()


def restore(tables: Mapping[str, pa.Table]) -> RunResult:
    """A run read back from where it was kept; raises DecisionError if it is not there.

    Database types (large strings, other list names) are cast to `SCHEMAS`; other columns go, and
    those that were not there yet when it was kept are null.
    """
    if tables["decision_run"].num_rows != 1:
        found = tables["decision_run"].num_rows
        raise DecisionError(f"Expected the rows of one run, found {found}. Filter by run_uid.")
    return RunResult(**{name: _shaped(tables[name], schema) for name, schema in SCHEMAS.items()})


def _shaped(table: pa.Table, schema: pa.Schema) -> pa.Table:
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(schema.names).cast(schema)


def record(header: Header, outcome: Outcome, cpu_ms: int) -> RunResult:
    """Write down an outcome under its run's identity."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
    for sequence, decision in enumerate(outcome.decisions, start=1):
        _add(rows, header, sequence, decision)
    count = len(outcome.decisions)
    rows["decision_run"] = [asdict(header) | {"cpu_ms": cpu_ms, "decisions": count, "digest": None}]
    result = _result(rows)
    rows["decision_run"][0]["digest"] = digest_of(result)
    return _result(rows)


def _result(rows: Mapping[str, list[dict[str, Any]]]) -> RunResult:
    return RunResult(
        **{name: pa.Table.from_pylist(rows[name], schema) for name, schema in SCHEMAS.items()}
    )


def _add(
    rows: dict[str, list[dict[str, Any]]], header: Header, sequence: int, decision: Decision
) -> None:
    run_uid = header.run_uid
    decision_uid = fingerprint("decision", run_uid, decision.subject_uid)
    chosen = None
    for rank, option in enumerate(decision.options, start=1):
        option_uid = fingerprint("option", decision_uid, rank)
        is_chosen = rank == 1 and decision.autonomy != "refuse"
        chosen = option_uid if is_chosen else chosen
        rows["decision_option"].append(
            {
                "option_uid": option_uid,
                "decision_uid": decision_uid,
                "run_uid": run_uid,
                "rank": rank,
                "is_chosen": is_chosen,
                "label": option.label,
                "plan": _json(option.plan),
                "cost": option.cost,
                "cost_parts": _json(option.cost_parts),
                "eliminated_reason": option.eliminated_reason,
            }
        )
    rows["decision"].append(
        {
            "decision_uid": decision_uid,
            "run_uid": run_uid,
            "sequence": sequence,
            "subject_type": decision.subject_type,
            "subject_uid": decision.subject_uid,
            "subject_label": decision.subject_label,
            "chosen_option_uid": chosen,
            "objective": decision.objective,
            "lower_bound": decision.lower_bound,
            "gap": _gap(decision),
            "autonomy": decision.autonomy,
            "reason_codes": list(decision.reason_codes),
            "summary": decision.summary,
        }
    )
    if header.mode == "shadow":
        return
    # What waits for a person is in the outbox already, but no sender may take it.
    status = "held" if decision.autonomy == "hold" else "proposed"
    for action in decision.actions:
        rows["action_outbox"].append(
            {"decision_uid": decision_uid, "status": status, **action_row(header, action)}
        )


def action_row(header: Header, action: Action) -> dict[str, Any]:
    """An action as a row of the outbox, without its decision and its status."""
    payload = _json(action.payload)
    key = _key(header, action)
    return {
        "action_uid": fingerprint("action", header.run_uid, key),
        "run_uid": header.run_uid,
        "target_system": action.target_system,
        "verb": action.verb,
        "payload": payload,
        "payload_hash": fingerprint("payload", payload),
        "idempotency_key": key,
        "scopes": [f"job:{header.job}", f"system:{action.target_system}", *action.scopes],
        "claims": _json([asdict(claim) for claim in action.claims]),
        "after": [_key(header, earlier) for earlier in action.after],
        "undo": _json(action_row(header, action.undo)) if action.undo else None,
        "compensates": None,
    }


def _key(header: Header, action: Action) -> str:
    return fingerprint("key", header.job, action.verb, action.basis)


def _gap(decision: Decision) -> Decimal | None:
    if decision.objective is None or not decision.lower_bound:
        return None
    gap = (decision.objective - decision.lower_bound) / decision.lower_bound
    return gap.quantize(Decimal("0.000001"))


def _lines(name: str, table: pa.Table) -> Iterator[str]:
    for row in table.to_pylist():
        kept = {key: value for key, value in row.items() if key not in _VOLATILE}
        yield f"{name} {_json(kept)}"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"A plan may not hold a {type(value).__name__}: {value!r}")
