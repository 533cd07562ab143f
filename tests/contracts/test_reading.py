"""A contract that leaves the standard, or asks for what nobody enforces, is refused."""

# ruff: noqa: E501 - a case, a query or a contract's column a line

from decimal import Decimal
from pathlib import Path

import pytest

import contracts
from contracts import ContractError


def test_every_contract_of_the_house_is_readable() -> None:
    assert {c.layer for c in contracts.read_all()} == {"sources", "canonical"}


def test_a_contract_says_tables_keys_and_owner(shop) -> None:
    contract = shop.read()
    table = contract.table("articles")
    assert (contract.owner, contract.channel, contract.version) == ("shop-team", "#shop", "1.2.0")
    assert table.primary_key == ("sku",)
    assert table.column("email").is_personal


def test_an_unknown_contract_or_table_or_column_lists_the_valid_ones(shop) -> None:
    contract = shop.read()
    with pytest.raises(ContractError, match=r"no contract 'sources/shopp'.*sources/shop"):
        contracts.read("sources/shopp", shop.home)
    with pytest.raises(ContractError, match=r"has no table 'article'. It has: articles"):
        contract.table("article")
    with pytest.raises(ContractError, match=r"has no column 'quantity'. It has: sku, qty"):
        contract.table("articles").column("quantity")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("status: active", "statuss: active", r"shop.odcs.yaml:6: statuss: unknown key.*'status'"),
        ("name: qty,", "name: qty, lable: x,", r":16: .*properties\[1\].lable: unknown key"),
        ("status: active", "status: active\nstatus: draft", "written twice"),
        ("v3.1.0", "v2.2.0", "'v2.2.0' is not read here. Valid: v3.0.0"),
        ("name: shop\n", "name: shopp\n", "must be the file's name"),
        ("name: qty", "name: sku", "'sku' is there twice"),
        ("name: qty", "name: Qty", "must be lower case"),
        ("'DECIMAL(18,6)'", "FLOAT", r"'FLOAT' does not hold number. Valid: DECIMAL\(p,s\)"),
        ("logicalType: number", "logicalType: numbr", "numbr"),
        ("classification: restricted", "classification: secret", "'secret' is none"),
        ("team: {name: shop-team}", "", "an owner"),
        ("kind: DataContract", "kind: Data Contract", "Data Contract"),
        ("kind: DataContract", "kind: [", "not valid YAML"),
        ("primaryKeyPosition: 1", "primaryKeyPosition: 2", "must count from 1"),
        ("name: email,", "name: email, physicalName: mail,", "is refused: is not enforced here"),
        ("physicalType: VARCHAR, class", "logicalTypeOptions: {format: email}, physicalType: VARCHAR, class",
         r"format: is not enforced for string. Valid: pattern, minLength, maxLength"),
        ("physicalType: VARCHAR, class", "logicalTypeOptions: {pattern: '('}, physicalType: VARCHAR, class",
         "is no regular expression"),
        ("physicalType: VARCHAR, class", "relationships: [{to: customers.email}], physicalType: VARCHAR, class",
         "leads to no table 'customers'"),
        ("physicalType: VARCHAR, class", "relationships: [{to: articles.mail}], physicalType: VARCHAR, class",
         "'articles' has no column 'mail'"),
        ("    properties:", "    customProperties: [{property: loadMethod, value: appendonly}]\n    properties:",
         "'appendonly' is no loadMethod.*append-only"),
        ("    properties:", "    customProperties: [{property: loadmethod, value: x}]\n    properties:",
         "'loadmethod' is none here.*loadMethod, replicationKey"),
        ("schema:", "slaProperties: [{property: availability, value: 1, unit: h, element: articles.changed_at}]\nschema:",
         "'availability' is not judged. Did you mean 'timeOfAvailability'"),
        ("schema:", "slaProperties: [{property: freshness, value: 1, unit: h, element: articles.qty}]\nschema:",
         "is no timestamp or date"),
        ("schema:", "slaProperties: [{property: freshness, value: 1, unit: moons, element: articles.changed_at}]\nschema:",
         "'moons' is none"),
    ],
)  # fmt: skip
def test_what_leaves_the_standard_is_refused_with_its_place(
    shop, old: str, new: str, message: str
) -> None:
    text = shop.head + shop.tables
    assert old in text
    with pytest.raises(ContractError, match=f"(?s){message}"):
        shop.read(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{metric: nullValue, mustBe: 0, severity: error, dimension: accuracy}", "'nullValue' is not one of"),
        ("{metric: rowCount, severity: error, dimension: coverage}", "exactly one comparator"),
        ("{metric: rowCount, mustBe: many, severity: error, dimension: coverage}", "must be a number"),
        ("{metric: rowCount, mustBeGreaterThan: 0, severity: fatal, dimension: coverage}", "'fatal' is none"),
        ("{metric: rowCount, mustBeGreaterThan: 0, severity: error, dimension: nice}", "'nice' is not one of"),
        ("{metric: rowCount, mustBeGreatr: 0, severity: error, dimension: coverage}", "unknown key"),
        ("{metric: nullValues, mustBe: 0, severity: error, dimension: accuracy}", "belongs to a column"),
        ("{type: sql, query: SELECT 1, mustBe: 1, severity: error, dimension: accuracy}", "needs a name"),
        ("{name: x, type: sql, query: SELEC 1, mustBe: 1, severity: error, dimension: accuracy}", "is no SQL"),
        ("{name: x, type: sql, query: DROP TABLE a, mustBe: 1, severity: error, dimension: accuracy}",
         "must be one SELECT"),
        ("{name: x, type: sql, query: 'SELECT count(*) FROM {article}', mustBe: 0, severity: error, "
         "dimension: accuracy}", "{article} stands for nothing. Did you mean 'articles'"),
        ("{name: x, type: custom, engine: soda, implementation: {type: y, kwargs: {}}, severity: error, "
         "dimension: accuracy}", "'soda' does not run here"),
        ("{name: x, type: custom, engine: greatExpectations, implementation: {type: expect_wonders, kwargs: {}}, "
         "severity: error, dimension: accuracy}", "there is no 'expect_wonders'"),
        ("{metric: duplicateValues, arguments: {properties: [skew]}, mustBe: 0, severity: error, "
         "dimension: uniqueness}", "has no column 'skew'"),
        ("{metric: rowCount, mustBe: 1, schedule: daily, severity: error, dimension: coverage}", "is refused: is not used here"),
    ],
)  # fmt: skip
def test_a_rule_that_could_not_be_enforced_is_refused(shop, rule: str, message: str) -> None:
    with pytest.raises(ContractError, match=f"(?s){message}"):
        shop.with_rule(rule)


def test_all_problems_are_told_at_once(shop) -> None:
    with pytest.raises(ContractError) as refused:
        shop.read(
            shop.head
            + shop.tables.replace("name: qty", "name: Qty").replace("name: email", "name: E")
        )
    assert len(str(refused.value).splitlines()) == 2


def test_contracts_can_lie_elsewhere(shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write()
    monkeypatch.setenv("CROSSDOCK_CONTRACTS", str(shop.home))
    assert [c.key for c in contracts.read_all("sources")] == ["sources/shop"]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="There are no contracts"):
        contracts.read_all(directory=tmp_path)


def test_the_singer_schema_keeps_types_exact(shop) -> None:
    schema = shop.read().table("articles").singer_schema()
    assert schema["required"] == ["sku", "qty"]
    qty = schema["properties"]["qty"]
    assert qty["type"] == ["number"]
    assert Decimal(repr(qty["multipleOf"])) == Decimal("0.000001")
    assert schema["properties"]["changed_at"] == {
        "type": ["string", "null"],
        "format": "date-time",
        "x-sql-datatype": "TIMESTAMPTZ",
    }


def test_limits_are_judged_and_not_enforced_at_landing() -> None:
    stock = contracts.read("sources/wms").table("stock")
    assert stock.column("qty").options == {"minimum": 0}
    assert "minimum" not in stock.singer_schema()["properties"]["qty"]


def test_an_entity_may_be_promised_before_any_source_feeds_it(shop) -> None:
    table = "    physicalType: table\n"
    unfed = table + "    customProperties: [{property: fed, value: VALUE}]\n"
    assert shop.read().table("articles").fed
    said = shop.head + shop.tables.replace(table, unfed)
    assert not shop.read(said.replace("VALUE", "false")).table("articles").fed
    with pytest.raises(ContractError, match=r"'no' is no fed\. .*Valid: true, false"):
        shop.read(said.replace("VALUE", "'no'"))
