"""What dbt is told about columns is what the contracts say."""

from pathlib import Path

import pytest
import yaml

from contracts import dbt


def test_the_generated_files_in_transforms_are_fresh() -> None:
    assert dbt.stale() == [], "Run: python -m contracts.dbt --write"


def test_generated_files_say_so_on_their_first_line() -> None:
    for text in dbt.render().values():
        assert text.startswith("# Generated from contracts/")


def test_models_are_enforced_column_by_column() -> None:
    models = yaml.safe_load(dbt.render()[dbt.CANONICAL])["models"]
    product = next(model for model in models if model["name"] == "product")
    assert product["config"]["contract"] == {"enforced": True}
    first = product["columns"][0]
    assert (first["name"], first["data_type"]) == ("product_uid", "VARCHAR")
    assert first["constraints"] == [{"type": "not_null"}]


def test_check_fails_until_write_has_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dbt.main(["--check", "--transforms", str(tmp_path)]) == 1
    assert "python -m contracts.dbt --write" in capsys.readouterr().out
    assert dbt.main(["--write", "--transforms", str(tmp_path)]) == 0
    assert dbt.main(["--check", "--transforms", str(tmp_path)]) == 0
