"""Units come in after all once their contract or schema is mended, and never over newer rows."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warehouse.lake import Lake

CONTRACT = Path(__file__).parents[1] / "warehouse" / "shop.odcs.yaml"
QTY = "      - {name: qty, logicalType: integer, physicalType: BIGINT, description: Pieces.}\n"
BIN = "      - {name: bin, logicalType: string, physicalType: VARCHAR, description: Bin.}\n"
STOCK = (
    b'{"type": "SCHEMA", "stream": "stock", "key_properties": ["sku"], "schema":'
    b' {"properties": {"sku": {"type": "string"}, "qty": {"type": "integer"}}}}'
)
DEALS = (
    b'{"type": "SCHEMA", "stream": "deals", "key_properties": ["id"], "schema":'
    b' {"properties": {"id": {"type": "integer"}, "amount": {"type": "%s"}}}}'
)
Land = Callable[..., None]


def stock(sku: str, more: str) -> bytes:
    record = f'{{"sku": "{sku}", {more}}}'
    return f'{{"type": "RECORD", "stream": "stock", "record": {record}}}'.encode()


def deal(number: int, amount: str) -> bytes:
    record = f'{{"id": {number}, "amount": {amount}}}'
    return f'{{"type": "RECORD", "stream": "deals", "record": {record}}}'.encode()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the contract of a source, and a home that is still empty."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "home").mkdir()
    shutil.copy(CONTRACT, tmp_path / "sources")
    monkeypatch.setenv("CROSSDOCK_CONTRACTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def crossdock(shop: Path, command_on: Callable[[Path, Path], Any]) -> Callable[..., str]:
    run: Callable[..., str] = command_on(shop / "home", shop)
    return run


def ask(shop: Path, query: str) -> list[tuple[Any, ...]]:
    with Lake(shop / "home").connect(read_only=True) as con:
        return con.execute(query).fetchall()


def test_units_heal_when_the_contract_is_mended(
    shop: Path, land: Land, crossdock: Callable[..., str]
) -> None:
    land(shop / "home", STOCK, stock("A", '"qty": 1, "bin": "R1"'), load_id="monday")
    assert "1 still held" in crossdock("quarantine", "retry", "--all", code=1)
    path = shop / "sources" / CONTRACT.name
    path.write_text(path.read_text().replace(QTY, QTY + BIN))
    assert "1 unit read again: 1 healed." in crossdock("quarantine", "retry", "--stream", "stock")
    assert ask(shop, "SELECT sku, qty, bin FROM lake.shop.stock") == [("A", 1, "R1")]
    [(by, heals)] = ask(shop, "SELECT healed_by, healed_at >= arrived_at FROM lake.hub.quarantine")
    assert by.endswith("-shop-retry") and heals
    assert "None of these units is held back now" in crossdock("quarantine", "retry", "--all")
    assert ask(shop, "SELECT count(*) FROM lake.shop.stock") == [(1,)]


def test_units_of_a_source_without_a_contract_heal_by_its_newest_schema(
    shop: Path, land: Land, crossdock: Callable[..., str]
) -> None:
    home = shop / "home"
    land(home, DEALS % b"integer", deal(1, "1.5"), deal(2, "3"), source="crm", load_id="monday")
    land(home, DEALS % b"number", deal(3, "0.5"), source="crm", load_id="tuesday")
    crossdock("quarantine", "retry", "--source", "crm")
    rows = ask(shop, "SELECT id, amount::DOUBLE FROM lake.crm.deals ORDER BY id")
    assert rows == [(1, 1.5), (2, 3.0), (3, 0.5)]


def test_a_unit_does_not_overwrite_what_came_after_it(
    shop: Path, land: Land, crossdock: Callable[..., str]
) -> None:
    home = shop / "home"
    land(home, deal(1, "10"), deal(2, "10"), source="crm", load_id="monday")
    land(home, DEALS % b"integer", deal(1, "20"), source="crm", load_id="tuesday")
    assert "2 healed" in crossdock("quarantine", "retry", "--source", "crm")
    assert ask(shop, "SELECT id, amount FROM lake.crm.deals ORDER BY id") == [(1, 20), (2, 10)]


def test_a_unit_that_stays_held_says_why_and_one_that_heals_is_told_apart(
    shop: Path, land: Land, crossdock: Callable[..., str]
) -> None:
    home = shop / "home"
    land(home, deal(1, "10"), deal(2, '"ten"'), b"oops", source="crm", load_id="monday")
    land(home, DEALS % b"integer", source="crm", load_id="tuesday")
    printed = crossdock("quarantine", "retry", "--all", code=1)
    assert "3 units read again: 1 healed, 2 still held" in printed
    assert "type_mismatch" in printed and "invalid_json" in printed
    assert "Say which units" in crossdock("quarantine", "retry", code=1)
