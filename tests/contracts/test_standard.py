"""Every key of the standard is enforced, told to people or refused, and the page says which."""

import open_data_contract_standard.model as library
import pytest

from contracts import ContractError, standard
from contracts.pages import DOCS, STANDARD
from tests.contracts.conftest import HEAD, TABLES

VALUES = {"partitionKeyPosition": "1", "partitioned": "true", "map": "{key: {}, value: {}}"}
VALUES |= {"items": "{name: a}", "enum": "[{value: a}]"}
LISTS = ("customProperties", "relationships", "properties")
SLA = "slaProperties:\n  - {property: freshness, element: articles.changed_at, value: 1, unit: d}\n"
RULE = "{metric: nullValues, mustBe: 0, severity: error, dimension: completeness}"
# A place of a contract, as its text, where `@` takes one more key.
TEXTS = {
    "OpenDataContractStandard": HEAD + "@\n" + TABLES,
    "SchemaObject": HEAD
    + TABLES.replace("    logicalType: object", "    logicalType: object\n    @"),
    "SchemaProperty": HEAD + TABLES.replace("name: email,", "name: email, @,"),
    "Relationship": HEAD
    + TABLES.replace("name: email,", "name: email, relationships: [{to: articles.sku, @}],"),
    "DataQuality": HEAD
    + TABLES.replace("name: email,", f"name: email, quality: [{RULE[:-1]}, @}}],"),
    "ServiceLevelAgreementProperty": HEAD + SLA.replace("unit: d", "unit: d, @") + TABLES,
}
REFUSED = [(name, key) for name, part in standard.PARTS.items() for key in part.refused]
TOLD = [
    (name, key)
    for name in TEXTS
    for key in ("id", "description", "businessName")
    if key in standard.PARTS[name].told and f"{key}:" not in TEXTS[name]
]


def test_each_key_of_the_standard_has_one_fate() -> None:
    for name, part in standard.PARTS.items():
        fields = getattr(library, name).model_fields.items()
        listed = [*part.enforced, *part.refused, *part.told]
        assert sorted(listed) == sorted(field.alias or own for own, field in fields), name


@pytest.mark.parametrize(("name", "key"), REFUSED)
def test_a_refused_key_is_refused_with_its_reason(shop, name: str, key: str) -> None:
    value = VALUES.get(key, "[]" if key in LISTS else "x")
    with pytest.raises(ContractError, match=rf"shop.odcs.yaml:\d+: \S*{key}: is refused: \S+"):
        shop.read(TEXTS[name].replace("@", f"{key}: {value}"))


@pytest.mark.parametrize(("name", "key"), TOLD)
def test_what_is_for_people_changes_nothing(shop, name: str, key: str) -> None:
    value = "{usage: words}" if name == "OpenDataContractStandard" else "words"
    plain = shop.read(TEXTS[name].replace(", @", "").replace("@", ""))
    with_it = shop.read(TEXTS[name].replace("@", f"{key}: {value}"))
    assert [table.rules for table in with_it.tables] == [table.rules for table in plain.tables]


def test_the_page_stands_with_the_others() -> None:
    assert standard.page() in (DOCS / STANDARD).read_text("utf-8")
