"""The list of sources: secrets from the environment, and errors that say the mend."""

from pathlib import Path

import pytest

from orchestration.sources import Source, SourcesError, read

ERP = Source(
    name="erp", tap="tap-sql", config={"url": "${ERP_URL}", "naive_timezone": "UTC", "n": 5}
)
URL = "postgresql+psycopg://hub:s3cret@db/erp"


def _write(path: Path, text: str) -> Path:
    file = path / "sources.yaml"
    file.write_text(text)
    return file


def test_a_value_comes_from_the_environment_and_our_taps_are_told_their_contract() -> None:
    assert ERP.resolved({"ERP_URL": URL}) == {
        "contract": "erp",
        "url": URL,
        "naive_timezone": "UTC",
        "n": 5,
    }


def test_a_foreign_tap_gets_only_the_settings_that_stand_there() -> None:
    assert Source(name="crm", tap="tap-crm", config={"a": "b"}).resolved({}) == {"a": "b"}


def test_a_variable_that_is_not_set_is_named_with_the_place_that_needs_it() -> None:
    with pytest.raises(SourcesError, match=r"Source erp: config.url needs .* ERP_URL.*Export it"):
        ERP.resolved({})


def test_a_lone_dollar_sign_is_an_error_and_a_doubled_one_is_a_dollar_sign() -> None:
    with pytest.raises(SourcesError, match="Write \\$\\$"):
        Source(name="a", tap="tap-sql", config={"x": "50$ off"}).resolved({})
    assert Source(name="a", tap="t", config={"x": "50$$"}).resolved({}) == {"x": "50$"}


def test_passwords_in_urls_and_settings_named_like_secrets_are_secret() -> None:
    assert ERP.secrets({"ERP_URL": URL}) == ("s3cret",)
    assert Source(name="c", tap="t", config={"api_key": "k1"}).secrets({}) == ("k1",)


def test_a_source_does_not_show_its_settings() -> None:
    assert "ERP_URL" not in repr(ERP)


def test_an_unknown_key_is_refused_with_the_valid_ones(tmp_path: Path) -> None:
    file = _write(tmp_path, "sources: {erp: {tap: tap-sql, confg: {}}}")
    with pytest.raises(SourcesError, match=r"source erp: confg.*It may have: tap, config, target"):
        read(file)


@pytest.mark.parametrize("text", ["- a", "erp: {}", "sources: [", ""])
def test_a_file_that_is_no_list_of_sources_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourcesError):
        read(_write(tmp_path, text))


def test_a_file_that_is_missing_is_an_error_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match="CROSSDOCK_SOURCES"):
        read(tmp_path / "none.yaml")
