"""What a person sees and gets of the quarantine and the ledger, by the commands that they type."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from warehouse import held
from warehouse.lake import Lake

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "tests" / "warehouse" / "shop.odcs.yaml"
EMAIL = "jane@example.com"
PERSONAL = b'{"type": "RECORD", "stream": "customers", "record": {"email": "jane@example.com"}}'
BAD_QTY = b'{"type": "RECORD",  "stream": "stock", "record": {"sku": "A", "qty": "12 pcs"}}'
SCHEMAS = (
    b'{"type": "SCHEMA", "stream": "customers", "key_properties": ["customer_id"], "schema":'
    b' {"properties": {"customer_id": {"type": "string"}, "email": {"type": "string"}}}}',
    b'{"type": "SCHEMA", "stream": "stock", "key_properties": ["sku"], "schema":'
    b' {"properties": {"sku": {"type": "string"}, "qty": {"type": "integer"}}}}',
)
Run = Callable[..., str]


@pytest.fixture(scope="module")
def shop(land: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a contract and a home in which some units are held back."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "sources").mkdir()
    shutil.copy(CONTRACT, folder / "sources")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSDOCK_CONTRACTS", str(folder))
        good = b'{"type": "RECORD", "stream": "stock", "record": {"sku": "B", "qty": 1}}'
        land(folder / "home", *SCHEMAS, PERSONAL, BAD_QTY, good, b"\x1b[2Joops", load_id="monday")
    return folder


@pytest.fixture(scope="module")
def ids(shop: Path) -> dict[str, str]:
    """The short id of each unit, by the reason that it is held for."""
    with Lake(shop / "home").connect(read_only=True) as con:
        return {unit.reason: unit.short for unit in held.units(con, held.Choice())}


@pytest.fixture
def crossdock(shop: Path, tmp_path: Path, command_on: Callable[[Path, Path], Run]) -> Run:
    """Run a command on a home of the test's own; give what it printed, errors included."""
    shutil.copytree(shop / "home", tmp_path / "home")
    return command_on(tmp_path / "home", shop)


def test_the_list_counts_units_and_says_why_each_is_held(crossdock: Run) -> None:
    printed = crossdock("quarantine", "list", columns=80)
    assert "3 units held back now" in printed
    assert "column 'qty': string, not integer" in printed
    assert all(len(line) <= 80 for line in printed.splitlines())
    only = crossdock("quarantine", "list", "--reason", "missing_key", "--source", "shop")
    assert "1 unit held back now" in only and "type_mismatch" not in only
    assert "Sources: shop" in crossdock("quarantine", "list", "--source", "shp", code=1)


def test_one_unit_is_shown_with_its_personal_data_masked_unless_that_is_recorded(
    crossdock: Run, ids: dict[str, str], tmp_path: Path
) -> None:
    reveals = tmp_path / "home" / "reveals.jsonl"
    masked = crossdock("quarantine", "show", ids["missing_key"])
    assert EMAIL not in masked and '"email": "<string: restricted>"' in masked
    assert "line" in masked and "monday" in masked and "held for" in masked and "mend" in masked
    assert not reveals.exists()
    assert EMAIL in crossdock("quarantine", "show", ids["missing_key"], "--reveal")
    [told] = [json.loads(line) for line in reveals.read_text().splitlines()]
    assert told["count"] == 1 and told["verb"] == "quarantine show"
    assert EMAIL not in json.dumps(told)


def test_nothing_is_revealed_that_cannot_be_recorded(
    crossdock: Run, ids: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "home" / "reveals.jsonl").mkdir()
    printed = crossdock("quarantine", "show", ids["missing_key"], "--reveal", code=1)
    assert EMAIL not in printed and "Nothing is revealed" in printed


def test_a_broken_line_shows_nothing_and_cannot_command_the_terminal(
    crossdock: Run, ids: dict[str, str]
) -> None:
    unit = ids["invalid_json"]
    assert "oops" not in crossdock("quarantine", "show", unit)
    revealed = crossdock("quarantine", "show", unit, "--reveal")
    assert "oops" in revealed and "\x1b" not in revealed


def test_raw_lines_are_exported_once_whole_and_only_revealed_where_personal(
    crossdock: Run, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    export = ("quarantine", "export", "--raw", "--output", "units.txt")
    assert "Nothing was written" in crossdock(*export, code=1)
    assert not (home / "units.txt").exists()
    crossdock(*export, "--reveal")
    assert (home / "units.txt").read_bytes() == PERSONAL + b"\n" + BAD_QTY + b"\n\x1b[2Joops\n"
    assert "is there already" in crossdock(*export, "--reveal", code=1)
    assert (
        crossdock("quarantine", "export", "--raw", "--stream", "stock") == f"{BAD_QTY.decode()}\n"
    )
    told = [json.loads(line) for line in (home / "reveals.jsonl").read_text().splitlines()]
    assert [one["count"] for one in told] == [3]
    assert told[0]["output"] == str(home / "units.txt")


def test_a_unit_that_nothing_heals_is_dismissed_with_the_reason_and_kept(
    crossdock: Run, ids: dict[str, str]
) -> None:
    unit = ids["invalid_json"]
    assert "--why" in crossdock("quarantine", "dismiss", unit, code=2)
    assert "Say which units" in crossdock("quarantine", "dismiss", "--why", "x", code=1)
    dismissed = crossdock("quarantine", "dismiss", unit, "--why", "a line of the tap's log")
    assert "1 unit dismissed" in dismissed
    shown = " ".join(crossdock("quarantine", "show", unit).split())
    assert "dismissed" in shown and "a line of the tap's log" in shown and "by load" not in shown
    assert "oops" in crossdock("quarantine", "show", unit, "--reveal")
    assert unit not in crossdock("quarantine", "list")
    assert "None of these units" in crossdock("quarantine", "retry", unit)


def test_what_landed_can_be_asked_of_the_lake_before_there_is_a_release(crossdock: Run) -> None:
    tables = "select table_name from duckdb_tables() where schema_name = 'shop' order by 1"
    assert "stock" in crossdock("sql", "--lake", tables)
    assert "--lake asks what has landed" in " ".join(crossdock("sql", tables, code=1).split())


def test_status_says_where_to_look_when_units_are_held(crossdock: Run) -> None:
    assert "Held back: 3 units; `crossdock quarantine list`" in crossdock("status")


@pytest.mark.parametrize("columns", [80, 120])
def test_the_ledger_accounts_for_each_load_within_the_screen(crossdock: Run, columns: int) -> None:
    printed = crossdock("ledger", "mon", columns=columns)
    for word in ("monday", "ended", "Streams", "customers", "stock", "Batches"):
        assert word in printed
    assert all(len(line) <= columns for line in printed.splitlines())


def test_the_ledger_tells_machines_all_of_it(crossdock: Run) -> None:
    [load] = json.loads(crossdock("ledger", "--json"))
    assert (load["emitted"], load["loaded"], load["quarantined"], load["remainder"]) == (4, 1, 3, 0)
    assert {row["stream"]: row["emitted"] for row in load["by_stream"]} == {
        **{"customers": 1, "stock": 2, "": 1}
    }
    assert load["state"] == "ended"


def test_a_remainder_is_an_error(crossdock: Run, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    with lake.connect() as con:
        con.execute("UPDATE lake.hub.ledger SET emitted = emitted + 2 WHERE stream = 'stock'")
    printed = crossdock("ledger", code=1)
    assert "remainder" in printed and "2 of load monday" in printed
