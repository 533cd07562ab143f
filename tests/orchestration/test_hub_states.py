"""Load, break, heal, check, release, decide, be killed, try again, in any order: it stays sound."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts import CrossdockError
from orchestration import alert_outbox, deciding, incident_store, judging, publishing
from tests.orchestration.killing import Killed
from tests.orchestration.small_hub import SmallHub, small_hub

LIMIT_H = 26
BREAKS = {
    "read": "update lake.shop.stock set qty = -1 where sku = 'A-01'",  # the job reads it
    "unread": "update lake.shop.stock set note = 'odd' where sku = 'A-02'",
    "held": "update lake.shop.stock set weight = -1 where sku = 'A-03'",  # its row is held apart
    "many": "update lake.shop.stock set weight = -1 where sku < 'A-20'",  # too many for that
}
HEAL = "update lake.shop.stock set qty = abs(qty), note = 'ok', weight = 5"
MORE = "update lake.shop.stock set qty = abs(qty) + 1 where sku = 'A-05'"


class Life(RuleBasedStateMachine):
    """A hub on which everything happens in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        home = self._open.enter_context(tempfile.TemporaryDirectory(prefix="crossdock-states-"))
        self.small: SmallHub = self._open.enter_context(small_hub(Path(home)))
        self.hub = self.small.hub
        self.seen = ""

    def teardown(self) -> None:
        self._open.close()

    def stages(self) -> None:
        self.small.build()
        judging.judge(self.hub, "sources")
        judging.judge(self.hub, "canonical")
        publishing.publish(self.hub)

    @contextmanager
    def lived_through(self, what: str) -> Iterator[None]:
        try:
            yield
        except (CrossdockError, Killed) as error:
            event(f"{what}: {type(error).__name__}")

    @initialize()
    def first(self) -> None:
        self.stages()

    @rule(kind=st.sampled_from(sorted(BREAKS)))
    def breaks(self, kind: str) -> None:
        self.small.load(BREAKS[kind])

    @rule()
    def heals(self) -> None:
        self.small.load(HEAL)

    @rule()
    def sells(self) -> None:
        self.small.load(MORE)

    @rule(hours=st.sampled_from([1, 20, 30]))
    def waits(self, hours: int) -> None:
        self.small.pass_time(hours)

    @rule(commit=st.integers(0, 5), is_after=st.booleans())
    def will_be_killed(self, commit: int, is_after: bool) -> None:
        self.small.kill.at(commit, is_after=is_after)

    @rule(what=st.sampled_from(["build", "sources", "canonical", "publish", "stages", "tell"]))
    def works(self, what: str) -> None:
        with self.lived_through(what):
            match what:
                case "build":
                    self.small.build()
                case "publish":
                    publishing.publish(self.hub)
                case "stages":
                    self.stages()
                case "tell":
                    alert_outbox.send(self.hub, now=self.small.now)
                case layer:
                    judging.judge(self.hub, layer)

    @rule()
    def decides(self) -> None:
        before, shown = len(self.small.given), self.hub.releases.newest()
        try:
            deciding.decide(self.hub, "fill")
        except (CrossdockError, Killed) as error:
            event(f"not decided: {type(error).__name__}")
            return
        event("decided on a partial release" if shown and shown.blocking else "decided")
        assert shown is not None and shown.withdrawn is None
        reached = [v["column"] == "qty" or v["policy"] == "quarantine" for v in shown.blocking]
        assert not any(reached)
        mark = shown.as_of_marks["shop.stock.changed_at"]
        age_h = (self.small.now - type(self.small.now).fromisoformat(mark)).total_seconds() / 3600
        assert age_h <= LIMIT_H, "nothing is decided on what is stale"
        given = self.small.given[before]
        assert all(qty >= 0 for qty in given.values())
        with self.hub.lake.connect(at=shown.snapshot_id) as con:
            then = con.execute("select sku from lake.shop.stock where weight > 0").fetchall()
        assert set(given) <= {sku for (sku,) in then}, "nothing is decided on what is held apart"

    @precondition(lambda self: len(self.hub.releases.list()) > 1)
    @rule()
    def is_led_back(self) -> None:
        with self.lived_through("rollback"):
            self.hub.releases.rollback(by="ops", why="it looks wrong", now=self.small.now)
        self.seen = ""

    @rule()
    def recovers(self) -> None:
        """Whatever lies behind: mended and run once more, everything is as it should be."""
        self.small.kill.spare()
        self.small.load(HEAL)
        self.small.load(MORE)  # what was withdrawn is not released again
        self.stages()
        current = self.hub.releases.current()
        assert current is not None and current.is_whole and current.aged is None
        assert self.hub.releases.newest() == current
        with self.hub.lake.connect(read_only=True) as con:
            standing = incident_store.standing(con)
        assert standing == [], "each incident ends when its cause does"
        result = deciding.decide(self.hub, "fill")
        assert result.header.release_id == current.release_id

    @invariant()
    def readers_see_only_what_was_audited_and_never_go_back(self) -> None:
        current = self.hub.releases.current()
        if current is None:
            return
        assert current.is_whole and current.withdrawn is None
        with self.hub.releases.open(current.release_id) as con:
            wrong = con.execute(
                "select * from canonical.stock where qty < 0 or note <> 'ok'"
            ).fetchall()
        assert wrong == []
        assert current.release_id >= self.seen
        self.seen = current.release_id

    @invariant()
    def there_is_one_incident_a_cause(self) -> None:
        with self.hub.lake.connect(read_only=True) as con:
            causes = Counter((i.dataset, i.rule) for i in incident_store.standing(con))
        assert [cause for cause, times in causes.items() if times > 1] == []

    @invariant()
    def nothing_is_decided_twice(self) -> None:
        if not self.small.given:
            return
        twice = self.small.rows(
            "select run_uid from lake.decisions.decision_run group by 1 having count(*) > 1"
        ) + self.small.rows(
            "select payload from lake.decisions.action_outbox where status = 'proposed' "
            "group by 1 having count(*) > 1"
        )
        assert twice == []


LIFE = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes hours
    stateful_step_count=25,
    max_examples=2,
)


@pytest.mark.slow
class TestLife(Life.TestCase):  # type: ignore[misc]
    """Fifty steps."""

    settings = LIFE


@pytest.mark.long
@pytest.mark.timeout(7200)
class TestLongLife(Life.TestCase):  # type: ignore[misc]
    """Ten thousand steps."""

    settings = settings(LIFE, stateful_step_count=50, max_examples=200)
