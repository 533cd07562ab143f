"""Rows that are held apart are missing in what is built, and come back when they heal."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import contracts
from contracts.holding import HEALED, RULE
from orchestration import build, holding, increment

pytestmark = pytest.mark.slow  # three runs of dbt each

RATE = {"orig_zone": "US-8", "dest_zone": "US-3", "service": "Held"}


@pytest.fixture
def hub(tmp_path: Path, new_hub: Any, world: Mapping[str, Sequence[Mapping[str, Any]]]) -> Any:
    hub = new_hub(tmp_path)
    hub.load(world)
    rates = [{**world["erp.freight_rates"][0], **RATE, "break_g": grams} for grams in (0, 1000)]
    hub.load({"erp.freight_rates": rates})
    return hub


def hold(hub: Any) -> str:
    """Hold what is to be held; the mark of what a build would be made from."""
    with hub.lake.lock(purpose="hold"), hub.lake.connect() as con:
        holding.hold(hub.lake, con, contracts.read_all("sources"))
        return build.source_mark(con)


def built(hub: Any) -> increment.Span:
    span = increment.begin(hub.lake, hub.home, "test", small=0)
    with increment.exported(span):
        hub.dbt("run", "--select", "+carrier_rate")  # of all models it takes longer
    increment.finish(hub.home, "test", span)
    return span


def rates(hub: Any) -> list[int]:
    return [
        grams
        for (grams,) in hub.rows(
            "SELECT break_g FROM canonical.carrier_rate WHERE source_key LIKE '%/Held/%' ORDER BY 1"
        )
    ]


def set_base(hub: Any, base: int) -> None:
    with hub.lake.connect() as con:
        con.execute(
            "UPDATE lake.erp.freight_rates SET base = ? WHERE service = 'Held' AND break_g = 0",
            [base],
        )


def test_a_row_held_apart_is_not_built_and_comes_back_when_its_source_mends_it(hub: Any) -> None:
    before = hold(hub)
    built(hub)
    assert rates(hub) == [0, 1000]

    set_base(hub, -1)
    held = hold(hub)
    assert held != before, "a build of before must not pass for one of now"
    assert hold(hub) == held, "where nothing changed nothing is written"
    span = built(hub)
    assert span.since is not None, span.why
    assert rates(hub) == [1000]
    assert hub.rows("SELECT count(*) FROM erp.freight_rates WHERE base < 0") == [(1,)]

    set_base(hub, 3)
    assert hold(hub) not in (before, held)
    built(hub)
    assert rates(hub) == [0, 1000]
    assert hub.rows(
        f"SELECT service, break_g, {RULE}, {HEALED} IS NOT NULL FROM held.erp__freight_rates "
        "WHERE service = 'Held'"
    ) == [("Held", 0, "base.minimum", True)]
    assert hub.rows(
        "SELECT dataset, rule, held, healed FROM hub.hold "
        "WHERE rule = 'base.minimum' ORDER BY committed_at"
    ) == [
        ("erp.freight_rates", "base.minimum", 1, 0),
        ("erp.freight_rates", "base.minimum", 0, 1),
    ]


def test_a_row_comes_back_when_the_contract_is_mended_and_nothing_else_changed(
    hub: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_base(hub, 500)
    house, strict = Path(contracts.__file__).parent, tmp_path / "contracts"
    (strict / "sources").mkdir(parents=True)
    (strict / "canonical").symlink_to(house / "canonical")
    for path in (house / "sources").glob("*.yaml"):
        text = path.read_text()
        if path.name == "erp.odcs.yaml":
            head, base, tail = text.partition("- {name: base, ")
            text = head + base + tail.replace("{minimum: 0}", "{minimum: 0, maximum: 100}", 1)
        (strict / "sources" / path.name).write_text(text)
    with monkeypatch.context() as patched:
        patched.setenv("CROSSDOCK_CONTRACTS", str(strict))
        hold(hub)
        built(hub)
        assert rates(hub) == [1000]
    hold(hub)
    span = increment.begin(hub.lake, hub.home, "test", small=0)
    assert span.since is not None, span.why
    with increment.exported(span):
        # Models that look only at changed rows are told of it too.
        asked = "select break_g, service from {{ changes('erp', 'freight_rates') }}"
        assert "Held" in hub.dbt("show", "--inline", asked, "--output", "json")
        hub.dbt("run", "--select", "+carrier_rate")
    assert rates(hub) == [0, 1000]
