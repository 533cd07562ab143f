"""A breaker over any history: it opens when it must, and lets through no more than it may."""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given

from decisions.breaker import Breaker, BreakerPolicy, close, cooled, observed, permitted, trip

NOW = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = BreakerPolicy(failures=3, of=5, cooldown=timedelta(hours=1), probes=2, clean_probes=3)


def after(outcomes: str, breaker: Breaker | None = None, policy: BreakerPolicy = POLICY) -> Breaker:
    one = breaker or Breaker("node:N1")
    for outcome in outcomes:
        one = observed(one, NOW, policy, is_clean=outcome == "1", what="no_stock")
    return one


def half_open(policy: BreakerPolicy = POLICY) -> Breaker:
    return cooled(trip(Breaker("node:N1"), NOW - timedelta(hours=2), "x"), NOW, policy)


def test_it_opens_at_so_many_failures_among_the_last() -> None:
    assert after("0101").state == "closed"
    assert after("01010").state == "open"
    assert after("01010").reason == "3 of the last 5 failed, the last: no_stock"
    assert after("00111110").state == "closed", "the old failures are forgotten"


@given(st.text("01", max_size=40))
def test_it_is_open_exactly_if_some_window_held_too_many_failures(outcomes: str) -> None:
    windows = [outcomes[max(0, end - 5) : end] for end in range(1, len(outcomes) + 1)]
    assert (after(outcomes).state == "open") == any(w.count("0") >= 3 for w in windows)


def test_it_is_probed_after_its_cool_down_and_not_before() -> None:
    one = trip(Breaker("node:N1"), NOW, "power cut")
    assert cooled(one, NOW + timedelta(minutes=59), POLICY).state == "open"
    assert cooled(one, NOW + timedelta(minutes=60), POLICY).state == "half_open"


def test_probes_are_rationed() -> None:
    assert permitted(Breaker("node:N1"), POLICY, 1000) is None
    assert permitted(trip(Breaker("node:N1"), NOW, "x"), POLICY, 0) == 0
    assert permitted(half_open(), POLICY, 0) == 2
    assert permitted(half_open(), POLICY, 2) == 0
    assert permitted(after("11", half_open()), POLICY, 0) == 1, "one more clean one closes it"


def test_clean_probes_close_it_and_one_failure_opens_it() -> None:
    assert after("11", half_open()).state == "half_open"
    assert after("111", half_open()).state == "closed"
    assert after("110", half_open()).state == "open"
    assert after("110", half_open()).reason == "a probe failed: no_stock"


def test_only_a_person_closes_what_only_a_person_may() -> None:
    strict = POLICY.model_copy(update={"closes": "person"})
    one = after("1111", half_open(strict), strict)
    assert one.state == "half_open"
    assert permitted(one, strict, 0) == 0, "nothing more until somebody says so"
    assert close(one, NOW, "Ada: looked").state == "closed"


def test_what_was_sent_before_it_opened_changes_nothing_of_it() -> None:
    one = trip(Breaker("node:N1"), NOW, "power cut")
    assert after("1111100", one) == one
