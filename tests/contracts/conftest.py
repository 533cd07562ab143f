"""Small contracts written by the tests, and a database to hold against them."""

# ruff: noqa: E501 - one column a line, as in the house's contracts

import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent, indent

import duckdb
import pytest

import contracts
from contracts import Contract, Verdict

with warnings.catch_warnings():
    # sqlglot imports sqlglotrs where some package brings it, which says that it is deprecated:
    # https://github.com/tobymao/sqlglot/tree/main/sqlglotrs
    warnings.simplefilter("ignore", DeprecationWarning)
    import sqlglot  # noqa: F401

NOW = datetime(2026, 3, 11, 23, tzinfo=UTC)
HEAD = """\
apiVersion: v3.1.0
kind: DataContract
id: test.shop
name: shop
version: 1.2.0
status: active
domain: sources
team: {name: shop-team}
support: [{channel: '#shop', tool: slack}]
"""
TABLES = """\
schema:
  - name: articles
    logicalType: object
    physicalType: table
    properties:
      - {name: sku, logicalType: string, physicalType: VARCHAR, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: qty, logicalType: number, physicalType: 'DECIMAL(18,6)', required: true}
      - {name: email, logicalType: string, physicalType: VARCHAR, classification: restricted}
      - {name: changed_at, logicalType: timestamp, physicalType: TIMESTAMPTZ}
"""


class Shop:
    """A folder with one source contract, whose text a test chooses."""

    head, tables = HEAD, TABLES

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "sources").mkdir()
        (home / "canonical").mkdir()

    def write(self, text: str = HEAD + TABLES) -> None:
        (self.home / "sources" / "shop.odcs.yaml").write_text(text)

    def read(self, text: str = HEAD + TABLES) -> Contract:
        self.write(text)
        return contracts.read("sources/shop", self.home)

    def with_rule(self, rule: str) -> Contract:
        """Read the contract with one quality block on its table."""
        block = "    quality:\n" + indent(dedent(rule).strip(), "        ").replace(
            "        ", "      - ", 1
        )
        return self.read(HEAD + TABLES.replace("    properties:", f"{block}\n    properties:", 1))

    def with_column(self, column: str) -> Contract:
        """Read the contract with one more column."""
        return self.read(f"{HEAD}{TABLES}      - {column}\n")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'")
        opened.execute("ATTACH ':memory:' AS lake")
        opened.execute("CREATE SCHEMA lake.shop")
        opened.execute(
            "CREATE TABLE lake.shop.articles "
            "(sku VARCHAR, qty DECIMAL(18,6), email VARCHAR, changed_at TIMESTAMPTZ)"
        )
        opened.execute(
            "INSERT INTO lake.shop.articles VALUES "
            "('AA-1', 5, 'one@example.org', '2026-03-11 20:00:00Z'), ('AA-2', 7, NULL, NULL)"
        )
        yield opened


@pytest.fixture
def judged(con: duckdb.DuckDBPyConnection) -> Callable[[Contract, str], Verdict]:
    """Judge a contract and return the verdict on one rule."""

    def judge(contract: Contract, rule: str) -> Verdict:
        verdicts = {v.rule: v for v in contracts.judge(con, [contract], now=NOW)}
        return verdicts[rule]

    return judge
