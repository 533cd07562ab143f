"""The shape of the dbt project: what keeps it readable, traceable and complete."""

import re
from pathlib import Path

import pytest
import yaml

import contracts

pytestmark = pytest.mark.filterwarnings(
    # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
    "ignore:open_text is deprecated:DeprecationWarning"
)

MODELS = Path(__file__).parents[2] / "transforms" / "models"
SQL = sorted(MODELS.rglob("*.sql"))


def staged() -> dict[str, Path]:
    """Staging models by name."""
    return {path.stem: path for path in sorted((MODELS / "staging").rglob("*.sql"))}


def test_every_contracted_stream_is_staged() -> None:
    wanted = {
        f"stg_{contract.name}__{table.name}"
        for contract in contracts.read_all("sources")
        for table in contract.tables
    }
    assert wanted <= staged().keys()


def test_every_contracted_entity_has_a_model() -> None:
    entities = {contract.name for contract in contracts.read_all("canonical")}
    assert {path.stem for path in (MODELS / "canonical").glob("*.sql")} == entities


@pytest.mark.parametrize("path", SQL, ids=lambda path: path.stem)
def test_only_staging_reads_sources_and_no_model_uses_what_hides_columns(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ("source(" in text) == (path.stem in staged())
    for banned in (r"union\s+(all\s+)?by\s+name", r"\bexclude\b", r"\bpivot\b"):
        assert not re.search(banned, text, re.IGNORECASE), f"{path.name}: {banned} hides lineage"


def test_names_tell_the_layer() -> None:
    for path in SQL:
        layer = path.relative_to(MODELS).parts[0]
        pattern = {
            "staging": rf"stg_{path.parent.name}__\w+",
            "intermediate": r"int_[a-z_]+?__[a-z]+",
            "canonical": r"[a-z]+(_[a-z]+)*",
        }[layer]
        assert re.fullmatch(pattern, path.stem), f"{path.name} does not fit {pattern}"


def test_staging_leaves_personal_data_in_the_raw_tables() -> None:
    for contract in contracts.read_all("sources"):
        for table in contract.tables:
            text = staged()[f"stg_{contract.name}__{table.name}"].read_text("utf-8")
            for column in table.columns:
                if column.classification == "restricted":
                    assert not re.search(rf"\b{column.name}\b", text), f"{table.name}.{column.name}"


def test_column_lists_are_written_in_contracts_only() -> None:
    for path in sorted(MODELS.rglob("*.yml")):
        if path.name in ("_canonical.yml", "_sources.yml"):
            continue
        listed = yaml.safe_load(path.read_text("utf-8")).get("models", [])
        assert not [model["name"] for model in listed if "columns" in model], path.name
