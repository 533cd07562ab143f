"""Decide, ask, answer, send, fail, be killed, try again, in any order: each thing happens once."""

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import contracts
from contracts import CrossdockError
from decisions import Action
from orchestration.acting import breakers
from orchestration.acting.checkpoints import answer
from orchestration.acting.policies import policies
from tests.orchestration.acting.acting_hub import HELD, ActingHub, acting_hub
from tests.orchestration.killing import Killed

RESERVED_H = 24
MOODS = ("accept", "accept", "refuse", "busy", "cut", "locked")
SKUS = ("A-01", "A-02", HELD)


class Acts(RuleBasedStateMachine):
    """A hub that decides and sends while everything around it goes wrong."""

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        home = self._open.enter_context(tempfile.TemporaryDirectory(prefix="crossdock-acts-"))
        self.small: ActingHub = self._open.enter_context(acting_hub(Path(home)))
        self.approved: set[str] = set()
        self.live: dict[str, list[tuple[float, str, int]]] = {sku: [] for sku in SKUS}
        self.hours = 0.0
        self.decides()

    def teardown(self) -> None:
        self.small.kill.spare()
        self.waits(25)  # what was claimed comes back
        self.wants("A-02", 7)
        self.recovers()
        assert self.small.receiver.taken, "a life in which nothing was sent shows nothing"
        with self.small.hub.lake.connect() as con:
            found = contracts.judge(con, self.small.hub.contracts("decisions"), now=self.small.now)
        self._open.close()
        broken = {v.rule for v in found if v.status != "passed"}
        assert broken <= {"decision_run.knows_its_feeds"}, "no gate, so no feeds were looked at"

    @rule(sku=st.sampled_from(SKUS), qty=st.integers(1, 6))
    def wants(self, sku: str, qty: int) -> None:
        self.small.want(sku, qty)
        self.hours += 1 / 60

    @rule()
    def shows(self) -> None:
        """The next release shows all that was taken."""
        taken = [body["payload"] for body in self.small.receiver.taken.values()]
        self.small.shown = [p["shipment_no"] for p in taken if "shipment_no" in p]
        self.small.number += 1

    @rule(has_saga=st.booleans())
    def plans(self, has_saga: bool) -> None:
        """The first article can be shipped only after something else was cancelled."""
        number = self.small.number
        undo = Action("wms", "reinstate", {"sku": "none", "no": number}, f"back {number}")
        first = Action("wms", "cancel", {"sku": "none", "no": number}, f"off {number}", undo=undo)
        self.small.saga = (first,) if has_saga else ()
        self.small.number += 1

    @rule()
    def decides(self) -> None:
        self._lived_through("decide", self.small.decide)

    @rule(verdict=st.sampled_from(["approve", "reject"]))
    def is_answered(self, verdict: str) -> None:
        for asked in self.small.asked():
            said = {"by": "Ada", "reason": "looked"}
            try:
                answer(self.small.hub, asked.checkpoint_uid, verdict, **said)  # type: ignore[arg-type]
            except (CrossdockError, Killed) as error:
                event(f"answer: {type(error).__name__}")

    @rule(is_closed=st.booleans())
    def gate_turns(self, is_closed: bool) -> None:
        self.small.closed = "Source wms is stale." if is_closed else ""

    @rule(moods=st.lists(st.sampled_from(MOODS), max_size=4))
    def receiver_has_a_mood(self, moods: list[str]) -> None:
        self.small.receiver.moods = moods  # type: ignore[assignment]

    @rule(scope=st.sampled_from(["job:fill", "node:N1", "system:wms"]), is_open=st.booleans())
    def person_turns_a_breaker(self, scope: str, is_open: bool) -> None:
        terms = policies(self.small.hub.settings)
        said = {"by": "Ada", "reason": "looked"}
        self._lived_through(
            "turn", lambda: breakers.turn(self.small.hub, terms, scope, is_open=is_open, **said)
        )

    @rule(hours=st.sampled_from([0.1, 1.1, 7, 25]))
    def waits(self, hours: float) -> None:
        self.small.pass_time(hours)
        self.hours += hours

    @rule(commit=st.integers(0, 3), is_after=st.booleans())
    def will_be_killed(self, commit: int, is_after: bool) -> None:
        self.small.kill.at(commit, is_after=is_after)

    @rule()
    def sends(self) -> None:
        before = set(self.small.receiver.taken)
        open_before = {one.scope for one in self._breakers() if one.state == "open"}
        cooled = {one.scope for one in self._breakers() if self._is_cooled(one)}
        self._lived_through("send", self.small.send)
        fresh = [key for key in self.small.receiver.taken if key not in before]
        rows = {row["idempotency_key"]: row for row in self._newest_rows()}
        for key in fresh:
            event("taken")
            row = rows[key]
            if row["compensates"] is None:
                assert not self.small.closed, "nothing is sent while the gate is closed"
                assert not open_before - cooled & set(row["scopes"]), "nor through an open breaker"
            payload = json.loads(row["payload"])
            assert payload["sku"] != HELD or key in self._approved(), "nor what nobody approved"
            if payload["sku"] in self.live:
                self._is_within_the_release(key, payload)

    @rule()
    def recovers(self) -> None:
        """Whatever lies behind: when all is well again, everything ends."""
        self.small.kill.spare()
        self.small.closed, self.small.receiver.moods = "", []
        terms = policies(self.small.hub.settings)
        for one in self._breakers():
            if one.state != "closed":
                said = {"by": "Ada", "reason": "well again"}
                breakers.turn(self.small.hub, terms, one.scope, is_open=False, **said)
        self.small.pass_time(1.1)
        self.hours += 1.1
        self.small.decide()
        self.sends()
        self.sends()
        left = {row["status"] for row in self.small.outbox()}
        assert not left & {"sending", "proposed"}
        accepted = {r["idempotency_key"] for r in self.small.outbox("accepted", "undone")}
        assert set(self.small.receiver.taken) == accepted, "what was taken is known, and no other"

    @invariant()
    def a_key_has_one_content(self) -> None:
        assert all(len(bodies) == 1 for bodies in self.small.receiver.bodies.values())

    def _is_within_the_release(self, key: str, payload: dict[str, object]) -> None:
        sku, qty = str(payload["sku"]), int(str(payload["qty"]))
        shown = set(self.small.shown)
        living = [
            each
            for each in self.live[sku]
            if self.hours - each[0] < RESERVED_H and each[1] not in shown
        ]
        self.live[sku] = [*living, (self.hours, str(payload["shipment_no"]), qty)]
        assert sum(each[2] for each in self.live[sku]) <= qty, "no more than the release has"

    def _newest_rows(self) -> list[dict[str, object]]:
        with self.small.hub.lake.connect(read_only=True) as con:
            found = con.execute(
                "select * from lake.decisions.action_outbox "
                "where status in ('sending', 'accepted', 'undone')"
            )
            rows: list[dict[str, object]] = found.to_arrow_table().to_pylist()
            return rows

    def _breakers(self) -> list[breakers.Breaker]:
        with self.small.hub.lake.connect(read_only=True) as con:
            return breakers.listed(con)

    def _is_cooled(self, one: breakers.Breaker) -> bool:
        policy = policies(self.small.hub.settings).breaker(one.scope)
        return one.since is not None and self.small.now - one.since >= policy.cooldown

    def _approved(self) -> set[str]:
        rows = self.small.rows("select approved from lake.decisions.checkpoint")
        return {key for (approved,) in rows for key in json.loads(approved)}

    def _lived_through(self, what: str, do: object) -> None:
        try:
            do()  # type: ignore[operator]
        except (CrossdockError, Killed) as error:
            event(f"{what}: {type(error).__name__}")


ACTS = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes hours
    stateful_step_count=40,
    max_examples=2,
)


@pytest.mark.slow
class TestActs(Acts.TestCase):  # type: ignore[misc]
    """Eighty steps."""

    settings = ACTS


@pytest.mark.long
@pytest.mark.timeout(7200)
class TestLongActs(Acts.TestCase):  # type: ignore[misc]
    """Ten thousand steps."""

    settings = settings(ACTS, stateful_step_count=50, max_examples=200)
