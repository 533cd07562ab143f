"""The canonical model's pages say what its contracts say."""

import re
from pathlib import Path

import duckdb
import pytest

import contracts
from contracts import pages


def test_the_pages_in_docs_are_fresh() -> None:
    assert pages.stale() == [], "Run: python -m contracts.pages --write"


def test_check_fails_until_write_has_run_and_a_page_without_a_contract_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "unicorn.md").write_text("gone")
    assert pages.main(["--check", "--docs", str(tmp_path)]) == 1
    assert "python -m contracts.pages --write" in capsys.readouterr().out
    assert pages.main(["--write", "--docs", str(tmp_path)]) == 0
    assert pages.main(["--check", "--docs", str(tmp_path)]) == 0
    assert not (tmp_path / "unicorn.md").exists()


def test_every_entity_is_drawn_once_with_every_reference_that_it_has() -> None:
    index = pages.render()[pages.INDEX]
    drawn = re.findall(r"^    (\w+) \{$", index, re.MULTILINE)
    entities = contracts.read_all("canonical")
    assert sorted(drawn) == [contract.name for contract in entities]
    lines = re.findall(r"^    (\w+) \}o--(?:\|\||o\|) (\w+) : (\w+)$", index, re.MULTILINE)
    assert set(lines) == {
        (contract.name, column.references[0], column.name)
        for contract in entities
        for column in contract.table(contract.name).columns
        if column.references
    }


def test_every_entity_stands_under_the_heading_of_its_group() -> None:
    index = pages.render()[pages.INDEX]
    drawn = {
        title: set(re.findall(r"^    (\w+) \{$", text, re.MULTILINE))
        for title, text in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", index, re.MULTILINE | re.S)
    }
    assert pages.OTHER not in drawn, "tag the contract with its group"
    assert drawn["Reconciliation"] == {"recon_document", "recon_inventory"}
    assert {"xref_product", "steward_task", "orphan", "merge_log"} <= drawn[
        "Identity and stewardship"
    ]
    assert "orphan }o--|| steward_task : task_uid" in index


def test_words_that_a_reader_has_to_know_are_explained_one_by_one() -> None:
    told = {
        contract.name: contract.table(contract.name) for contract in contracts.read_all("canonical")
    }
    for entity, name in (
        ("recon_inventory", "class"), ("recon_inventory", "channel_class"),
        ("recon_document", "class"), ("xref_product", "method"), ("xref_node", "method"),
        ("xref_service", "method"), ("xref_party", "method"), ("match_candidate", "decision"),
    ):  # fmt: skip
        (column,) = [column for column in told[entity].columns if column.name == name]
        (rule,) = [
            rule
            for rule in told[entity].rules
            if rule.kind == "invalidValues" and rule.column == name
        ]
        for word in rule.arguments["validValues"]:
            assert re.search(rf"\b{word}\b", column.description), f"{entity}.{name}: {word}"


def test_a_page_tells_columns_units_vocabularies_rules_and_who_leads_here() -> None:
    page = pages.render()[Path("allocation.md")]
    assert "- **Owner:** order-management, #order-management" in page
    assert "One of `proposed`, `soft`, `firm`" in page
    assert "| `qty` | DECIMAL(18,6) | required | Base units. Minimum `0`. |" in page
    assert "| `allocation.within_the_stock` | warning | consistency |" in page
    assert (
        "- [allocation](allocation.md) by its fo_uid"
        in (pages.render()[Path("fulfilment_order.md")])
    )
    assert "no source feeds it yet" in pages.render()[Path("robot.md")]
    assert "confidential" in pages.render()[Path("sales_order.md")]


def test_links_lead_to_pages_and_files_that_exist() -> None:
    for path, text in pages.render().items():
        for target in re.findall(r"\]\((?!https:)([^)#]+)\)", text):
            found = (pages.DOCS / target).resolve()
            assert found.is_file(), f"{path} leads to {target}"


@pytest.mark.parametrize("what", pages.QUESTIONS)
def test_the_questions_on_the_first_page_can_be_asked(what: str) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA canonical")
        for contract in contracts.read_all("canonical"):
            columns = contract.table(contract.name).columns
            listed = ", ".join(f"{column.name} {column.physical_type}" for column in columns)
            con.execute(f"CREATE TABLE canonical.{contract.name} ({listed})")
        assert con.execute(pages.QUESTIONS[what]).fetchall() == []
