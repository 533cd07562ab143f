"""The estate knows no contract, yet its databases must hold exactly what the contracts describe."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from estate import Estate

SOURCES = Path(__file__).parents[2] / "contracts" / "sources"
KINDS = {"VARCHAR": "TEXT", "TIMESTAMPTZ": "DATETIME", "BIGINT": "BIGINT", "DATE": "DATE"}


@pytest.mark.parametrize("system", ["erp", "wms", "shop"])
def test_a_database_has_the_tables_and_columns_of_its_contract(estate: Estate, system: str) -> None:
    contract = yaml.safe_load((SOURCES / f"{system}.odcs.yaml").read_text(encoding="utf-8"))
    url = {"erp": estate.erp_url, "wms": estate.wms_url, "shop": estate.shop_url}[system]
    database = inspect(create_engine(url, poolclass=NullPool))
    assert set(database.get_table_names()) == {table["name"] for table in contract["schema"]}
    for table in contract["schema"]:
        name, columns = table["name"], table["properties"]
        actual = {column["name"]: column for column in database.get_columns(name)}
        assert list(actual) == [column["name"] for column in columns], name
        for column in columns:
            shown = actual[column["name"]]
            assert shown["nullable"] == (not column.get("required", False)), (name, column)
            assert _same_kind(column["physicalType"], str(shown["type"])), (name, column, shown)
        keys = sorted(
            (column for column in columns if column.get("primaryKey")),
            key=lambda column: int(column["primaryKeyPosition"]),
        )
        expected = [column["name"] for column in keys]
        assert database.get_pk_constraint(name)["constrained_columns"] == expected


@pytest.mark.parametrize("system", ["erp", "wms", "shop"])
def test_every_value_is_one_that_the_contract_allows(estate: Estate, system: str) -> None:
    contract = yaml.safe_load((SOURCES / f"{system}.odcs.yaml").read_text(encoding="utf-8"))
    with closing(sqlite3.connect(estate.home / f"{system}.sqlite")) as database:
        for table in contract["schema"]:
            for column in table["properties"]:
                query = f'select distinct "{column["name"]}" from "{table["name"]}"'
                values = {row[0] for row in database.execute(query)} - {None}
                wrong = {value for value in values if not _is_allowed(column, value)}
                assert not wrong, (table["name"], column["name"], sorted(wrong)[:3])
                for relation in column.get("relationships", ()):
                    other, key = relation["to"].split(".")
                    known = database.execute(f'select "{key}" from "{other}"')
                    assert values <= {row[0] for row in known}, (table["name"], relation)


def _is_allowed(column: dict[str, Any], value: Any) -> bool:
    options = column.get("logicalTypeOptions", {})
    valid = [
        rule["arguments"]["validValues"]
        for rule in column.get("quality", ())
        if rule.get("metric") == "invalidValues" and "validValues" in rule.get("arguments", {})
    ]
    return (
        all(value in values for values in valid)
        and ("pattern" not in options or re.search(options["pattern"], value) is not None)
        and ("minimum" not in options or value >= options["minimum"])
        and ("maximum" not in options or value <= options["maximum"])
    )


def _same_kind(contracted: str, actual: Any) -> bool:
    if contracted.startswith("DECIMAL"):
        return bool(contracted.replace("DECIMAL", "NUMERIC") == actual.replace(" ", ""))
    return bool(KINDS[contracted] == actual)
