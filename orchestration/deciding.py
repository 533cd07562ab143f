"""Run a decision job on a release, keep what it decided, and run it again to the same bytes."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

import decisions
from contracts import CrossdockError
from decisions import Job, RunResult
from decisions.policies import Policies
from decisions.record import digest_of
from decisions.schemas import SCHEMAS
from orchestration import decision_tables
from orchestration.acting import audit, checkpoints
from orchestration.acting.breakers import Breakers
from orchestration.acting.policies import policies
from orchestration.acting.signals import signals
from orchestration.gate import open_gate
from orchestration.hub import Hub
from orchestration.publishing import aging_rules, mark_of
from warehouse.release import Release

# The field of a job's policy that has the scopes whose breakers are open.
STOPPED = "stopped"


class RunError(CrossdockError):
    """A decision run cannot be recorded, found or repeated."""


def code_version() -> str:
    """Return a hash of the jobs' code: the same code gives the same version, on any machine."""
    digest = hashlib.sha256()
    folder = Path(decisions.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def inputs(hub: Hub, release: Release, job: Job[Any]) -> dict[str, pa.Table]:
    """Return the columns that a job reads, from one release."""
    with hub.releases.open(release.release_id) as con:
        return {
            entity: con.execute(
                f"select {', '.join(columns)} from canonical.{entity}"  # noqa: S608 - declared by the job
            ).to_arrow_table()
            for entity, columns in job.reads.items()
        }


def decide(hub: Hub, name: str) -> RunResult:
    """Decide on the newest audited snapshot, if the job's gate is open, and record it.

    The gate is asked twice: before reading, and under the lake's lock when the decisions are
    written, because a candidate may have failed in between. Raises GateClosed. What the release
    does not give again when it is read anew is not recorded: RunError.
    """
    job = decisions.job(name)
    terms = policies(hub.settings)
    release = open_gate(hub, name)
    result = decisions.run(
        job,
        inputs(hub, release, job),
        release_id=release.release_id,
        now=release.published_at,
        code_version=code_version(),
        policy=_policy(hub, terms, job),
    )
    again_digest = decisions.replay(job, inputs(hub, release, job), result).digest
    if again_digest != result.digest:
        raise RunError(
            f"{name} decides otherwise when it is run again on {release.release_id}: it is not a "
            "pure function of its release. Nothing was recorded."
        )
    with hub.lake.lock(timeout=hub.settings.lock_timeout_s, purpose=f"record {name}"):
        again = open_gate(hub, name)
        if again.release_id != release.release_id:
            raise RunError(
                f"Release {again.release_id} came out while {name} ran on {release.release_id}. "
                f"Nothing was recorded; run `crossdock decide {name}` again."
            )
        _record(hub, terms, result, _feeds(hub, release, result), again_digest)
    return result


def _policy(hub: Hub, terms: Policies, job: Job[Any]) -> dict[str, Any]:
    """Return a job's policy; one that can go round what is stopped is told what is."""
    policy = dict(terms.of(job.name).policy)
    if STOPPED in job.policy.model_fields:
        with hub.lake.connect(read_only=True) as con:
            scopes = Breakers(con, terms, hub.settings.clock()).open_scopes()
        policy[STOPPED] = sorted({*policy.get(STOPPED, ()), *scopes})
    return policy


def _feeds(hub: Hub, release: Release, result: RunResult) -> list[dict[str, Any]]:
    """How old each source is that the release was made of, beside what its contract allows."""
    shared = {"run_uid": result.header.run_uid, "read_at": hub.settings.clock()}
    feeds = []
    for contract in hub.contracts("sources"):
        as_of = release.as_of_marks.get(contract.name)
        promised: list[tuple[str, int | None]] = [
            (mark_of(contract, rule), int(rule.comparator[1]))
            for rule in aging_rules(contract)
            if rule.unit == "s"
        ] or [(contract.name, None)]
        for feed, allowed_s in promised:
            marked_at = release.as_of_marks.get(feed, as_of)
            feeds.append({**shared, "feed": feed, "marked_at": marked_at, "allowed_s": allowed_s})
    return feeds


def _record(
    hub: Hub, terms: Policies, result: RunResult, feeds: list[dict[str, Any]], again: str
) -> None:
    """Write a run in one transaction; what the job proposed before and nobody did is superseded.

    A run that stands there already keeps what became of its actions.
    """
    run, now = result.header, hub.settings.clock()
    with hub.lake.connect() as con:
        con.execute("begin")
        decision_tables.provide(con)
        if _stands(con, result):
            _propose_again(con, result)
        else:
            for name, table in result.tables().items():
                con.register("rows", table)
                con.execute(f"insert into lake.decisions.{name} by name from rows")
                con.unregister("rows")
            con.execute(
                "update lake.decisions.action_outbox set recorded_at = ? where run_uid = ?",
                [datetime.now(UTC), run.run_uid],
            )
        con.execute(
            "update lake.decisions.decision_run set stood_at = ? where run_uid = ?",
            [datetime.now(UTC), run.run_uid],
        )
        _note_what_was_sent(con, run.run_uid)
        con.execute(
            """
            update lake.decisions.action_outbox set status = 'superseded'
            where status in ('proposed', 'held') and compensates is null
                and run_uid <> ? and run_uid in (
                    select run_uid from lake.decisions.decision_run where job = ?
                )
            """,
            [run.run_uid, run.job],
        )
        checkpoints.ask(con, result, terms.of(run.job).checkpoint, now)
        breakers = Breakers(con, terms, now)
        scope = f"job:{run.job}"
        freed_at = breakers[scope].since if breakers[scope].state == "closed" else None
        for reason in signals(con, result, terms.of(run.job).signals, freed_at):
            breakers.trip(scope, reason)
        log = audit.Log(con)
        breakers.write(con, log)
        log.write()
        decision_tables.write(con, "feed_read", feeds)
        decision_tables.write(con, "replay", [_replayed(_kept(con, run.run_uid), again)])
        hub.lake.commit(con)


def _stands(con: duckdb.DuckDBPyConnection, result: RunResult) -> bool:
    found = con.execute(
        "select 1 from lake.decisions.decision_run where run_uid = ?", [result.header.run_uid]
    ).fetchone()
    return found is not None


def _note_what_was_sent(con: duckdb.DuckDBPyConnection, run_uid: str) -> None:
    """Propose nothing, and ask about nothing, that another run has sent already."""
    con.execute(
        """
        update lake.decisions.action_outbox
        set status = 'duplicate', last_error = 'a run before sent it'
        where run_uid = ? and status in ('proposed', 'held') and compensates is null
            and idempotency_key in (
                select idempotency_key from lake.decisions.action_outbox
                where run_uid <> ? and status in ('sending', 'accepted')
            )
        """,
        [run_uid, run_uid],
    )


def _propose_again(con: duckdb.DuckDBPyConnection, result: RunResult) -> None:
    """Propose again what a run proposed that another one superseded, and ask again what expired."""
    for status in ("proposed", "held"):
        keys = result.action_outbox.filter(pc.field("status") == status)["action_uid"].to_pylist()
        con.execute(
            "update lake.decisions.action_outbox set status = ? "
            "where status in ('superseded', 'expired') and list_contains(?, action_uid)",
            [status, keys],
        )


def _replayed(was: RunResult, again: str) -> dict[str, Any]:
    return {
        "run_uid": was.header.run_uid,
        "replayed_at": datetime.now(UTC),
        "digest": again,
        "stored_digest": digest_of(was),
    }


def recorded(
    hub: Hub, run_uid: str | None = None, *, job: str | None = None, subject: str | None = None
) -> RunResult:
    """Return a recorded run, or the newest one: of a job, or of those that decided a subject.

    A subject is its uid or its label; where no run decided it, it is the newest run. Raises
    RunError that names the newest runs.
    """
    with hub.lake.connect(read_only=True) as con:
        try:
            runs = con.execute(
                "select * from lake.decisions.decision_run where job = coalesce(?, job)", [job]
            ).to_arrow_table()
            made = con.execute(
                "select distinct run_uid from lake.decisions.decision "
                "where subject_label = ? or subject_uid = ?",
                [subject, subject],
            ).fetchall()
        except duckdb.CatalogException:
            rows, of_subject = [], set()
        else:
            rows, of_subject = runs.to_pylist(), {row[0] for row in made}
        # A hub of before `stood_at` was there has none.
        rows.sort(key=lambda row: (row["as_of"], row.get("stood_at") or row["as_of"]), reverse=True)
        rows.sort(key=lambda row: row["run_uid"] not in of_subject)
        known = [str(row["run_uid"]) for row in rows]
        matches = [uid for uid in known if uid.startswith(run_uid or "")]
        if not matches or (run_uid and len(matches) > 1):
            problem = "is no decision run" if not matches else "is the start of several runs"
            raise RunError(
                f"{run_uid or 'There'} {problem}. The newest are: {', '.join(known[:5]) or 'none'}."
            )
        return _kept(con, matches[0])


def _kept(con: duckdb.DuckDBPyConnection, run_uid: str) -> RunResult:
    """Return the rows of a run as they are stored, without what was added to take actions back."""
    own = {"action_outbox": " and compensates is null"}
    return decisions.restore(
        {
            name: con.execute(
                f"select * from lake.decisions.{name} where run_uid = ?{own.get(name, '')}",  # noqa: S608
                [run_uid],
            ).to_arrow_table()
            for name in SCHEMAS
        }
    )


def replay(hub: Hub, run_uid: str | None = None) -> Mapping[str, Any]:
    """Run a recorded run again on its release, compare what was decided, and keep what was found.

    Compared are the rows that are kept, not the digest beside them. Returns run_uid, release_id,
    recorded and replayed digests and the replayed bytes. Raises RunError if the release is gone
    or the code is no longer the one that decided.
    """
    was = recorded(hub, run_uid)
    header = was.header
    if header.code_version != code_version():
        raise RunError(
            f"Run {header.run_uid} was decided by code {header.code_version}, this is "
            f"{code_version()}. Check out the commit that decided it and replay there."
        )
    job = decisions.job(header.job)
    release = hub.releases.get(header.release_id)
    again = decisions.replay(job, inputs(hub, release, job), was)
    lock = hub.lake.lock(timeout=hub.settings.lock_timeout_s, purpose="record a replay")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        decision_tables.provide(con)
        decision_tables.write(con, "replay", [_replayed(was, again.digest)])
        con.execute("commit")
    return {
        "run_uid": header.run_uid,
        "release_id": header.release_id,
        "recorded": digest_of(was),
        "replayed": again.digest,
        "bytes": decisions.to_bytes(again),
    }
