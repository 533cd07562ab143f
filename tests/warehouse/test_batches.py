"""BATCH: rows of files land as exactly as records do, and only from the configured root."""

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from warehouse.errors import LandingError

COLUMNS: dict[str, Any] = {
    "id": {"type": "integer"},
    "name": {"type": ["string", "null"]},
    "price": {"type": ["number", "null"], "x-sql-datatype": "DECIMAL(18,4)"},
    "at": {"type": ["string", "null"], "format": "date-time"},
    "lines": {"type": ["array", "null"]},
}
AT = datetime(2026, 3, 2, 22, 0, 0, 123456, tzinfo=UTC)
ROWS = [
    {"id": 1, "name": "Köln\x00\n", "price": Decimal("1.2500"), "at": AT, "lines": '[{"a": 1.10}]'},
    {"id": 2, "name": None, "price": None, "at": None, "lines": None},
]
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("name", pa.string()),
        ("price", pa.decimal128(18, 4)),
        ("at", pa.timestamp("us", tz="UTC")),
        ("lines", pa.string()),
    ]
)


def batch(*paths: Path, format: str = "parquet", compression: str | None = None) -> dict[str, Any]:
    encoding = {"format": format, "compression": compression}
    manifest = [path.as_uri() for path in paths]
    return {"type": "BATCH", "stream": "items", "encoding": encoding, "manifest": manifest}


def parquet(path: Path, rows: list[dict[str, Any]], schema: pa.Schema = SCHEMA) -> Path:
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def test_rows_of_parquet_are_stored_as_the_same_records_would_be(
    landed: Any, root: Path, tmp_path: Path
) -> None:
    begin = landed.schema("items", COLUMNS, ["id"])
    files = [parquet(root / "a b.parquet", ROWS[:1]), parquet(root / "c.parquet", ROWS[1:])]
    totals = landed.load(begin, batch(*files), {"type": "STATE", "value": 1}, batch_root=root)
    assert (totals.emitted, totals.loaded, landed.states) == (2, 2, ["1"])
    records = [
        {**row, "price": row["price"] and 1.25, "at": row["at"] and row["at"].isoformat(),
         "lines": row["lines"] and json.loads(row["lines"])}
        for row in ROWS
    ]  # fmt: skip
    landed.load(begin, *(landed.record("items", row) for row in records), source="other")
    assert landed.rows("src.items") == landed.rows("other.items")
    assert landed.ask("SELECT sum(updated) FROM lake.hub.ledger") == [(0,)]


def test_a_row_that_is_not_in_shape_is_held_back_alone_with_its_place(
    landed: Any, root: Path
) -> None:
    bad = [{"id": 3, "lines": "{broken"}, {"id": None, "name": "no key"}, {"id": 4, "lines": "7"}]
    path = parquet(root / "a.parquet", [*ROWS, *bad])
    begin = landed.schema("items", COLUMNS, ["id"])
    totals = landed.load(begin, batch(path), batch_root=root)
    assert (totals.loaded, totals.quarantined) == (2, 3)
    held = landed.ask(
        "SELECT line, byte_offset, reason, raw::VARCHAR FROM lake.hub.quarantine ORDER BY 2"
    )
    assert [row[:3] for row in held] == [
        (2, 3, "type_mismatch"), (2, 4, "null_key"), (2, 5, "type_mismatch"),
    ]  # fmt: skip
    assert json.loads(held[1][3].replace("\\x22", '"'))["record"]["name"] == "no key"


def test_columns_that_the_schema_types_otherwise_are_proved_value_by_value(
    landed: Any, root: Path
) -> None:
    schema = pa.schema([("id", pa.string()), ("price", pa.float64()), ("extra", pa.string())])
    odd = parquet(root / "odd.parquet", [{"id": "1"}], schema)
    float_price = schema.remove(0).remove(1).insert(0, pa.field("id", pa.int64()))
    exact = parquet(root / "f.parquet", [{"id": 1, "price": 0.25}], float_price)
    begin = landed.schema("items", COLUMNS, ["id"])
    totals = landed.load(begin, batch(odd, exact), batch_root=root)
    assert (totals.loaded, totals.quarantined) == (1, 1)
    assert landed.rows("src.items", "id, price") == [(1, Decimal("0.2500"))]


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_json_lines_land_and_a_broken_line_is_held_back(
    landed: Any, root: Path, compression: str | None
) -> None:
    text = b'{"id": 1, "name": "a"}\n\n{"id": 2}, "version": 3\n{"id": "x"}\n'
    text += b'{"id": 5, "name": "\xff"}\n{"id": 6}'
    path = root / "rows.jsonl"
    path.write_bytes(gzip.compress(text) if compression else text)
    begin = landed.schema("items", COLUMNS, ["id"])
    message = batch(path, format="jsonl", compression=compression)
    totals = landed.load(begin, message, batch_root=root)
    assert (totals.loaded, totals.quarantined) == (2, 3)
    assert landed.rows("src.items", "id") == [(1,), (6,)]
    reasons = landed.ask("SELECT byte_offset, reason FROM lake.hub.quarantine ORDER BY 1")
    assert reasons == [(3, "invalid_json"), (4, "type_mismatch"), (5, "invalid_utf8")]


def test_files_outside_the_root_are_never_opened(landed: Any, root: Path, tmp_path: Path) -> None:
    outside = parquet(tmp_path / "secret.parquet", ROWS)
    (root / "link.parquet").symlink_to(outside)
    begin = landed.schema("items", COLUMNS, ["id"])
    ways: list[Any] = [outside.as_uri(), f"file://{root}/../secret.parquet", str(outside), 7]
    ways += [(root / "link.parquet").as_uri(), "s3://bucket/secret.parquet", f"file://host{root}/x"]
    for way in ways:
        message = {**batch(), "manifest": [way]}
        assert landed.load(begin, message, batch_root=root).quarantined == 1
    landed.load(begin, batch(parquet(root / "a.parquet", ROWS)))
    assert {row[2] for row in landed.held()} == {"path_not_allowed"}
    assert landed.rows("src.items", "id") == []


def test_a_file_that_cannot_be_read_stops_the_load_before_its_state(
    landed: Any, root: Path
) -> None:
    begin = landed.schema("items", COLUMNS, ["id"])
    whole = parquet(root / "a.parquet", ROWS)
    cut = root / "cut.parquet"
    cut.write_bytes(whole.read_bytes()[:-20])
    for broken in (cut, root / "missing.parquet"):
        with pytest.raises(LandingError, match="cannot be read"):
            landed.load(begin, batch(whole, broken), {"type": "STATE", "value": 9}, batch_root=root)
    assert landed.states == [] and len(landed.rows("src.items")) == 2


def test_rows_after_a_batch_still_win_over_its_rows(landed: Any, root: Path) -> None:
    begin = landed.schema("items", COLUMNS, ["id"])
    path = parquet(root / "a.parquet", [{"id": n, "name": "file"} for n in range(1, 500)])
    before, after = ({"id": 400, "name": name} for name in ("before", "after"))
    record = landed.record
    landed.load(
        begin, record("items", before), batch(path), record("items", after), batch_root=root
    )
    assert landed.rows("src.items", "name")[0] == ("after",)
    assert len(landed.rows("src.items", "id")) == 499


def test_a_batch_that_landed_before_a_kill_is_not_doubled(landed: Any, root: Path) -> None:
    begin = landed.schema("items", COLUMNS)
    path = parquet(root / "a.parquet", ROWS)
    for _ in range(2):
        with pytest.raises(LandingError):
            landed.load(begin, batch(path, root / "gone.parquet"), batch_root=root)
    assert len(landed.rows("src.items")) == 2


def test_small_files_share_a_commit_and_the_last_of_a_key_still_wins(
    landed: Any, root: Path
) -> None:
    begin = landed.schema("items", COLUMNS, ["id"])
    other = landed.schema("others", COLUMNS, ["id"])
    old, new = ([{"id": n, "name": name} for n in range(90)] for name in ("old", "new"))
    named = {"stream": "others"}
    messages = [
        begin,
        batch(parquet(root / "a.parquet", old)),
        other,
        batch(parquet(root / "b.parquet", old)) | named,
        {"type": "STATE", "value": 1},
        batch(parquet(root / "c.parquet", new)),
        batch(parquet(root / "d.parquet", new)) | named,
        landed.record("items", {"id": 89, "name": "line"}),
        {"type": "STATE", "value": 2},
    ]
    totals = landed.load(*messages, batch_root=root)
    assert (totals.emitted, totals.loaded, totals.quarantined) == (361, 361, 0)
    assert landed.states == ["1", "2"]
    assert {row[0] for row in landed.rows("src.others", "name")} == {"new"}
    assert landed.rows("src.items", "id, name")[-1] == (89, "line")
    # a and b share one, so do c and d; the line comes after both.
    commits = "SELECT count(DISTINCT batch_id) FROM lake.hub.ledger WHERE stream <> ''"
    assert landed.ask(commits) == [(3,)]


def test_a_load_that_was_cut_between_small_files_goes_on_after_them(
    landed: Any, root: Path
) -> None:
    tables = [landed.schema(name, COLUMNS) for name in ("items", "others", "third")]
    files = [
        batch(parquet(root / f"{n}.parquet", ROWS)) | {"stream": table["stream"]}
        for n, table in enumerate(tables)
    ]
    messages = [one for pair in zip(tables, files, strict=True) for one in pair]
    cut = {**files[2], "manifest": [(root / "gone.parquet").as_uri()]}
    for _ in range(2):
        with pytest.raises(LandingError):
            landed.load(*messages[:-1], cut, batch_root=root)
    assert len(landed.rows("src.items")) == len(landed.rows("src.others")) == 2
    parquet(root / "0.parquet", [*ROWS, *ROWS])
    with pytest.raises(LandingError):
        landed.load(*messages[:-1], cut, batch_root=root)
    assert len(landed.rows("src.items")) == 6, "other bytes under the same name are other rows"


def test_rows_of_a_file_whose_key_changed_are_all_held_back(landed: Any, root: Path) -> None:
    path = parquet(root / "a.parquet", ROWS)
    landed.load(landed.schema("items", COLUMNS, ["id"]), batch(path), batch_root=root)
    changed = landed.schema("items", COLUMNS, ["name"])
    totals = landed.load(changed, batch(path), {"type": "STATE", "value": 1}, batch_root=root)
    assert (totals.emitted, totals.loaded, totals.quarantined) == (2, 0, 2)
    assert [row[2] for row in landed.held()] == ["key_changed", "key_changed"]
    assert landed.states == ["1"]
