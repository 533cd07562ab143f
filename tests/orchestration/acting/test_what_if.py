"""Another policy on past releases, and what is known since: nothing of it is kept or sent."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from pydantic import BaseModel, ConfigDict

import decisions
from decisions import Decision, DecisionError, Job, Option, Outcome
from orchestration import deciding, what_if

NOW = datetime(2026, 3, 11, 22, tzinfo=UTC)


class Policy(BaseModel):
    model_config = ConfigDict(extra="forbid")
    late: int = 1


def decide(tables: Mapping[str, pa.Table], policy: Policy, *_: object) -> Outcome:
    """Ship cheaply and late, or dearly and in time: by the policy and the rates."""
    (rate,) = tables["rate"].to_pylist()
    cheap = Option("slow", {}, Decimal(rate["slow"] + policy.late), {"all": Decimal(1)})
    dear = Option("fast", {}, Decimal(rate["fast"]), {"all": Decimal(2)})
    options = tuple(sorted((cheap, dear), key=lambda option: option.cost or Decimal(0)))
    return Outcome(
        (Decision("order", "o1", "SO-1", options, options[0].cost, None, "auto", ("chosen",), "x"),)
    )


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    job = Job("ship", "Ships.", {"rate": ("slow", "fast")}, Policy, decide, frozenset({"rate"}))
    monkeypatch.setattr(decisions, "job", lambda _: job)
    rates = {"r1": {"slow": 3, "fast": 6}, "r2": {"slow": 9, "fast": 6}}
    released = [SimpleNamespace(release_id=name, published_at=NOW) for name in rates]

    def given(_: Any, release: Any, __: Any) -> dict[str, pa.Table]:
        return {"rate": pa.Table.from_pylist([rates[release.release_id]])}

    monkeypatch.setattr(what_if, "inputs", given)
    monkeypatch.setattr(what_if, "policies", lambda _: SimpleNamespace(
        of=lambda _: SimpleNamespace(policy={})
    ))  # fmt: skip
    first = decisions.run(
        job, given(None, released[0], job), release_id="r1", now=NOW,
        code_version=deciding.code_version(),
    )  # fmt: skip
    monkeypatch.setattr(what_if, "recorded", lambda *_: first)
    yield SimpleNamespace(
        settings=None,
        releases=SimpleNamespace(
            list=lambda: released,
            current=lambda: released[1],
            get=lambda name: next(r for r in released if r.release_id == name),
        ),
    )


def test_a_changed_policy_is_compared_on_each_release_newest_first(hub: Any) -> None:
    newest, oldest = what_if.shadow(hub, "ship", {"late": 5})
    assert (newest.release_id, oldest.release_id) == ("r2", "r1")
    assert newest.comparison.changed == ()
    (changed,) = oldest.comparison.changed
    assert (changed.subject, changed.before, changed.after) == ("SO-1", "slow", "fast")
    assert oldest.comparison.costs == {"all": (Decimal(1), Decimal(2))}


def test_a_setting_that_means_nothing_is_refused(hub: Any) -> None:
    with pytest.raises(DecisionError, match="has no key 'lat'"):
        list(what_if.shadow(hub, "ship", {"lat": 5}))
    with pytest.raises(what_if.WhatIfError, match="Write KEY=VALUE"):
        what_if.settings_of(["late"])
    assert what_if.settings_of(["late=5", "x=[1, a]"]) == {"late": 5, "x": [1, "a"]}


def test_what_is_known_since_tells_what_the_choice_of_then_cost_too_much(hub: Any) -> None:
    compared = what_if.regret(hub)
    (changed,) = compared.comparison.changed
    assert (changed.before, changed.after, changed.regret) == ("slow", "fast", Decimal(4))
    assert compared.comparison.regret == Decimal(4)
