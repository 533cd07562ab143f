"""Each kind of rule fails when it is broken, blocks when it cannot be held, passes otherwise."""

# ruff: noqa: E501 - a case, a query or a contract's column a line

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

import contracts

NOW = datetime(2026, 3, 11, 23, tzinfo=UTC)
COMMON = "severity: error, dimension: accuracy"


def test_a_table_that_keeps_its_contract_passes_every_rule(shop, con) -> None:
    verdicts = contracts.judge(con, [shop.read()], now=NOW)
    assert [v.rule for v in verdicts if v.status != "passed"] == []
    assert len(verdicts) == len(shop.read().table("articles").rules)
    assert not any(v.blocks for v in verdicts)


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("{name: a, logicalType: string, physicalType: VARCHAR, required: true}", None, "a.required"),
        ("{name: a, logicalType: string, physicalType: VARCHAR, unique: true}", "x", "a.unique"),
        ("{name: a, logicalType: string, physicalType: VARCHAR, logicalTypeOptions: {pattern: '^(?:A|B)$'}}", "x",
         "a.pattern"),
        ("{name: a, logicalType: string, physicalType: VARCHAR, logicalTypeOptions: {minLength: 2}}", "x",
         "a.minLength"),
        ("{name: a, logicalType: string, physicalType: VARCHAR, logicalTypeOptions: {maxLength: 2}}", "xxx",
         "a.maxLength"),
        ("{name: a, logicalType: integer, physicalType: BIGINT, logicalTypeOptions: {minimum: 1}}", 0, "a.minimum"),
        ("{name: a, logicalType: integer, physicalType: BIGINT, logicalTypeOptions: {maximum: 1}}", 2, "a.maximum"),
        ("{name: a, logicalType: integer, physicalType: BIGINT, logicalTypeOptions: {exclusiveMinimum: 1}}", 1,
         "a.exclusiveMinimum"),
        ("{name: a, logicalType: integer, physicalType: BIGINT, logicalTypeOptions: {exclusiveMaximum: 1}}", 1,
         "a.exclusiveMaximum"),
        ("{name: a, logicalType: string, physicalType: VARCHAR, relationships: [{to: articles.sku}]}", "x",
         "a.references"),
        (f"{{name: a, logicalType: string, physicalType: VARCHAR, quality: [{{metric: nullValues, mustBe: 0, {COMMON}"
         "}]}", None, "a.nullValues"),
        ("{name: a, logicalType: string, physicalType: VARCHAR, quality: [{metric: missingValues, "
         f"arguments: {{missingValues: ['n/a']}}, mustBe: 0, {COMMON}}}]}}", "n/a", "a.missingValues"),
        ("{name: a, logicalType: string, physicalType: VARCHAR, quality: [{metric: invalidValues, "
         f"arguments: {{validValues: [A, B]}}, mustBe: 0, {COMMON}}}]}}", "x", "a.invalidValues"),
        ("{name: a, logicalType: string, physicalType: VARCHAR, quality: [{metric: duplicateValues, mustBe: 0, "
         f"{COMMON}}}]}}", "x", "a.duplicateValues"),
    ],
)  # fmt: skip
def test_a_broken_rule_of_a_column_fails_and_blocks(
    shop, con, judged, column: str, value: object, rule: str
) -> None:
    contract = shop.with_column(column)
    kind = contract.table("articles").column("a").physical_type
    con.execute(f"ALTER TABLE lake.shop.articles ADD COLUMN a {kind}")
    con.execute("UPDATE lake.shop.articles SET a = ?", [value])
    verdict = judged(contract, rule)
    assert (verdict.status, verdict.blocks) == ("failed", True)
    assert verdict.failing
    assert verdict.evaluated == 2


@pytest.mark.parametrize(
    ("valid", "value", "status"),
    [("[A, null]", None, "passed"), ("[A, null]", "None", "failed"), ("[null]", "x", "failed")],
)
def test_null_among_valid_values_is_no_text(shop, con, judged, valid, value, status) -> None:
    contract = shop.with_column(
        "{name: a, logicalType: string, physicalType: VARCHAR, quality: [{metric: invalidValues, "
        f"arguments: {{validValues: {valid}}}, mustBe: 0, {COMMON}}}]}}"
    )
    con.execute("ALTER TABLE lake.shop.articles ADD COLUMN a VARCHAR")
    con.execute("UPDATE lake.shop.articles SET a = ?", [value])
    assert judged(contract, "a.invalidValues").status == status


def test_a_null_reference_breaks_nothing_not_even_where_the_other_table_is_empty(shop, con) -> None:
    con.execute("CREATE TABLE lake.shop.makers (maker VARCHAR)")
    con.execute("ALTER TABLE lake.shop.articles ADD COLUMN maker VARCHAR")
    makers = (
        "  - name: makers\n    properties:\n"
        "      - {name: maker, logicalType: string, physicalType: VARCHAR}\n"
    )
    maker = "{name: maker, logicalType: string, physicalType: VARCHAR, relationships: [{to: makers.maker}]}"
    contract = shop.read(f"{shop.head}{shop.tables}      - {maker}\n{makers}")
    for said, status in ((None, "passed"), ("M-1", "failed")):
        con.execute("UPDATE lake.shop.articles SET maker = ?", [said])
        verdicts = {v.rule: v for v in contracts.judge(con, [contract], now=NOW)}
        assert verdicts["maker.references"].status == status


def test_a_key_that_occurs_twice_fails(con, shop, judged) -> None:
    con.execute("INSERT INTO lake.shop.articles SELECT * FROM lake.shop.articles LIMIT 1")
    verdict = judged(shop.read(), "articles.primary_key")
    assert (verdict.status, verdict.failing) == ("failed", 1)
    assert verdict.sample == ("sku=AA-1, times=2",)


@pytest.mark.parametrize(
    ("comparator", "status"),
    [
        ("mustBe: 2", "passed"), ("mustBe: 3", "failed"), ("mustNotBe: 2", "failed"),
        ("mustBeGreaterThan: 1", "passed"), ("mustBeGreaterThan: 2", "failed"),
        ("mustBeGreaterOrEqualTo: 2", "passed"), ("mustBeLessThan: 2", "failed"),
        ("mustBeLessOrEqualTo: 2", "passed"), ("mustBeBetween: [3, 4]", "failed"),
        ("mustNotBeBetween: [3, 4]", "passed"),
    ],
)  # fmt: skip
def test_a_number_of_rows_is_compared_as_the_contract_says(
    shop, judged, comparator: str, status: str
) -> None:
    contract = shop.with_rule(f"{{metric: rowCount, {comparator}, {COMMON}}}")
    assert judged(contract, "articles.rowCount").status == status


def test_a_share_of_rows_may_be_allowed(shop, judged) -> None:
    for limit, status in ((50, "passed"), (49, "failed")):
        contract = shop.with_column(
            "{name: note, logicalType: string, physicalType: VARCHAR, quality: [{metric: nullValues, "
            f"unit: percent, mustBeLessOrEqualTo: {limit}, {COMMON}}}]}}"
        )
        con = duckdb.connect()
        con.execute("ATTACH ':memory:' AS lake; CREATE SCHEMA lake.shop")
        con.execute(
            "CREATE TABLE lake.shop.articles AS SELECT 'AA-' || i AS sku, 1::DECIMAL(18,6) AS qty, "
            "NULL::VARCHAR AS email, NULL::TIMESTAMPTZ AS changed_at, "
            "CASE i WHEN 1 THEN 'x' END AS note FROM range(2) AS t(i)"
        )
        verdicts = {v.rule: v for v in contracts.judge(con, [contract], now=NOW)}
        assert verdicts["note.nullValues"].status == status


def test_a_sql_rule_names_the_breaking_rows(shop, judged) -> None:
    contract = shop.with_rule(
        f"""
        name: small
        type: sql
        query: SELECT count(*) FROM (SELECT sku, qty * 2 AS twice FROM {{object}} WHERE qty > 6) AS big
        mustBe: 0
        {COMMON.replace(", ", chr(10) + "        ")}
        customProperties: [{{property: column, value: qty}}, {{property: mend, value: Count again.}}]
        """
    )
    verdict = judged(contract, "articles.small")
    assert (verdict.failing, verdict.column, verdict.mend) == (1, "qty", "Count again.")
    assert verdict.sample == ("sku=AA-2, twice=14.000000",)
    assert verdict.message.startswith("shop.articles.qty: 1 row breaks articles.small.")
    assert verdict.message.endswith("Owner: shop-team (#shop). Count again.")


def test_a_sql_rule_may_compute_a_number(shop, judged) -> None:
    query = f"query: 'SELECT sum(qty) FROM {{table}}', {COMMON}"
    passing = shop.with_rule(f"{{name: total, type: sql, mustBe: 12, {query}}}")
    assert judged(passing, "articles.total").status == "passed"
    failing = shop.with_rule(f"{{name: total, type: sql, mustBeLessThan: 12, {query}}}")
    assert (
        "articles.total is 12.000000; it must be below 12"
        in judged(failing, "articles.total").message
    )


def test_a_rule_in_great_expectations_own_words_runs(shop, judged) -> None:
    rule = (
        "{name: range, type: custom, engine: greatExpectations, implementation: {type: "
        f"expect_column_values_to_be_between, kwargs: {{column: qty, max_value: MAX}}}}, {COMMON}}}"
    )
    assert judged(shop.with_rule(rule.replace("MAX", "9")), "articles.range").status == "passed"
    assert judged(shop.with_rule(rule.replace("MAX", "6")), "articles.range").failing == 1


@pytest.mark.parametrize(("said", "status"), [("DECIMAL", "passed"), ("VARCHAR", "failed")])
def test_great_expectations_may_be_asked_for_a_type(shop, judged, said: str, status: str) -> None:
    rule = (
        "{name: typed, type: custom, engine: greatExpectations, implementation: {type: "
        f"expect_column_values_to_be_of_type, kwargs: {{column: qty, type_: {said}}}}}, {COMMON}}}"
    )
    assert judged(shop.with_rule(rule), "articles.typed").status == status


def test_a_rule_that_great_expectations_refuses_silences_no_other(shop, con) -> None:
    rule = (
        "{name: refused, type: custom, engine: greatExpectations, implementation: {type: "
        f"expect_column_values_to_be_between, kwargs: {{column: qty}}}}, {COMMON}}}"
    )
    verdicts = {v.rule: v.status for v in contracts.judge(con, [shop.with_rule(rule)], now=NOW)}
    assert verdicts.pop("articles.refused") == "not_evaluated"
    assert set(verdicts.values()) == {"passed"}


def test_a_rule_that_errors_is_not_evaluated_and_blocks_without_harming_others(shop, con) -> None:
    contract = shop.with_rule(
        f"{{name: bad, type: sql, mustBe: 0, {COMMON}, "
        "query: 'SELECT count(*) FROM {object} WHERE CAST(sku AS INTEGER) > 0'}"
    )
    verdicts = {v.rule: v for v in contracts.judge(con, [contract], now=NOW)}
    bad = verdicts.pop("articles.bad")
    assert (bad.status, bad.blocks) == ("not_evaluated", True)
    assert "could not be held" in bad.message
    assert "AA-1" not in bad.message
    assert {v.status for v in verdicts.values()} == {"passed"}


def test_a_missing_table_fails_and_none_of_its_rules_is_left_out(shop, con) -> None:
    con.execute("DROP TABLE lake.shop.articles")
    contract = shop.read()
    verdicts = contracts.judge(con, [contract], now=NOW)
    assert len(verdicts) == len(contract.table("articles").rules)
    assert verdicts[0].status == "failed"
    assert "the table shop.articles is missing" in verdicts[0].message
    assert {v.status for v in verdicts[1:]} == {"not_evaluated"}
    assert all(v.blocks for v in verdicts)


def test_a_missing_or_retyped_column_is_told_by_name(shop, con) -> None:
    con.execute("ALTER TABLE lake.shop.articles DROP COLUMN qty")
    con.execute("ALTER TABLE lake.shop.articles ALTER email TYPE BLOB")
    verdicts = {v.rule: v for v in contracts.judge(con, [shop.read()], now=NOW)}
    assert verdicts["qty.type"].status == "failed"
    assert verdicts["qty.required"].status == "not_evaluated"
    assert "email is BLOB; it must be VARCHAR" in verdicts["email.type"].message


def test_a_stale_table_fails_against_the_given_time_only(shop, con) -> None:
    sla = (
        "slaProperties: [{property: freshness, value: 4, unit: h, element: articles.changed_at}]\n"
    )
    contract = shop.read(shop.head + sla + shop.tables)
    for now, status in ((NOW, "passed"), (NOW + timedelta(hours=2), "failed")):
        verdicts = {v.rule: v for v in contracts.judge(con, [contract], now=now)}
        assert verdicts["changed_at.freshness"].status == status
    assert "is 5.0 h old; it may be 4 h old" in verdicts["changed_at.freshness"].message
    con.execute("DELETE FROM lake.shop.articles")
    verdicts = {v.rule: v for v in contracts.judge(con, [contract], now=NOW)}
    assert verdicts["changed_at.freshness"].status == "failed"


def test_a_query_that_chooses_its_columns_shows_them_all(shop, judged) -> None:
    rule = (
        f"{{name: alike, type: sql, mustBe: 0, {COMMON}, query: 'SELECT count(*) FROM "
        "(SELECT qty, count(*) AS times FROM {object} GROUP BY qty) AS found'}"
    )
    verdict = judged(shop.with_rule(rule), "articles.alike")
    assert verdict.column is None
    assert all("qty=" in shown and "times=1" in shown for shown in verdict.sample), verdict.sample


def test_a_warning_tells_but_does_not_block(shop, judged) -> None:
    rule = "{metric: rowCount, mustBe: 9, severity: warning, dimension: coverage}"
    verdict = judged(shop.with_rule(rule), "articles.rowCount")
    assert (verdict.status, verdict.blocks) == ("failed", False)


def test_personal_data_is_in_no_verdict(shop, con) -> None:
    contract = shop.with_rule(
        f"{{name: nobody, type: sql, mustBe: 0, {COMMON}, query: "
        "'SELECT count(*) FROM (SELECT sku, upper(email) AS who FROM {object}) AS all_of_them'}"
    )
    verdicts = {v.rule: v for v in contracts.judge(con, [contract], now=NOW)}
    assert verdicts["articles.nobody"].sample[0] == "sku=[redacted], who=[redacted]"
    assert "example.org" not in repr(verdicts).lower()


def test_a_case_reported_as_an_each_breaks_the_wms_contract_by_name(con) -> None:
    wms = contracts.read("sources/wms")
    con.execute("CREATE SCHEMA lake.wms")
    for table in wms.tables:
        columns = ", ".join(f"{c.name} {c.physical_type}" for c in table.columns)
        con.execute(f"CREATE TABLE lake.wms.{table.name} ({columns})")
    stock, moved = "('B-1', 1, 'L1', 'RNO', {}, 'available', now())", "(1, now(), 'RNO', 'B-1', 1, "
    con.execute(f"INSERT INTO lake.wms.stock VALUES {stock.format(2)}")
    con.execute(f"INSERT INTO lake.wms.movements VALUES {moved}'L1', 24, 'receive', NULL, NULL)")
    verdicts = {(v.dataset, v.rule): v for v in contracts.judge(con, [wms], now=NOW)}
    verdict = verdicts["wms.stock", "stock.position_equals_movements"]
    assert verdict.blocks
    assert "in_bin=2.000000, moved=24.000000" in verdict.message
    assert "units of measure" in verdict.message


def test_judging_needs_a_time_with_a_zone(shop, con) -> None:
    with pytest.raises(ValueError, match="time zone"):
        contracts.judge(con, [shop.read()], now=NOW.replace(tzinfo=None))


def test_judging_inside_a_transaction_sees_its_rows_and_leaves_it_open(shop, con) -> None:
    con.execute("BEGIN")
    con.execute("DELETE FROM lake.shop.articles")
    contract = shop.with_rule(f"{{metric: rowCount, mustBe: 0, {COMMON}}}")
    verdicts = {v.rule: v for v in contracts.judge(con, [contract], now=NOW)}
    assert verdicts["articles.rowCount"].status == "passed"
    con.execute("ROLLBACK")
    assert con.execute("SELECT count(*) FROM lake.shop.articles").fetchone() == (2,)
