"""What is broken, as a person reads it and takes it up."""

from collections.abc import Callable
from datetime import UTC, datetime
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
