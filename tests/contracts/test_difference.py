"""What a changed contract asks for: what breaks its readers, and the step of its version."""

# ruff: noqa: E501 - a case, a query or a contract's column a line

import subprocess

import pytest

from contracts import ContractError
from contracts.difference import Step, differences, least_version
from contracts.revision import compare
from tests.contracts.conftest import HEAD, TABLES

MORE = "      - {name: kind, logicalType: string, physicalType: VARCHAR, quality: [{metric: invalidValues, arguments: {validValues: [a, b]}, mustBe: 0, severity: error, dimension: conformity}]}\n"
LIMITS = "      - {name: size, logicalType: integer, physicalType: BIGINT, logicalTypeOptions: {minimum: 1}}\n"
RULE = """\
    quality:
      - {name: few, type: sql, query: SELECT count(*) FROM {object}, mustBeLessThan: 10, dimension: coverage, severity: error, description: Few.}
"""
BASE = (
    HEAD
    + TABLES.replace(
        "    properties:", RULE.replace("{object}", "'{object}'") + "    properties:", 1
    )
    + MORE
    + LIMITS
)
BASE = BASE.replace(
    "query: SELECT count(*) FROM '{object}'", "query: 'SELECT count(*) FROM {object}'"
)


@pytest.mark.parametrize(
    ("old", "new", "where", "step"),
    [
        # What a reader may have relied upon and is no longer promised.
        ("name: email", "name: mail", "articles.email", Step.MAJOR),
        ("'DECIMAL(18,6)'", "'DECIMAL(18,4)'", "articles.qty", Step.MAJOR),
        ("physicalType: 'DECIMAL(18,6)', required: true", "physicalType: 'DECIMAL(18,6)'", "articles: qty.required", Step.MAJOR),
        ("validValues: [a, b]", "validValues: [a, b, c]", "articles: kind.invalidValues", Step.MAJOR),
        ("validValues: [a, b]", "validValues: [b, c]", "articles: kind.invalidValues", Step.MAJOR),
        ("minimum: 1", "minimum: 0", "articles: size.minimum", Step.MAJOR),
        ("minimum: 1", "exclusiveMinimum: 1", "articles: size.minimum", Step.MAJOR),
        ("mustBeLessThan: 10", "mustBeLessThan: 11", "articles: articles.few", Step.MAJOR),
        ("count(*) FROM {object}", "count(sku) FROM {object}", "articles: articles.few", Step.MAJOR),
        ("dimension: coverage, severity: error", "dimension: coverage, severity: warning", "articles: articles.few", Step.MAJOR),
        (RULE.replace("query: SELECT count(*) FROM {object}", "query: 'SELECT count(*) FROM {object}'"), "", "articles: articles.few", Step.MAJOR),
        # What is promised anew, or more strictly.
        ("      - {name: size", "      - {name: extra, logicalType: date, physicalType: DATE}\n      - {name: size", "articles.extra", Step.MINOR),
        ("physicalType: TIMESTAMPTZ}", "physicalType: TIMESTAMPTZ, required: true}", "articles: changed_at.required", Step.MINOR),
        ("validValues: [a, b]", "validValues: [a]", "articles: kind.invalidValues", Step.MINOR),
        ("minimum: 1", "minimum: 2", "articles: size.minimum", Step.MINOR),
        ("mustBeLessThan: 10", "mustBeLessThan: 9", "articles: articles.few", Step.MINOR),
        ("classification: restricted", "classification: internal", "articles.email", Step.MINOR),
        # Words and people.
        ("#shop", "#store", "", Step.PATCH),
        ("description: Few.", "description: Not many.", "articles: articles.few", Step.PATCH),
        ("status: active", "status: deprecated", "", Step.PATCH),
    ],
)  # fmt: skip
def test_a_change_asks_for_the_step_that_its_readers_need(shop, old, new, where, step) -> None:
    before = shop.read(BASE)
    assert old in BASE
    after = shop.read(BASE.replace(old, new))
    changes = differences(before, after)
    assert (where, step) in {(change.where, change.step) for change in changes}
    assert max(change.step for change in changes) is step
    assert differences(before, before) == ()


@pytest.mark.parametrize(
    ("version", "step", "least"),
    [("1.2.3", Step.MAJOR, "2.0.0"), ("1.2.3", Step.MINOR, "1.3.0"), ("1.2.3", Step.PATCH, "1.2.4"),
     ("0.2.3", Step.MAJOR, "0.3.0")],
)  # fmt: skip
def test_a_version_steps_the_part_that_its_changes_ask_for(shop, version, step, least) -> None:
    before = shop.read(BASE)
    changes = differences(before, shop.read(BASE.replace("name: email", "name: mail")))
    only = tuple(change for change in changes if change.step is Step.MAJOR)
    fitting = tuple(type(change)(change.where, change.what, step) for change in only)
    assert least_version(version, fitting) == least
    assert least_version(version, ()) == version


def git(home, *arguments: str) -> None:
    who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", "-C", home, *who, *arguments], check=True, capture_output=True)


def test_a_revision_tells_which_versions_lack_their_step(shop) -> None:
    shop.write(BASE)
    git(shop.home, "init", "-q")
    git(shop.home, "add", ".")
    git(shop.home, "commit", "-qm", "first")
    assert compare("HEAD", shop.home) == ()

    broken = BASE.replace("name: email", "name: mail")
    shop.write(broken)
    (lacking,) = compare("HEAD", shop.home)
    assert lacking.problem == "version 1.2.0 has to be 2.0.0 at least, after 1.2.0"
    shop.write(broken.replace("version: 1.2.0", "version: 2.0.0"))
    assert [pair.problem for pair in compare("HEAD", shop.home)] == [None]
    shop.write(broken.replace("version: 1.2.0", "version: two"))
    (odd,) = compare("HEAD", shop.home)
    assert "'two' is no version" in (odd.problem or "")


def test_a_contract_goes_only_after_it_said_so(shop) -> None:
    shop.write(BASE)
    git(shop.home, "init", "-q")
    git(shop.home, "add", ".")
    git(shop.home, "commit", "-qm", "first")
    (shop.home / "sources" / "shop.odcs.yaml").unlink()
    (gone,) = compare("HEAD", shop.home)
    assert "status: deprecated" in (gone.problem or "")
    shop.write(BASE.replace("status: active", "status: deprecated"))
    git(shop.home, "commit", "-qam", "warned")
    (shop.home / "sources" / "shop.odcs.yaml").unlink()
    assert [pair.problem for pair in compare("HEAD", shop.home)] == [None]


def test_what_git_cannot_give_is_an_error_and_no_empty_comparison(shop) -> None:
    shop.write(BASE)
    with pytest.raises(ContractError, match="git cannot give"):
        compare("HEAD", shop.home)
    git(shop.home, "init", "-q")
    git(shop.home, "add", ".")
    git(shop.home, "commit", "-qm", "first")
    with pytest.raises(ContractError, match=r"git cannot give .* 'nowhere'"):
        compare("nowhere", shop.home)
    shop.write(BASE.replace("name: shop\n", "name: other\n"))
    git(shop.home, "commit", "-qam", "broken")
    shop.write(BASE)
    with pytest.raises(ContractError, match="As of 'HEAD' a contract is refused"):
        compare("HEAD", shop.home)
