"""Verdicts as Great Expectations' pages: each rule with what became of it, and nothing hidden."""

# ruff: noqa: E501 - a contract's column or rule a line

import html
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import contracts
from contracts import Contract, ContractError
from contracts.data_docs import Page, write
from contracts.verdict import reason
from contracts.wording import promise

NOW = datetime(2026, 3, 11, 23, tzinfo=UTC)
RULE = (
    "{name: few, type: sql, query: 'SELECT count(*) FROM (SELECT sku FROM {object} WHERE qty > 5)', mustBe: 0, severity: warning, "
    "dimension: accuracy, description: 'Nobody has more than five.', "
    "customProperties: [{property: mend, value: Count them again.}, {property: column, value: qty}]}"
)
EMAIL = "{name: alias, logicalType: string, physicalType: VARCHAR, classification: restricted, logicalTypeOptions: {minLength: 99}}"

Written = Callable[..., Path]


@pytest.fixture
def written(con, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    """Judge a contract and write its page; nothing may ask the network."""

    def refuse(*_: object) -> None:
        raise AssertionError("asked the network")

    def run(contract: Contract) -> Path:
        verdicts = {v.rule: v for v in contracts.judge(con, [contract], now=NOW)}
        pages = [
            Page(contract, table, [verdicts[rule.id] for rule in table.rules], NOW)
            for table in contract.tables
        ]
        folder = tmp_path / "site"
        folder.mkdir()
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        monkeypatch.setattr(socket.socket, "connect", refuse)
        return write(folder, pages).parent

    return run


def _text(page: Path) -> str:
    """Return what a browser shows of a page where no script runs."""
    plain = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]+>", " ", page.read_text("utf-8"))
    return " ".join(html.unescape(plain).split())


def _verdicts(site: Path) -> str:
    (page,) = site.glob("validations/shop/articles/*/*/*.html")
    return _text(page)


def test_a_page_tells_of_each_rule_what_became_of_it_why_and_whose_it_is(shop, written) -> None:
    contract = shop.with_rule(RULE)
    site = written(contract)
    told = _verdicts(site)
    for rule in contract.table("articles").rules:
        if rule.id != "articles.few":
            assert f"passed {rule.id} {promise(rule, contract.table('articles'))}" in told
    assert (
        "failed articles.few Nobody has more than five. 1 row breaks articles.few. For example: sku=AA-2 "
        "Owner: shop-team (#shop). Mend: Count them again. 1 breaking, 2 rows accuracy warning"
    ) in told
    assert "contract sources/shop 1.2.0, owner shop-team (#shop) Status: Failed" in told


def test_a_rule_that_could_not_be_held_stands_there_as_failed_with_the_reason(
    shop, con, written
) -> None:
    con.execute("ALTER TABLE lake.shop.articles DROP COLUMN qty")
    told = _verdicts(written(shop.read()))
    assert "not evaluated qty.required Every row has one. the column qty is missing." in told
    assert "Status: Failed" in told
    assert "Unsuccessful Expectations 2" in told  # qty.type failed


def test_values_of_a_classified_column_stand_on_no_page(shop, con, written) -> None:
    con.execute("ALTER TABLE lake.shop.articles ADD COLUMN alias VARCHAR")
    con.execute("UPDATE lake.shop.articles SET alias = 'secret@example.org'")
    site = written(shop.with_column(EMAIL))
    assert "alias=[redacted]" in _verdicts(site)
    assert not [page for page in site.rglob("*.html") if "secret@" in page.read_text("utf-8")]


def test_what_others_wrote_is_shown_and_not_run(shop, con, written) -> None:
    row = "<img src=x onerror=alert(1)> $rule"
    con.execute("INSERT INTO lake.shop.articles VALUES (?, 9, NULL, NULL)", [row])
    site = written(shop.with_rule(RULE))
    assert f"sku={row}" in _verdicts(site)
    assert not [page for page in site.rglob("*.html") if "<img src=x" in page.read_text("utf-8")]


def test_the_first_page_lists_and_links_all_tables_without_any_script(shop, con, written) -> None:
    con.execute("CREATE TABLE lake.shop.makers (maker VARCHAR)")
    con.execute("INSERT INTO lake.shop.makers VALUES (NULL)")
    makers = (
        "  - name: makers\n    properties:\n"
        "      - {name: maker, logicalType: string, physicalType: VARCHAR, required: true}\n"
    )
    site = written(shop.read(f"{shop.head}{shop.tables}{makers}"))
    told = _text(site / "index.html")
    makers = "failed shop.makers 1 failed, 2 passed maker.required shop-team sources/shop 1.2.0"
    assert makers in told
    assert told.index(makers) < told.index("passed shop.articles 8 passed")
    links = re.findall(
        r'href="((?:validations|expectations)[^"]+)"', (site / "index.html").read_text()
    )
    assert len(links) == 4
    assert all((site / link).is_file() for link in links)


def test_the_page_of_a_suite_tells_what_must_hold_with_its_query(shop, written) -> None:
    site = written(shop.with_rule(RULE))
    told = _text(site / "expectations" / "shop" / "articles.html")
    assert "articles.few Nobody has more than five." in told
    assert "warning, accuracy. Mend: Count them again." in told
    assert "SELECT sku FROM {object} WHERE qty > 5" in told


def test_what_cannot_be_shown_is_an_error_and_not_left_out(shop, written, monkeypatch) -> None:
    from contracts import shown_rule

    def broken(*_: object, **__: object) -> None:
        raise KeyError("template")

    monkeypatch.setattr(shown_rule, "text", broken)
    with pytest.raises(ContractError, match="cannot show a verdict: KeyError"):
        written(shop.read())


def test_a_verdicts_reason_is_its_message_without_what_is_shown_apart(shop, con) -> None:
    verdicts = {v.rule: v for v in contracts.judge(con, [shop.with_rule(RULE)], now=NOW)}
    broken = verdicts["articles.few"]
    assert reason(broken) == "1 row breaks articles.few. Nobody has more than five."
    assert broken.message == (
        "shop.articles.qty: 1 row breaks articles.few. Nobody has more than five. "
        "For example sku=AA-2. Owner: shop-team (#shop). Count them again."
    )


@pytest.mark.parametrize(
    ("column", "rule", "said"),
    [
        ("{name: a, logicalType: integer, physicalType: BIGINT, logicalTypeOptions: {minimum: 1}}", "a.minimum", "At least 1."),
        ("{name: a, logicalType: string, physicalType: VARCHAR, relationships: [{to: articles.sku}]}", "a.references",
         "Each value is one of articles.sku."),
        ("{name: a, logicalType: string, physicalType: VARCHAR, quality: [{metric: nullValues, mustBeLessThan: 5, unit: percent, severity: error, dimension: accuracy}]}",
         "a.nullValues", "Rows without a value: below 5 %."),
        ("{name: a, logicalType: string, physicalType: VARCHAR, quality: [{metric: invalidValues, arguments: {validValues: [x, y]}, mustBe: 0, severity: error, dimension: accuracy}]}",
         "a.invalidValues", "One of x, y."),
        ("{name: a, logicalType: string, physicalType: VARCHAR, quality: [{type: custom, engine: greatExpectations, name: in_set, implementation: {type: expect_column_values_to_be_in_set, kwargs: {column: a, value_set: [x]}}, severity: error, dimension: accuracy}]}",
         "a.in_set", "expect_column_values_to_be_in_set(column=a, value_set=['x'])."),
    ],
)  # fmt: skip
def test_a_rule_is_worded_for_people(shop, column: str, rule: str, said: str) -> None:
    table = shop.with_column(column).table("articles")
    (one,) = [one for one in table.rules if one.id == rule]
    assert promise(one, table) == said


def test_every_rule_of_the_house_has_words() -> None:
    for contract in contracts.read_all():
        for table in contract.tables:
            assert all(promise(rule, table).strip(".") for rule in table.rules)
