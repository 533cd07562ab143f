"""The target as others run it: its command line, and the streams of the Singer SDK's own suite."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from warehouse.target import main

STREAMS = files("singer_sdk.testing") / "target_test_streams"


def run(*arguments: str, stream: bytes = b"") -> Any:
    return CliRunner().invoke(main, list(arguments), input=stream)


def test_it_describes_itself_and_its_settings() -> None:
    about = json.loads(run("--about").stdout)
    assert about["name"] == "target-crossdock"
    assert {"home", "source", "batch_rows", "max_line_bytes"} <= about["settings"][
        "properties"
    ].keys()
    assert "0." in run("--version").stdout


def test_it_reads_standard_input_and_prints_only_state(landed: Any, tmp_path: Path) -> None:
    config = tmp_path / "target.json"
    config.write_text(json.dumps({"home": str(landed.lake.paths.home), "source": "src"}))
    stream = landed.to_bytes(
        landed.schema("t", {"id": {"type": "integer"}}, ["id"]),
        landed.record("t", {"id": 1}),
        b'{"type": "STATE", "value": {"n": 1.10, "big": 12345678901234567890123}}',
    )
    found = run("--config", str(config), stream=stream)
    assert found.exit_code == 0
    assert found.stdout == '{"n":1.1,"big":12345678901234567890123}\n'


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"source": "hub"}, "source"),
        ({"source": "Robert'); DROP"}, "source"),
        ({"source": "src", "batch_row": 1}, "batch_rows"),
        ({"source": "src", "naive_timezone": "Mars/Olympus"}, "IANA"),
    ],
)
def test_a_bad_setting_is_one_line_that_lists_the_valid_ones(
    tmp_path: Path, config: dict[str, Any], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "target.json"
    path.write_text(json.dumps(config))
    assert run("--config", str(path)).exit_code == 1
    [line] = [entry.getMessage() for entry in caplog.records]
    assert says in line
    assert "Traceback" not in line


EXPECTED = {
    "array_data": {"test_array_data": 4},
    "camelcase": {"TestCamelcase": 2},
    "camelcase_complex_schema": {"ForecastingTypeToCategory": 0},
    "duplicate_records": {"test_duplicate_records": 2},
    "encoded_string_data": {
        "test_strings": 11,
        "test_strings_in_objects": 11,
        "test_strings_in_arrays": 6,
    },
    "multiple_state_messages": {
        "test_multiple_state_messages_a": 6,
        "test_multiple_state_messages_b": 6,
    },
    "no_primary_keys": {"test_no_pk": 3},
    "no_primary_keys_append": {"test_no_pk": 8},
    "optional_attributes": {"test_optional_attributes": 4},
    "pk_updates": {"example_stream": 2},
    "record_missing_fields": {"record_missing_fields": 2},
    "schema_no_properties": {
        "test_object_schema_with_properties": 2,
        "test_object_schema_no_properties": 2,
    },
    "schema_updates": {"test_schema_updates": 6},
    "special_chars_in_attributes": {"test:SpecialChars!in?attributes": 1},
    "user_location_data": {"test_users": 5, "test_locations": 3, "test_user_in_location": 3},
    "user_location_upsert_data": {
        "test_users": 8,
        "test_locations": 5,
        "test_user_in_location": 5,
    },
}
HELD = {
    "invalid_schema": "invalid_schema",
    "record_before_schema": "no_schema",
    "record_missing_key_property": "missing_key",
    "record_missing_required_property": "required_missing",
}


def test_every_stream_of_the_singer_sdk_is_stored_as_it_says(landed: Any) -> None:
    for name, tables in EXPECTED.items():
        landed.load_bytes((STREAMS / f"{name}.singer").read_bytes())
        counts = ", ".join(f'(SELECT count(*) FROM lake.src."{table}")' for table in tables)
        assert landed.ask(f"SELECT {counts}") == [tuple(tables.values())], name
    assert landed.held() == []
    upserted = landed.rows("src.test_users", "id, name")
    assert upserted[:3] == [(1, "Johny"), (2, "George"), (3, "Jacob")]
    assert landed.rows("src.test_duplicate_records", "id, metric") == [(1, 100), (2, 20)]
    strings = dict(landed.rows("src.test_strings", "id, info"))
    assert strings[6] == 'various " \\ / \n escape sequences'
    assert strings[11] == "Control Characters in string: \x00 A \x01"
    first = landed.rows("src.test_schema_updates", "id, a3, a4, a5, a6")[0]
    assert first == (1, None, None, None, None)


def test_the_bad_streams_of_the_singer_sdk_are_held_back(landed: Any) -> None:
    for name, reason in HELD.items():
        landed.load_bytes((STREAMS / f"{name}.singer").read_bytes(), load_id=name)
        found = landed.ask("SELECT reason FROM lake.hub.quarantine WHERE load_id = ?", name)
        assert found == [(reason,)]


def test_no_stream_of_the_singer_sdk_is_left_untried() -> None:
    names = {path.name.removesuffix(".singer") for path in STREAMS.iterdir()}
    assert {name for name in names if "__" not in name} == EXPECTED.keys() | HELD.keys()
