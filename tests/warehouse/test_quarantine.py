"""The quarantine as people read it: chosen, counted, found, and given out byte for byte."""

import base64
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from warehouse import held, held_export, names
from warehouse.errors import LakeError, WarehouseError
from warehouse.held import Choice, ChoiceError

CONTRACT = Path(__file__).with_name("shop.odcs.yaml")
CUSTOMER = {"customer_id": {"type": "string"}, "email": {"type": "string"}}
STOCK = {"sku": {"type": "string"}, "qty": {"type": "integer"}}
PERSONAL = b'{"type": "RECORD", "stream": "customers", "record": {"email": "jane@example.com"}}'
BROKEN = b'{"type": "RECORD", "stream": "customers", "record": {"customer_id": "\xff\x00\r'
BAD_QTY = b'{"type": "RECORD",  "stream": "stock", "record": {"sku": "A", "qty": "12 pcs"}}\r'
HALF = rb'{"type": "RECORD", "stream": "stock", "record": {"sku": "\ud800", "qty": 1}}'


@pytest.fixture(scope="module")
def shop(
    landed_in: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A lake with units of two sources; one of them has healed."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "sources").mkdir()
    (folder / "sources" / "shop.odcs.yaml").write_bytes(CONTRACT.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSDOCK_CONTRACTS", str(folder))
        landed = landed_in(folder)
        customers = landed.schema("customers", CUSTOMER, ["customer_id"])
        stock = landed.schema("stock", STOCK, ["sku"])
        landed.load(
            *(customers, PERSONAL, BROKEN, b'{"stream": "Jane Roe"'),
            *(stock, BAD_QTY, HALF, landed.record("stock", {"sku": "B", "qty": "x"})),
            source="shop",
            load_id="monday",
        )
        landed.load(
            stock, landed.record("stock", {"sku": "B", "qty": 2}), source="shop", load_id="tuesday"
        )
        landed.load(landed.record("deals", {"id": 1}), source="crm", load_id="tuesday-crm")
        yield landed


@pytest.fixture
def con(shop: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    with shop.lake.connect(read_only=True) as con:
        yield con


def _raws(con: duckdb.DuckDBPyConnection, **choice: Any) -> list[bytes]:
    return [unit.raw for unit in held.with_raw(con, Choice(**choice))]


def test_units_are_counted_by_source_stream_and_reason(con: duckdb.DuckDBPyConnection) -> None:
    counted = {
        (group.source, group.stream, group.reason): (group.open, group.healed)
        for group in held.groups(con, Choice(is_open=None))
    }
    assert counted == {
        ("shop", "customers", "missing_key"): (1, 0),
        ("shop", "customers", "invalid_utf8"): (1, 0),
        ("shop", "Jane Roe", "invalid_json"): (1, 0),
        ("shop", "stock", "type_mismatch"): (1, 1),
        ("shop", "stock", "unencodable_text"): (1, 0),
        ("crm", "deals", "no_schema"): (1, 0),
    }
    assert len(held.groups(con, Choice())) == 6


def test_units_are_chosen_by_source_stream_reason_load_and_state(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert len(held.units(con, Choice())) == 6
    assert len(held.units(con, Choice(), limit=2)) == 2
    assert held.units(con, Choice())[0].source == "crm"
    assert _raws(con, stream="customers") == [PERSONAL, BROKEN]
    assert _raws(con, source="shop", reason="type_mismatch") == [BAD_QTY]
    assert len(_raws(con, load_id="monday", is_open=None)) == 6
    [healed] = held.units(con, Choice(is_open=False))
    assert healed.healed_by == "tuesday"
    assert timedelta(0) < healed.held_for < timedelta(hours=1)


def test_a_choice_that_means_nothing_is_refused_with_the_valid_ones(
    con: duckdb.DuckDBPyConnection,
) -> None:
    known = names.known(con)
    with pytest.raises(ChoiceError, match="Reasons: bad_timestamp, "):
        Choice(reason="bad")
    with pytest.raises(ChoiceError, match="Sources: crm, shop"):
        held.refuse_unknown(con, Choice(source="shp"), known)
    with pytest.raises(ChoiceError, match=r"of shop\. Streams: customers, stock"):
        held.refuse_unknown(con, Choice(source="shop", stream="deal"), known)
    held.refuse_unknown(con, Choice(source="crm", stream="deals"), known)


def test_a_unit_is_found_by_its_id_or_by_the_start_of_its_short_name(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for unit in held.units(con, Choice(is_open=None)):
        for named in (unit.quarantine_id, unit.short, unit.short[:6]):
            assert held.find(con, named) == unit.quarantine_id
    with pytest.raises(ChoiceError, match="There is no unit 'zzzz'"):
        held.find(con, "zzzz")
    with pytest.raises(ChoiceError, match="There is no unit ''"):
        held.find(con, "")


def test_a_streams_name_that_a_broken_line_claims_is_not_shown(
    con: duckdb.DuckDBPyConnection,
) -> None:
    streams = names.known(con)["shop"]
    assert names.shown("Jane Roe", streams) == names.HIDDEN
    assert names.shown("stock", streams) == "stock"
    assert "deals" in names.known(con)["crm"]


def test_raw_lines_come_out_as_they_came_in(shop: Any, con: duckdb.DuckDBPyConnection) -> None:
    into = io.BytesIO()
    choice = Choice(load_id="monday", is_open=None)
    count = held_export.write_raw(held.with_raw(con, choice), shop.lake, into)
    lines = into.getvalue().split(b"\n")
    assert (count, lines[-1]) == (6, b"")
    assert lines[:2] == [PERSONAL, BROKEN]
    assert lines[3:5] == [BAD_QTY, HALF]


def test_raw_lines_with_or_maybe_with_personal_data_are_refused(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for choice in (Choice(stream="customers"), Choice(source="crm"), Choice(reason="invalid_json")):
        with pytest.raises(WarehouseError, match=r"Nothing was written.*--reveal"):
            held_export.refuse_hidden(held.with_raw(con, choice))
    held_export.refuse_hidden(held.with_raw(con, Choice(reason="type_mismatch")))


def test_json_lines_mask_what_is_personal_and_hold_all_of_it_when_revealed(
    con: duckdb.DuckDBPyConnection,
) -> None:
    def written(**options: Any) -> dict[int, dict[str, Any]]:
        into = io.BytesIO()
        chosen = held.with_raw(con, Choice(load_id="monday", is_open=None))
        held_export.write_json(chosen, into, **options)
        listed = [json.loads(line) for line in into.getvalue().splitlines()]
        return {unit["line"]: unit for unit in listed}

    masked, whole = written(is_revealed=False), written(is_revealed=True)
    assert b"jane" not in json.dumps(masked).encode()
    assert masked[2]["message"]["record"] == {"email": "<string: restricted>"}
    assert masked[3]["message"] is None and "JSON" in masked[3]["hidden"]
    assert masked[6]["raw"].encode() == BAD_QTY
    assert masked[6]["reason"] == "type_mismatch" and masked[6]["healed_at"] is None
    assert whole[2]["raw"].encode() == PERSONAL
    assert base64.b64decode(whole[3]["raw_base64"]) == BROKEN
    assert whole[7]["raw"].encode() == HALF


def test_a_file_that_is_there_already_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "units.jsonl"
    with held_export.new_file(path) as into:
        into.write(b"first")
    with (
        pytest.raises(WarehouseError, match="is there already and stays"),
        held_export.new_file(path),
    ):
        pytest.fail("it was opened")
    assert path.read_bytes() == b"first"
    assert path.stat().st_mode & 0o077 == 0


def test_an_export_that_fails_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "units.jsonl"
    with pytest.raises(LakeError), held_export.new_file(path) as into:
        into.write(b"half")
        raise LakeError("the disk is full")
    assert not path.exists()


def test_a_line_over_the_limit_is_given_out_whole_and_only_unaltered(landed: Any) -> None:
    line = b'{"type": "RECORD", "stream": "stock", "record": {"sku": "' + b"A" * 5_000_000 + b'"}}'
    sha256 = hashlib.sha256(line).hexdigest()
    kept = held_export.whole_file(landed.lake, sha256)
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(line)
    unit = {"quarantine_id": "a-b-1", "batch_id": "a-b", "raw": line[:100], "overflow": sha256}
    unit |= {"load_id": "a", "source": "shop", "stream": "stock", "line": 1, "byte_offset": 0}
    unit |= {"reason": "too_large", "detail": "5 MB", "arrived_at": datetime.now(UTC)}
    landed.lake.append("hub.quarantine", pa.Table.from_pylist([unit]))

    def export() -> bytes:
        into = io.BytesIO()
        with landed.lake.connect(read_only=True) as con:
            held_export.write_raw(held.with_raw(con, Choice()), landed.lake, into)
        return into.getvalue()

    assert export() == line + b"\n"
    kept.write_bytes(line[:-1] + b"]")
    with pytest.raises(LakeError, match="is not as it was landed"):
        export()
    kept.unlink()
    with pytest.raises(LakeError, match="Restore it from a backup"):
        export()
