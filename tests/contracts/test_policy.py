"""A rule of policy quarantine holds only the rows that break it; where it could not, it is refused."""

# ruff: noqa: E501 - a column or a rule a line, as in the house's contracts

from datetime import UTC, datetime

import pytest

import contracts
from contracts import ContractError
from contracts.holding import HEALED, RULE, SINCE, columns, to_hold

NOW = datetime(2026, 3, 11, 23, tzinfo=UTC)
HOLD = "customProperties: [{property: policy, value: quarantine}]"
COLUMN = (
    "{name: a, logicalType: integer, physicalType: BIGINT, logicalTypeOptions: {minimum: 0}, %s}"
)
COMMON = "dimension: accuracy, severity: error"


@pytest.fixture
def held(con):
    """Hold what breaks a contract's rules, as the hub does; return the number of rows held."""

    def hold(contract) -> int:
        (table,) = contract.tables
        con.execute("CREATE SCHEMA IF NOT EXISTS lake.held")
        listed = ", ".join(f"{name} {kind}" for name, kind in columns(table).items())
        con.execute(f"CREATE OR REPLACE TABLE lake.held.shop__articles ({listed})")
        wanted = to_hold(con, contract, table)
        if wanted.num_columns:
            con.execute(
                f"INSERT INTO lake.held.shop__articles BY NAME SELECT *, now() AS {SINCE}, NULL AS {HEALED} FROM wanted"
            )
        return int(wanted.num_rows)

    return hold


@pytest.fixture
def hundred(con):
    """A hundred articles, with a column `a` of which the first ones are below zero."""

    def make(below: int) -> None:
        con.execute("DELETE FROM lake.shop.articles")
        con.execute("ALTER TABLE lake.shop.articles ADD COLUMN IF NOT EXISTS a BIGINT")
        con.execute(
            "INSERT INTO lake.shop.articles (sku, qty, a) "
            "SELECT 'AA-' || i, 1, if(i < ?, -1, 1) FROM range(100) AS r(i)",
            [below],
        )

    return make


def test_rows_that_are_held_apart_do_not_stop_the_rest(shop, judged, held, hundred) -> None:
    hundred(3)
    contract = shop.with_column(COLUMN % HOLD)
    assert held(contract) == 3
    verdict = judged(contract, "a.minimum")
    assert (verdict.status, verdict.severity, verdict.blocks) == ("failed", "warning", False)
    assert (verdict.failing, verdict.held, verdict.policy) == (3, 3, "quarantine")
    assert "held apart until that is mended" in verdict.message


def test_too_many_of_them_block_for_then_it_is_not_the_rows(shop, judged, held, hundred) -> None:
    hundred(6)
    contract = shop.with_column(COLUMN % HOLD)
    held(contract)
    verdict = judged(contract, "a.minimum")
    assert verdict.blocks
    assert "too many to be held apart (5 percent)" in verdict.message


def test_rows_that_break_a_rule_and_are_not_held_apart_yet_block(
    shop, con, judged, held, hundred
) -> None:
    hundred(2)
    contract = shop.with_column(COLUMN % HOLD)
    assert judged(contract, "a.minimum").blocks  # there is not even a table of them
    held(contract)
    con.execute("UPDATE lake.shop.articles SET a = -5 WHERE sku = 'AA-50'")
    verdict = judged(contract, "a.minimum")
    assert (verdict.blocks, verdict.failing, verdict.held) == (True, 3, 2)
    assert "1 of them are not held apart yet" in verdict.message


def test_a_row_that_healed_is_held_no_more(shop, con, judged, held, hundred) -> None:
    hundred(2)
    contract = shop.with_column(COLUMN % HOLD)
    held(contract)
    con.execute(f"UPDATE lake.held.shop__articles SET {HEALED} = now() WHERE {RULE} = 'a.minimum'")
    assert judged(contract, "a.minimum").blocks


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("{name: few, type: sql, query: 'SELECT count(*) FROM {object} AS o WHERE o.qty > 6', mustBe: 0", 0),
        ("{name: few, type: sql, query: 'SELECT count(*) FROM {object} WHERE a < 0', mustBe: 0", 3),
        ("{name: few, type: sql, query: 'SELECT count(*) FROM {object} WHERE a < 0', mustBeLessThan: 4", 3),
    ],
)  # fmt: skip
def test_a_query_that_counts_the_tables_own_rows_holds_them(
    shop, judged, held, hundred, rule: str, broken: int
) -> None:
    hundred(3)
    contract = shop.read(shop.head + shop.tables.replace(
        "    properties:", f"    quality:\n      - {rule}, {COMMON}, {HOLD}}}\n    properties:", 1))  # fmt: skip
    assert held(contract) == broken
    verdict = judged(contract, "articles.few")
    assert (verdict.status != "passed", verdict.blocks) == (bool(broken), False)


def test_a_rules_own_limit_says_how_many_may_be_held(shop, judged, held, hundred) -> None:
    rule = f"{{metric: invalidValues, arguments: {{pattern: '^1$'}}, unit: percent, %s, {COMMON}, {HOLD}}}"
    column = "{name: a, logicalType: integer, physicalType: BIGINT, quality: [%s]}"
    hundred(8)
    for limit, blocks in (("mustBeLessOrEqualTo: 8", False), ("mustBeLessThan: 8", True)):
        contract = shop.with_column(column % (rule % limit))
        assert held(contract) == 8
        assert judged(contract, "a.invalidValues").blocks is blocks


def test_rehearsed_rows_that_would_be_held_count_as_held(shop, con, hundred) -> None:
    hundred(2)
    contract = shop.with_column(COLUMN % HOLD)
    (verdict,) = (
        v
        for v in contracts.judge(con, [contract], now=NOW, is_rehearsed=True)
        if v.rule == "a.minimum"
    )
    assert (verdict.held, verdict.blocks) == (2, False)


def test_a_policy_to_warn_makes_warnings_of_a_columns_rules(shop, judged, hundred) -> None:
    hundred(50)
    warns = "customProperties: [{property: policy, value: warn}]"
    verdict = judged(shop.with_column(COLUMN % warns), "a.minimum")
    assert (verdict.status, verdict.severity, verdict.blocks) == ("failed", "warning", False)


def test_a_rule_that_cannot_be_evaluated_blocks_whatever_its_policy(shop, con, judged) -> None:
    verdict = judged(shop.with_column(COLUMN % HOLD), "a.minimum")
    assert (verdict.status, verdict.blocks) == ("not_evaluated", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customProperties: [{property: policy, value: quarentine}]", "'quarentine' is no policy. Did you mean 'quarantine'?"),
        ("customProperties: [{property: polcy, value: quarantine}]", "'polcy' is none here, or twice. Valid: policy."),
    ],
)  # fmt: skip
def test_a_misspelt_policy_is_refused_with_its_line(shop, text: str, said: str) -> None:
    with pytest.raises(ContractError, match=r"shop\.odcs\.yaml:\d+") as refused:
        shop.with_column(COLUMN % text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{metric: rowCount, mustBeGreaterThan: 0", "no single row breaks a rule of kind rowCount"),
        ("{metric: duplicateValues, arguments: {properties: [qty]}, mustBe: 0", "no single row breaks a rule of kind duplicateValues"),
        ("{name: n, type: sql, query: 'SELECT max(qty) FROM {object}', mustBeLessThan: 9", "needs a query that counts the table's rows"),
        ("{name: n, type: sql, query: 'SELECT count(*) FROM {object}, range(3)', mustBe: 0", "needs a query that counts the table's rows"),
        ("{name: n, type: sql, query: 'SELECT count(*) FROM (SELECT qty FROM {object} GROUP BY 1) AS q', mustBe: 0", "needs a query that counts the table's rows"),
        ("{name: n, type: sql, query: 'SELECT count(*) FROM {object} WHERE qty < 0', mustBeGreaterThan: 3", "how many rows may be held is said by"),
        ("{name: n, type: custom, engine: greatExpectations, implementation: {type: expect_column_to_exist, kwargs: {column: qty}}", "no single row breaks a rule of kind greatExpectations"),
    ],
)  # fmt: skip
def test_what_cannot_be_held_by_row_is_refused(shop, rule: str, said: str) -> None:
    with pytest.raises(ContractError) as refused:
        shop.read(shop.head + shop.tables.replace(
            "    properties:", f"    quality:\n      - {rule}, {COMMON}, {HOLD}}}\n    properties:", 1))  # fmt: skip
    assert said in str(refused.value)


def test_a_policy_without_key_elsewhere_or_against_its_severity_is_refused(shop) -> None:
    keyless = shop.tables.replace(", primaryKey: true, primaryKeyPosition: 1", "")
    with pytest.raises(ContractError, match="needs a primaryKey"):
        shop.read(f"{shop.head}{keyless}      - {COLUMN % HOLD}\n")
    (shop.home / "canonical" / "shop.odcs.yaml").write_text(
        f"{shop.head.replace('domain: sources', 'domain: canonical')}{shop.tables}      - {COLUMN % HOLD}\n"
    )
    with pytest.raises(ContractError, match="policy quarantine is for sources"):
        contracts.read("canonical/shop", shop.home)
    warned = "severity: warning, dimension: accuracy"
    with pytest.raises(ContractError, match="policy quarantine does not go with severity warning"):
        shop.with_column(
            "{name: a, logicalType: integer, physicalType: BIGINT, quality: "
            f"[{{metric: nullValues, mustBe: 0, {warned}, {HOLD}}}]}}"
        )
    with pytest.raises(ContractError, match="a policy needs something that a row may break"):
        shop.with_column(f"{{name: a, logicalType: integer, physicalType: BIGINT, {HOLD}}}")
