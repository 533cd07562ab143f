"""Every row that breaks a rule can be listed, as a verdict's sample shows it."""

# ruff: noqa: E501 - a rule a line

from datetime import UTC, datetime

import pytest

import contracts
from contracts import ContractError
from contracts.breaking import breaking

NOW = datetime(2026, 3, 11, 23, tzinfo=UTC)
COMMON = "severity: error, dimension: accuracy"


def test_all_rows_are_listed_by_key_and_accused_column(shop, con) -> None:
    con.execute(
        "INSERT INTO lake.shop.articles (sku, qty) SELECT 'B-' || i, -i FROM range(1, 31) AS t(i)"
    )
    contract = shop.with_column("{name: note, logicalType: string, physicalType: VARCHAR}")
    text = contract.path.read_text().replace(
        "physicalType: 'DECIMAL(18,6)', required: true}",
        "physicalType: 'DECIMAL(18,6)', required: true, logicalTypeOptions: {minimum: 0}}",
    )
    contract = shop.read(text)
    found = breaking(con, contract, "articles", "qty.minimum", now=NOW)
    (verdict,) = [v for v in contracts.judge(con, [contract], now=NOW) if v.rule == "qty.minimum"]
    assert len(found) == verdict.failing == 30, "not only those of the sample"
    assert {tuple(row) for row in found} == {("sku", "qty")}
    assert {row["sku"] for row in found} == {f"B-{i}" for i in range(1, 31)}


def test_personal_data_is_in_none(shop, con) -> None:
    rule = f"{{name: nobody, type: sql, mustBe: 0, {COMMON}, query: 'SELECT count(*) FROM (SELECT sku, upper(email) AS who FROM {{object}}) AS every'}}"
    found = breaking(con, shop.with_rule(rule), "articles", "articles.nobody", now=NOW)
    assert found and all(row == {"sku": "[redacted]", "who": "[redacted]"} for row in found)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("articles.rowCount", "is about a number"),
        ("sku.type", "is not about single rows"),
        ("sku.nothing", "has no rule 'sku.nothing' on articles"),
    ],
)
def test_what_has_no_rows_is_said(shop, con, rule: str, said: str) -> None:
    contract = shop.with_rule(f"{{metric: rowCount, mustBe: 9, {COMMON}}}")
    with pytest.raises(ContractError, match=said):
        breaking(con, contract, "articles", rule, now=NOW)
