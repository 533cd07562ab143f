"""What changed contracts would have found in what the lake held after its last builds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

import contracts
from contracts import Contract, CrossdockError, Verdict
from contracts.promises import CLOCKED
from orchestration import build
from orchestration.hub import Hub
from orchestration.impact import impact

_CLOSE = timedelta(minutes=5)  # between a build's end and the commit that records it


@dataclass(frozen=True)
class Outcome:
    """A rule that ends otherwise under the changed contract: in how many builds, at worst how.

    ``was`` is None where the rule is new, ``now`` where it is gone; both are of the worst build.
    """

    was: Verdict | None
    now: Verdict | None
    builds: int
    jobs: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """The rule as the changed contract judges it, or as the old one did if it is gone."""
        either = self.now or self.was
        assert either is not None  # noqa: S101 - one of the two
        return either

    @property
    def would_block(self) -> bool:
        """Whether it would keep a release from readers that was given to them."""
        return self.now is not None and self.now.blocks


@dataclass(frozen=True)
class Rehearsal:
    """The builds that were looked at, and what would have ended otherwise, what blocks first."""

    builds: tuple[datetime, ...]
    outcomes: tuple[Outcome, ...]


def rehearse(
    hub: Hub,
    pairs: Sequence[tuple[Contract | None, Contract | None]],
    days: float,
    say: Callable[[str], None] = lambda _: None,
) -> Rehearsal:
    """Judge contracts as they were and as they are on the states of the last days' builds.

    Promises that ask what time it is are left out. Raises CrossdockError where no build of
    these days is left: `crossdock maintain` forgets old states.
    """
    states = _states(hub, days)
    found: dict[tuple[str, str], list[tuple[Verdict | None, Verdict | None]]] = {}
    for place, (number, finished_at) in enumerate(states, start=1):
        say(f"the build of {finished_at:%Y-%m-%d %H:%M}, {place} of {len(states)}")
        with hub.lake.connect(at=number) as con:
            was = _judged(con, [old for old, _ in pairs if old], finished_at)
            now = _judged(con, [new for _, new in pairs if new], finished_at)
        for key in was.keys() | now.keys():
            before, after = was.get(key), now.get(key)
            if _ends(before) != _ends(after):
                found.setdefault(key, []).append((before, after))
    outcomes = [_worst(hub, cases) for cases in found.values()]
    outcomes.sort(key=lambda one: (not one.would_block, one.verdict.dataset, one.verdict.rule))
    return Rehearsal(tuple(finished_at for _, finished_at in states), tuple(outcomes))


def _states(hub: Hub, days: float) -> list[tuple[int, datetime]]:
    """Return the snapshots that the builds of the last days left, oldest first."""
    with hub.lake.connect(read_only=True) as con:
        try:
            rows = con.execute(
                "select min(made.snapshot_id), any_value(made.snapshot_time), built.finished_at "  # noqa: S608
                f"from lake.{build.TABLE} as built join lake.snapshots() as made "
                "on made.snapshot_time >= built.finished_at "
                "where built.finished_at >= now() - to_seconds(?) "
                "group by built.finished_at order by built.finished_at",
                [days * 86400],
            ).fetchall()
        except duckdb.CatalogException:
            rows = []
        times = dict(
            con.execute("select snapshot_id, snapshot_time from lake.snapshots()").fetchall()
        )
    states = [(number, at) for number, _, at in rows if times[number] - at < _CLOSE]
    if not states:
        raise CrossdockError(
            f"No build of the last {days:g} days is left to rehearse on. Run `crossdock run`, or "
            "look further back with --days."
        )
    return states


def _judged(
    con: duckdb.DuckDBPyConnection, listed: Iterable[Contract], now: datetime
) -> dict[tuple[str, str], Verdict]:
    made = contracts.judge(con, listed, now=now, is_rehearsed=True)
    return {(v.dataset, v.rule): v for v in made if v.kind not in CLOCKED}


def _ends(verdict: Verdict | None) -> tuple[str, str] | None:
    """Return how a rule ended; one that passes is as good as one that is not there."""
    if verdict is None or verdict.status == contracts.verdict.PASSED:
        return None
    return verdict.status, verdict.severity


def _worst(hub: Hub, cases: Sequence[tuple[Verdict | None, Verdict | None]]) -> Outcome:
    was, now = max(cases, key=lambda pair: max((v.failing or 0) for v in pair if v is not None))
    either = now or was
    jobs: tuple[str, ...] = ()
    if either is not None and now is not None and now.blocks:
        try:
            jobs = impact(hub, either.dataset, either.column).jobs
        except CrossdockError:
            jobs = ("every job, as the lineage is not known",)
    return Outcome(was, now, len(cases), jobs)
