"""What a contract holds apart is told: counted, listed by row, and how it ended."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import contracts
from orchestration import holding
from warehouse.lake import Lake

CONTRACT = Path(__file__).parents[1] / "warehouse" / "shop.odcs.yaml"
HOLDS = "customProperties: [{property: policy, value: quarantine}], description:"
SCHEMA = (
    b'{"type": "SCHEMA", "stream": "stock", "key_properties": ["sku"], "schema":'
    b' {"properties": {"sku": {"type": "string"}, "qty": {"type": "integer"}}}}'
)
Run = Callable[..., str]


def record(sku: str, qty: int) -> bytes:
    return b'{"type": "RECORD", "stream": "stock", "record": {"sku": "%s", "qty": %d}}' % (
        sku.encode(),
        qty,
    )


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a contract that holds stock below zero apart."""
    (tmp_path / "sources").mkdir()
    text = CONTRACT.read_text()
    column = "{name: qty, logicalType: integer, physicalType: BIGINT"
    assert column in text
    held = f"{column}, logicalTypeOptions: {{minimum: 0}}, {HOLDS[: -len(' description:') - 1]}"
    (tmp_path / "sources" / "shop.odcs.yaml").write_text(text.replace(column, held))
    monkeypatch.setenv("CROSSDOCK_CONTRACTS", str(tmp_path))
    return tmp_path


def hold(lake: Lake) -> None:
    with lake.lock(purpose="hold"), lake.connect() as con:
        holding.hold(lake, con, contracts.read_all("sources"))


def test_rows_held_apart_are_counted_listed_and_let_go(
    shop: Path, land: Callable[..., None], command_on: Callable[[Path, Path], Run]
) -> None:
    home = shop / "home"
    land(home, SCHEMA, record("A", -2), record("B", 5), load_id="monday")
    lake = Lake(home)
    hold(lake)
    crossdock = command_on(home, shop)
    assert "Rows held apart by their contracts: 1" in crossdock("quarantine", "list")
    assert "qty.minimum" in crossdock("quarantine", "rows")
    (row,) = json.loads(crossdock("quarantine", "rows", "shop.stock", "--format", "json"))
    assert (row["rule"], row["sku"], row["healed_at"]) == ("qty.minimum", "A", None)

    land(home, SCHEMA, record("A", 2), load_id="tuesday")
    hold(lake)
    assert "No row is held apart." in crossdock("quarantine", "rows")
    (row,) = json.loads(crossdock("quarantine", "rows", "shop.stock", "--all", "--format", "json"))
    assert row["healed_at"] is not None


def test_a_table_that_holds_nothing_apart_is_told_with_those_that_do(
    shop: Path, land: Callable[..., None], command_on: Callable[[Path, Path], Run]
) -> None:
    land(shop / "home", SCHEMA, record("A", 1), load_id="monday")
    hold(Lake(shop / "home"))
    said = command_on(shop / "home", shop)("quarantine", "rows", "shop.stok", code=1)
    assert "shop.stok holds no rows apart" in said and "shop.stock" in said


def test_a_kill_before_the_commit_leaves_nothing_half_held(
    shop: Path, land: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    land(shop / "home", SCHEMA, record("A", -2), load_id="monday")
    lake = Lake(shop / "home")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Lake, "commit", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        hold(lake)
    with lake.connect(read_only=True) as con:
        assert con.execute("select count(*) from lake.held.shop__stock").fetchone() == (0,)
        assert con.execute("select count(*) from lake.hub.hold").fetchone() == (0,)
    hold(lake)
    with lake.connect(read_only=True) as con:
        assert con.execute("select count(*) from lake.held.shop__stock").fetchone() == (1,)
