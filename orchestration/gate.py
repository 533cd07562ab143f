"""Whether a decision job may start: what it reads, and all that this is made of, must stand.

The facts live in the lake and beside the releases, not in a run, so that the gate holds for
whoever starts a decision: a schedule, the UI, or the command line after a failed run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import decisions
from contracts import Contract, CrossdockError, Rule
from contracts.policy import QUARANTINE
from contracts.promises import AGING, PROMISES, overdue
from decisions import Job
from orchestration.hub import Hub
from orchestration.publishing import aging_rules, mark_of
from orchestration.source_fields import reach
from orchestration.step_errors import told
from warehouse.release import Release

if TYPE_CHECKING:
    from contracts.reach import Upstream

_SHOWN = 5


class GateClosed(CrossdockError):
    """A job may not start now; the message says why and what opens the gate."""


class GateUnanswered(GateClosed):
    """A job may not start because its gate cannot judge: no rule broke, the gate itself failed."""


@dataclass(frozen=True)
class Standing:
    """A job, the snapshot it would decide on, and why it may not start, if there is a reason.

    ``unreached`` are verdicts that keep the snapshot from readers, but not this job from it.
    ``unanswered`` is what kept the gate from judging, which holds the job as well.
    """

    job: str
    release: Release | None
    upstream: "Upstream | None"
    reasons: tuple[str, ...]
    unreached: tuple[Mapping[str, Any], ...] = ()
    unanswered: Exception | None = None

    @property
    def is_open(self) -> bool:
        """Whether the job may start."""
        return not self.reasons


def open_gate(hub: Hub, job: str) -> Release:
    """Return the snapshot that a job may act on. Raises GateClosed."""
    now = standing(hub, job)
    if now.release is None or now.reasons:
        raise refusal(now) from now.unanswered
    return now.release


def refusal(now: Standing) -> GateClosed:
    """Return the error that says why a job may not start, of the kind that the reason is."""
    more = len(now.reasons) - _SHOWN
    listed = [*now.reasons[:_SHOWN], *([f"And {more} more."] if more > 0 else [])]
    kind = GateClosed if now.unanswered is None else GateUnanswered
    return kind(f"{now.job} may not start. " + "\n".join(listed))


def standing(hub: Hub, name: str) -> Standing:
    """Look at everything that a job stands on. Raises DecisionError for a job that is not there.

    Whatever else keeps the gate from judging holds the job, and is told as ``unanswered``.
    """
    job = decisions.job(name)
    try:
        return _standing(hub, name, job)
    except Exception as error:
        reason = f"Its gate cannot judge, so it counts as closed: {told(error)}"
        return Standing(name, None, None, (reason,), unanswered=error)


def _standing(hub: Hub, name: str, job: Job[Any]) -> Standing:
    """Look at everything that a job stands on.

    The snapshot is the newest that was audited, whole or not: a rule that failed closes the gate
    of those jobs only whose columns it reaches, through joins and filters too. What cannot be
    traced counts as reached, and a candidate that failed without being cut closes every gate.
    """
    release = hub.releases.newest()
    if release is None:
        return Standing(name, None, None, (_nothing_to_stand_on(hub),))
    try:
        upstream = reach(hub).upstream(reads(job))
    except CrossdockError as error:
        reason = f"What {name} stands on is not known, so all of it counts as broken: {error}"
        return Standing(name, release, None, (reason,), unanswered=error)
    reached = {
        id(verdict): upstream.is_reached_by(str(verdict["dataset"]), _about(verdict))
        or _is_of_a_source_of(verdict, upstream)
        for verdict in release.blocking
    }
    stale = tuple(_stale(hub, release, upstream, hub.settings.clock()))
    reasons = [
        *_withdrawn(release),
        *_judged_otherwise(hub, release, upstream),
        *_stale_after_rollback(hub, release, stale),
        *(str(v["message"]) for v in release.blocking if reached[id(v)]),
    ]
    unreached = tuple(v for v in release.blocking if not reached[id(v)])
    return Standing(name, release, upstream, tuple(reasons), unreached)


def reads(job: Job[Any]) -> dict[str, tuple[str, ...]]:
    """Return what a job reads, as dataset -> columns."""
    return {f"canonical.{entity}": columns for entity, columns in job.reads.items()}


def _about(verdict: Mapping[str, Any]) -> str | None:
    """Return the column that a verdict is about; None where it decides which rows there are."""
    return None if verdict.get("policy") == QUARANTINE else verdict["column"]


def _nothing_to_stand_on(hub: Hub) -> str:
    current = hub.releases.current()
    if current is None or current.aged is None:
        return "There is no release to decide on. Run `crossdock run`."
    return (
        f"Release {current.release_id} is aged since {current.aged.since:%Y-%m-%d %H:%M} UTC: a "
        f"newer candidate failed its contracts ({current.aged.reason}) and is not cut yet. Run "
        "`crossdock unify`, `crossdock check` and `crossdock release`, or `crossdock run`."
    )


def _withdrawn(release: Release) -> Iterator[str]:
    if release.withdrawn is not None:
        yield (
            f"Release {release.release_id} was withdrawn by {release.withdrawn.by} "
            f"({release.withdrawn.why}). Run `crossdock release rollback` again to end that."
        )


def _stale_after_rollback(hub: Hub, release: Release, stale: Sequence[str]) -> Iterator[str]:
    """Say first that readers were led back, where that is why the sources look old."""
    after = hub.releases.withdrawn_after(release) if stale else None
    if after is not None and after.withdrawn is not None:
        yield (
            f"Release {after.release_id} was withdrawn by {after.withdrawn.by} "
            f"({after.withdrawn.why}), and {release.release_id} before it is too old to decide "
            "on. Mend what was wrong, then `crossdock run`; or `crossdock release reinstate "
            f"{after.release_id}`."
        )
    else:
        yield from stale


def _judged_otherwise(hub: Hub, release: Release, upstream: "Upstream") -> Iterator[str]:
    for contract in hub.contracts():
        was = release.contract_versions.get(contract.key)
        datasets = {contract.dataset(table.name) for table in contract.tables}
        if was != contract.version and datasets & upstream.tables:
            yield (
                f"Contract {contract.key} is at {contract.version}, the release was judged by "
                f"{was or 'none'}. Run `crossdock run` to judge by today's contracts."
            )


def _stale(hub: Hub, release: Release, upstream: "Upstream", now: datetime) -> Iterator[str]:
    for contract in hub.contracts("sources"):
        if not {contract.dataset(table.name) for table in contract.tables} & upstream.tables:
            continue
        for rule in aging_rules(contract):
            mark = _mark(release, contract, rule)
            if broken := overdue(contract, rule, mark, now):
                if rule.kind == "freshness":
                    age = "unknown" if mark is None else str(now - mark)
                    allowed = timedelta(seconds=float(rule.comparator[1]))
                    broken = f"{rule.table}.{rule.column} is {age} old, its SLA allows {allowed}."
                else:
                    broken = f"{rule.table}: {broken}"
                yield (
                    f"Source {contract.name} is stale: {broken} Ask {contract.owner} "
                    f"({contract.channel}), or pull it again with `crossdock run`."
                )


def _mark(release: Release, contract: Contract, rule: Rule) -> datetime | None:
    """Return the newest instant a promise is held against; older releases have one a source."""
    of_all = release.as_of_marks.get(contract.name) if rule.kind == "freshness" else None
    text = release.as_of_marks.get(mark_of(contract, rule), of_all)
    return datetime.fromisoformat(text) if text else None


def _is_of_a_source_of(verdict: Mapping[str, Any], upstream: "Upstream") -> bool:
    """Whether it is a promise of time of a source that a job stands on, in whichever table of it.

    Of those that age the gate asks itself, as of now.
    """
    is_asked = verdict.get("kind") in PROMISES and verdict.get("kind") not in AGING
    if not is_asked or not str(verdict.get("contract")).startswith("sources/"):
        return False
    schema = f"{str(verdict['dataset']).partition('.')[0]}."
    return any(table.startswith(schema) for table in upstream.tables)
