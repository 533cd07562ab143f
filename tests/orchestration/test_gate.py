"""A job is held by what its columns are made of, and by nothing else; what is unknown holds it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import contracts
from contracts import CrossdockError, Rule
from contracts.compiled import Model
from contracts.reach import Reach
from orchestration import gate
from warehouse.release import Aged, Release, Withdrawn

NOW = datetime(2026, 3, 11, 22, tzinfo=UTC)
SOURCES = [contracts.read("sources/carrier"), contracts.read("sources/wms")]
MODEL = Model(
    "canonical.stock",
    "select i.gtin14 as sku, sum(s.qty) as qty from lake.wms.stock as s join lake.wms.items as i "
    "on s.item_id = i.item_id where s.disposition = 'available' group by i.gtin14",
    frozenset({"wms.stock", "wms.items"}),
)
JOB = SimpleNamespace(name="replenish", reads={"stock": ("sku", "qty")})


def broken(dataset: str, column: str | None, **other: Any) -> dict[str, Any]:
    where = f"{dataset}.{column}"
    told = {"dataset": dataset, "column": column, "rule": "r", "message": f"{where} is broken."}
    return {**told, "severity": "error", "status": "failed", **other}


def cut(*verdicts: dict[str, Any], **other: Any) -> Release:
    """A snapshot of fresh sources, with verdicts."""
    told: dict[str, Any] = {
        "release_id": "r1",
        "snapshot_id": 1,
        "published_at": NOW,
        "contract_versions": {contract.key: contract.version for contract in SOURCES},
        "as_of_marks": {contract.name: NOW.isoformat() for contract in SOURCES},
        "orphans": 0,
        "tables": {"canonical.stock": 1},
        "verdicts": verdicts,
        "catalog_sha256": "",
        "path": Path(),
    }
    return Release(**told | other)


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what becomes of the job on a snapshot."""
    columns = {c.dataset(t.name): [x.name for x in t.columns] for c in SOURCES for t in c.tables}
    monkeypatch.setattr(gate, "reach", lambda _: Reach([MODEL], columns))
    monkeypatch.setattr(gate.decisions, "job", lambda _: JOB)

    def standing(
        newest: Release | None, current: Release | None = None, after: Release | None = None
    ) -> gate.Standing:
        hub: Any = SimpleNamespace(
            releases=SimpleNamespace(
                newest=lambda: newest,
                current=lambda: current or newest,
                withdrawn_after=lambda _: after,
            ),
            contracts=lambda *_: SOURCES,
            settings=SimpleNamespace(clock=lambda: NOW),
        )
        found = gate.standing(hub, "replenish")
        if found.is_open:
            assert gate.open_gate(hub, "replenish") == newest
        else:
            with pytest.raises(gate.GateClosed, match="replenish may not start"):
                gate.open_gate(hub, "replenish")
        return found

    return standing


@pytest.mark.parametrize(
    "verdict",
    [
        broken("wms.stock", "qty"),
        broken("wms.stock", "disposition"),  # filters
        broken("wms.items", "item_id"),  # joins
        broken("wms.stock", None),
        broken("canonical.stock", "qty", status="not_evaluated"),
    ],
)
def test_what_the_job_stands_on_holds_it(look: Any, verdict: dict[str, Any]) -> None:
    found = look(cut(verdict))
    assert found.reasons == (verdict["message"],)


@pytest.mark.parametrize(
    "verdict",
    [
        broken("carrier.shipments", "rates"),  # a bad freight cost
        broken("carrier.shipments", None),
        broken("wms.items", "description"),
        broken("wms.stock", "qty", severity="warning"),
    ],
)
def test_what_it_does_not_stand_on_leaves_it_alone(look: Any, verdict: dict[str, Any]) -> None:
    found = look(cut(verdict))
    assert found.is_open
    assert found.unreached == ((verdict,) if verdict["severity"] == "error" else ())


def test_only_the_sources_that_it_stands_on_must_be_fresh_and_judged_by_todays_contract(
    look: Any,
) -> None:
    old = (NOW - timedelta(days=3)).isoformat()
    assert look(cut(as_of_marks={"carrier": old, "wms": NOW.isoformat()})).is_open
    assert look(cut(contract_versions={"sources/wms": SOURCES[1].version})).is_open
    (stale,) = look(cut(as_of_marks={"carrier": NOW.isoformat(), "wms": old})).reasons
    assert "Source wms is stale" in stale and "3 days" in stale and "Ask wms-operations" in stale
    (unknown,) = look(cut(as_of_marks={})).reasons
    assert "is unknown old" in unknown
    (otherwise,) = look(cut(contract_versions={"sources/wms": "0.1.0"})).reasons
    assert "judged by 0.1.0" in otherwise


def promising(rule: str, value: object, **arguments: Any) -> list[contracts.Contract]:
    """The sources, where the WMS promises one thing more of its movements."""
    carrier, wms = SOURCES
    unit = "days" if arguments else "s"
    comparator = ("mustBeLessOrEqualTo", value)
    more = Rule(f"occurred_at.{rule}", rule, "movements", "occurred_at", "timeliness", "error",
                comparator, unit, arguments)  # fmt: skip
    tables = [
        replace(t, rules=(*t.rules, more)) if t.name == "movements" else t for t in wms.tables
    ]
    return [carrier, replace(wms, tables=tuple(tables))]


@pytest.mark.parametrize(
    ("promised", "mark", "said"),
    [
        (("frequency", 3600), "_sdc_received_at", "nothing new has arrived for 3.0 h"),
        (("timeOfAvailability", 0), "occurred_at", "the newest occurred_at is 1 day behind"),
    ],
)
def test_what_was_kept_when_it_was_cut_is_asked_again_as_the_job_starts(
    look: Any, monkeypatch: pytest.MonkeyPatch, promised: Any, mark: str, said: str
) -> None:
    start = {"from": "20:00+00:00"} if promised[0] == "timeOfAvailability" else {}
    monkeypatch.setattr(f"{__name__}.SOURCES", promising(*promised, **start))
    fresh = {contract.name: NOW.isoformat() for contract in SOURCES}
    key = f"wms.movements.{mark}"
    assert look(
        cut(
            as_of_marks={
                **fresh,
                "wms.movements.occurred_at": NOW.isoformat(),
                key: NOW.isoformat(),
            }
        )
    ).is_open
    old = (NOW - timedelta(hours=3 if not start else 23)).isoformat()
    reasons = look(cut(as_of_marks={**fresh, key: old})).reasons
    assert any(f"Source wms is stale: movements: {said}" in reason for reason in reasons)
    assert any("Ask wms-operations" in reason for reason in reasons)
    unknown = look(cut(as_of_marks=fresh)).reasons
    assert any("Source wms is stale: movements: " in reason for reason in unknown)


@pytest.mark.parametrize("kind", ["latency", "retention"])
def test_a_broken_promise_of_time_holds_who_stands_on_any_table_of_its_source(
    look: Any, kind: str
) -> None:
    late = broken("wms.movements", "occurred_at", kind=kind, contract="sources/wms")
    assert look(cut(late)).reasons == (late["message"],)
    other = broken("carrier.trackers", "updated_at", kind=kind, contract="sources/carrier")
    assert look(cut(other)).unreached == (other,)
    entity = broken("canonical.order", "ordered_at", kind=kind, contract="canonical/order")
    assert look(cut(entity)).is_open, "an entity is held by its columns, as by freshness"


def test_without_a_cut_snapshot_or_on_a_withdrawn_one_nothing_starts(look: Any) -> None:
    assert "There is no release" in look(None).reasons[0]
    aged = cut(aged=Aged("wms.stock qty", NOW))
    (uncut,) = look(None, aged).reasons
    assert "failed its contracts (wms.stock qty) and is not cut yet" in uncut
    (withdrawn,) = look(cut(withdrawn=Withdrawn("ops", "prices in cents", NOW))).reasons
    assert "withdrawn by ops (prices in cents)" in withdrawn


def test_what_is_old_because_of_a_rollback_is_told_as_that(look: Any) -> None:
    old = cut(as_of_marks={})
    after = cut(release_id="r2", withdrawn=Withdrawn("ops", "prices in cents", NOW))
    (reason,) = look(old, after=after).reasons
    assert "Release r2 was withdrawn by ops (prices in cents)" in reason
    assert "crossdock release reinstate r2" in reason
    assert look(cut(), after=after).is_open, "what readers were led back to is fresh"


def test_a_job_whose_lineage_is_unknown_does_not_start(
    look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: Any) -> Any:
        raise CrossdockError("No model is compiled yet.")

    monkeypatch.setattr(gate, "reach", unknown)
    (reason,) = look(cut()).reasons
    assert "not known, so all of it counts as broken: No model is compiled" in reason
    pivot = Model(MODEL.relation, "pivot lake.wms.stock on qty", MODEL.upstream)
    columns = {"wms.stock": ["qty", "lot_code"], "wms.items": ["sku"]}
    monkeypatch.setattr(gate, "reach", lambda _: Reach([pivot], columns))
    assert not look(cut(broken("wms.stock", "lot_code"))).is_open
    assert look(cut(broken("carrier.shipments", None))).is_open
