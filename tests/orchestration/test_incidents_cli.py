"""What is broken, as a person reads it and takes it up."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration import incident_store, incidents
from orchestration.hub import Hub
from orchestration.settings import Settings

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 11, 22, tzinfo=UTC)
ROWS = [
    {
        "contract": "sources/wms", "dataset": "wms.stock", "rule": rule, "column": "qty",
        "severity": severity, "status": "failed", "failing": 26, "mend": "Count again.",
        "owner": "wms-operations", "channel": "#wms-operations",
        "message": f"wms.stock.qty: 26 rows break {rule}. Owner: wms-operations. Count again.",
    }
    for rule, severity in (("stock.few", "warning"), ("stock.position_equals_movements", "error"))
]  # fmt: skip


@pytest.fixture
def crossdock(tmp_path: Path, command_on: Callable[..., Any]) -> Callable[..., str]:
    """A home in which an error and a warning were found."""
    hub = Hub(Settings(home=tmp_path))
    hub.lake.create()
    incident_store.change(hub, lambda it: incidents.judged(it, "sources", ROWS, NOW), NOW, "test")
    run: Callable[..., str] = command_on(tmp_path, ROOT / "contracts")
    return run


def ids(crossdock: Callable[..., str]) -> list[str]:
    lines = crossdock("incidents", columns=80).splitlines()
    return [line.split()[0] for line in lines if "wms.stock" in line]


def test_errors_come_first_and_a_narrow_screen_shows_what_broke(
    crossdock: Callable[..., str],
) -> None:
    said = crossdock("incidents", columns=80)
    assert all(len(line) <= 80 for line in said.splitlines())
    assert said.index("position_equals_movements") < said.index("few")
    assert "open, a warning" in said
    shown = crossdock("incidents", "show", ids(crossdock)[0][:4], columns=80)
    for word in ("26 rows break", "what to do", "Count again.", "#wms-operations", "nobody yet"):
        assert word in shown
    assert shown.count("Count again.") == 1


def test_it_is_taken_up_and_silenced_by_name_and_a_note_stays(
    crossdock: Callable[..., str],
) -> None:
    name = ids(crossdock)[0]
    crossdock("incidents", "ack", name, "--by", "ops", "--note", "asked the WMS team")
    assert "acknowledged by ops" in crossdock("incidents", columns=80)
    assert "silent until" in crossdock("incidents", "snooze", name, "--hours", "4", "--by", "ops")
    assert "ops: asked the WMS team" in crossdock("incidents", "show", name)
    crossdock("incidents", "snooze", name, "--hours", "0")
    assert "its silence is over" in crossdock("incidents")


def test_what_happened_to_it_is_shown_line_by_line_in_order_of_time(
    crossdock: Callable[..., str],
) -> None:
    name = ids(crossdock)[0]
    assert "is not silent" in crossdock("incidents", "snooze", name, "--hours", "0", code=1)
    crossdock("incidents", "ack", name, "--by", "ops", "--note", "asked the WMS team")
    crossdock("incidents", "ack", name, "--by", "lead", "--note", "they count tonight")
    crossdock("incidents", "snooze", name, "--hours", "4", "--by", "lead")
    crossdock("incidents", "snooze", name, "--hours", "0", "--by", "ops")
    lines = crossdock("incidents", "show", name).splitlines()
    told = [line.partition(" UTC  ")[2].strip() for line in lines if "history" in line]
    assert told[:3] == [
        "opened: an error, 26 rows",
        "acknowledged by ops: asked the WMS team",
        "acknowledged by lead: they count tonight",
    ]
    assert told[3].startswith("snoozed by lead until 20") and told[4:] == ["snooze ended by ops"]


def test_changes_with_nothing_between_them_are_one_line_and_an_earlier_time_is_named(
    tmp_path: Path, crossdock: Callable[..., str]
) -> None:
    hub = Hub(Settings(home=tmp_path))

    def found(hours: int, *rows: dict[str, Any]) -> None:
        now = NOW + timedelta(hours=hours)
        incident_store.change(
            hub, lambda it: incidents.judged(it, "sources", rows, now), now, "test"
        )

    for hours in (1, 2, 3):
        found(hours, *(row | {"failing": 26 + hours} for row in ROWS))
    name = ids(crossdock)[0]
    said = crossdock("incidents", "show", name)
    assert "changed: 29 rows (the last of 3 changes)" in said and "27 rows" not in said
    found(4)
    found(9, *ROWS)
    assert "resolved after 4 h" in crossdock("incidents", "show", name)
    again = crossdock("incidents", "show", ids(crossdock)[0])
    assert f"once: {name} of 2026-03-11 22:00 UTC for 4 h" in again


def test_two_clocks_are_told_apart_and_one_is_not_spoken_of(
    tmp_path: Path, crossdock: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = ids(crossdock)[0]
    one_clock = [crossdock("incidents"), crossdock("incidents", "show", name), crossdock("status")]
    assert "clock" not in " ".join(one_clock)
    monkeypatch.setenv("CROSSDOCK_NOW", "2026-03-01T22:00:00+00:00")
    found_at = datetime.now(UTC)
    incident_store.change(
        Hub(Settings(home=tmp_path)),
        lambda it: incidents.judged(it, "sources", ROWS[:1], found_at),
        found_at,
        "test",
    )
    shown = crossdock("incidents", "show", name)
    for said in (crossdock("incidents"), shown, crossdock("status")):
        flat = " ".join(said.split())
        assert "Two clocks" in flat and "simulated network (2026-03-01 22:00 UTC now)" in flat
        assert "incidents and messages bear this machine's times (20" in flat
    (resolved,) = [line for line in shown.splitlines() if "resolved after" in line]
    assert "(simulated clock: 2026-03-01 22:00)" in resolved


def test_every_row_that_breaks_the_rule_is_listed(
    tmp_path: Path, crossdock: Callable[..., str]
) -> None:
    name = ids(crossdock)[0]
    assert "The table wms.stock is missing" in crossdock("incidents", "rows", name, code=1)
    with Hub(Settings(home=tmp_path)).lake.connect() as con:
        con.execute("create schema lake.wms")
        con.execute(
            "create table lake.wms.stock as select 'B-' || i as bin_id, 'X' as item_id, 'L' as "
            "lot_code, 'RNO' as facility_code, 7::decimal(18,6) as qty from range(30) as t(i)"
        )
        con.execute(
            "create table lake.wms.movements as select bin_id, item_id, lot_code, facility_code, "
            "3::decimal(18,6) as qty from lake.wms.stock"
        )
    said = crossdock("incidents", "rows", name, "--format", "csv").splitlines()
    assert len(said) == 31 and "bin_id" in said[0] and any("B-29" in line for line in said)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "zzzz"), 1, "'zzzz' is no incident. Open are: "),
        (("show", ""), 1, "is no incident"),
        (("ack", "zzzz"), 1, "is no incident"),
        (("snooze", "zzzz", "--hours", "1e9"), 2, "less than or equal to 744"),
    ],
)
def test_what_cannot_be_is_said(
    crossdock: Callable[..., str], arguments: tuple[str, ...], code: int, said: str
) -> None:
    assert said in " ".join(crossdock("incidents", *arguments, code=code).split())
