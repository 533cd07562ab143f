"""What is judged is one state of the lake, and how it is read never changes a verdict."""

# ruff: noqa: E501 - a column of the contract a line

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

import contracts
from contracts import Contract, Verdict, dialect, state
from warehouse.lake import Lake

NOW = datetime(2026, 3, 11, 23, tzinfo=UTC)
SAID = "severity: error, dimension: accuracy"
CONTRACT = f"""\
apiVersion: v3.1.0
kind: DataContract
id: test.sales
name: sales
version: 1.0.0
status: active
domain: sources
team: {{name: sales-team}}
support: [{{channel: '#sales', tool: slack}}]
slaProperties: [{{property: freshness, value: 4, unit: h, element: lines.changed_at}}]
schema:
  - name: lines
    logicalType: object
    physicalType: table
    quality:
      - {{name: many, metric: rowCount, mustBeGreaterThan: 5, {SAID}}}
      - {{name: once, metric: duplicateValues, arguments: {{properties: [qty, status]}}, mustBe: 0, {SAID}}}
      - {{name: odd, type: sql, query: "SELECT count(*) FROM {{object}} WHERE qty % 2 = 0", mustBe: 0, {SAID}}}
      - {{name: total, type: sql, query: "SELECT sum(qty) FROM {{object}}", mustBeLessThan: 5, {SAID}}}
      - {{name: between, type: custom, engine: greatExpectations, implementation: {{type: expect_column_values_to_be_between, kwargs: {{column: qty, max_value: 5}}}}, {SAID}}}
      - {{name: raises, type: sql, query: "SELECT count(*) FROM {{object}} WHERE CAST(code AS INTEGER) > 0", mustBe: 0, {SAID}}}
    properties:
      - {{name: line_uid, logicalType: string, physicalType: VARCHAR, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: code, logicalType: string, physicalType: VARCHAR, unique: true, logicalTypeOptions: {{minLength: 2, maxLength: 4, pattern: '^C'}}}}
      - {{name: sku, logicalType: string, physicalType: VARCHAR, relationships: [{{to: articles.sku}}]}}
      - {{name: qty, logicalType: integer, physicalType: BIGINT, logicalTypeOptions: {{minimum: 1, maximum: 6}}}}
      - {{name: share, logicalType: number, physicalType: DOUBLE, logicalTypeOptions: {{exclusiveMinimum: 0, exclusiveMaximum: 1}}}}
      - {{name: status, logicalType: string, physicalType: VARCHAR, quality: [{{metric: invalidValues, arguments: {{validValues: [open, done]}}, mustBe: 0, {SAID}}}]}}
      - {{name: note, logicalType: string, physicalType: VARCHAR, quality: [{{metric: missingValues, arguments: {{missingValues: ['n/a']}}, mustBe: 0, {SAID}}}]}}
      - {{name: buyer, logicalType: string, physicalType: VARCHAR, classification: restricted, quality: [{{metric: nullValues, unit: percent, mustBeLessThan: 10, {SAID}}}]}}
      - {{name: changed_at, logicalType: timestamp, physicalType: TIMESTAMPTZ}}
  - name: articles
    logicalType: object
    physicalType: table
    properties:
      - {{name: sku, logicalType: string, physicalType: VARCHAR}}
"""
SOUND = (
    "('L1', 'C1', 'A', 1, 0.5, 'open', 'x', 'b@example.org', TIMESTAMPTZ '2026-03-11 22:00:00Z')"
)
BROKEN = (
    "('L1', 'C1', 'A', 2, 0.0, 'open', 'x', NULL, NULL)",
    "('L1', 'C1', 'B', 2, 1.0, 'open', 'n/a', NULL, NULL)",
    "(NULL, 'D', NULL, 0, 0.5, 'lost', NULL, 'b@example.org', NULL)",
    "('L4', 'C12345', 'A', 7, 0.5, 'done', 'x', 'c@example.org', '2026-03-10 22:00:00Z')",
)


@pytest.fixture
def sales(tmp_path: Path) -> Contract:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "sales.odcs.yaml").write_text(CONTRACT)
    return contracts.read("sources/sales", tmp_path)


@pytest.fixture
def lake(tmp_path: Path, sales: Contract) -> Lake:
    lake = Lake(tmp_path / "home").create()
    with lake.connect() as con:
        con.execute("CREATE SCHEMA lake.sales")
        for table in sales.tables:
            columns = ", ".join(f"{c.name} {c.physical_type}" for c in table.columns)
            con.execute(f"CREATE TABLE lake.sales.{table.name} ({columns})")
        con.execute("INSERT INTO lake.sales.articles VALUES ('A')")
    return lake


@pytest.fixture
def con(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with lake.connect() as opened:
        yield opened


def _fill(con: duckdb.DuckDBPyConnection, *rows: str) -> None:
    con.execute(f"INSERT INTO lake.sales.lines VALUES {', '.join(rows)}")


def _judged(con: duckdb.DuckDBPyConnection, contract: Contract) -> dict[str, Verdict]:
    verdicts = contracts.judge(con, [contract], now=NOW)
    return {verdict.rule: verdict for verdict in verdicts}


@pytest.mark.parametrize("copied", [4_000_000, -1], ids=["copied", "where it is"])
@pytest.mark.parametrize("raises", [True, False], ids=["one by one", "screened"])
def test_every_kind_of_rule_finds_how_many_rows_break_it_however_they_are_read(
    sales, con, copied: int, raises: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "COPIED", copied)
    _fill(con, *BROKEN)
    found = _judged(con, sales if raises else _without_the_raising(sales))
    assert {rule: v.failing for rule, v in found.items() if v.status == "failed"} == {
        "lines.primary_key": 1, "line_uid.required": 1, "code.unique": 1, "code.minLength": 1,
        "code.maxLength": 1, "code.pattern": 1, "sku.references": 1, "qty.minimum": 1,
        "qty.maximum": 1, "share.exclusiveMinimum": 1, "share.exclusiveMaximum": 1,
        "status.invalidValues": 1, "note.missingValues": 2, "buyer.nullValues": 2,
        "lines.many": None, "lines.once": 1, "lines.odd": 3, "lines.total": None,
        "lines.between": 1, "changed_at.freshness": None,
    }  # fmt: skip
    unknown = {v.rule for v in found.values() if v.status == "not_evaluated"}
    assert unknown == ({"lines.raises"} if raises else set())
    assert found["lines.once"].sample == ("qty=2, status=open, times=2",)
    assert found["buyer.nullValues"].message.startswith("sales.lines.buyer: buyer.nullValues is 50")
    assert "example.org" not in repr(found)


def test_one_broken_rule_accuses_no_other(sales, con) -> None:
    _fill(con, *(SOUND.replace("L1", f"L{n}").replace("C1", f"C{n}") for n in range(6)))
    contract = _without_the_raising(sales)
    before = {r for r, v in _judged(con, contract).items() if v.status != "passed"}
    con.execute("UPDATE lake.sales.lines SET note = 'n/a' WHERE line_uid = 'L3'")
    after = {r for r, v in _judged(con, contract).items() if v.status != "passed"}
    assert after - before == {"note.missingValues"}


def _without_the_raising(contract: Contract) -> Contract:
    tables = (
        replace(t, rules=tuple(r for r in t.rules if r.id != "lines.raises"))
        for t in contract.tables
    )
    return replace(contract, tables=tuple(tables))


@pytest.mark.parametrize("copied", [4_000_000, -1])
def test_a_rule_that_raises_silences_no_other(
    sales, con, copied: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "COPIED", copied)
    _fill(con, SOUND)
    found = _judged(con, sales)
    assert {r: v.status for r, v in found.items() if v.status != "passed"} == {
        "lines.raises": "not_evaluated", "lines.many": "failed"
    }  # fmt: skip


@pytest.mark.parametrize("copied", [4_000_000, -1])
def test_what_a_writer_commits_meanwhile_is_not_judged(
    sales, lake, con, copied: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "COPIED", copied)
    _fill(con, SOUND)
    begun = dialect.shared
    with lake.connect() as writer, monkeypatch.context() as patched:

        def written(lent: duckdb.DuckDBPyConnection) -> object:
            with lake.lock():
                _fill(writer, *BROKEN)
            return begun(lent)

        patched.setattr(dialect, "shared", written)
        found = _judged(con, sales)
    # One rule raises, which ends the transaction that the others would read in.
    assert found["lines.raises"].status == "not_evaluated"
    assert found["lines.primary_key"].status == found["lines.between"].status == "passed"
    assert {v.evaluated for v in found.values() if v.dataset == "sales.lines"} <= {1, None}
    again = _judged(con, sales)
    assert again["lines.primary_key"].status == "failed"


def test_a_table_whose_file_is_lost_blocks_alone(sales, lake, con) -> None:
    con.execute("CALL lake.set_option('data_inlining_row_limit', 0)")
    _fill(con, SOUND)
    for file in lake.paths.data.rglob("*.parquet"):
        if "lines" in str(file):
            file.unlink()
    found = _judged(con, sales)
    for rule in ("code.pattern", "lines.primary_key", "sku.references", "lines.between"):
        assert (found[rule].status, found[rule].blocks) == ("not_evaluated", True), rule
    assert {v.status for v in found.values() if v.dataset == "sales.articles"} == {"passed"}


def test_judging_leaves_nothing_behind(sales, con) -> None:
    _fill(con, SOUND)
    _judged(con, sales)
    left = con.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone()
    views = con.execute("SELECT count(*) FROM duckdb_views() WHERE view_name LIKE 'judged%'")
    assert (left, views.fetchone()) == ((0,), (0,))
    assert not dialect.in_transaction(con)
