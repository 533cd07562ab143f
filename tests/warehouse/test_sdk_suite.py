"""The Singer SDK's own target suite, which passes a target that throws every record away.

So each of its streams, also those that no test of it uses, is held against what is stored.
"""

from collections.abc import Iterator
from importlib.resources import files
from typing import IO, Any

import click
import pytest
from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.testing import get_target_test_class

from benchmarks.hostile import check
from warehouse.target import describe

STREAMS = files("singer_sdk.testing") / "target_test_streams"
RAISED = {
    "no_schema": RecordsWithoutSchemaException,
    "missing_key": MissingKeyPropertiesError,
    "invalid_schema": ValueError,
}


class Door:
    """Our target as the SDK's suite calls one: what ours holds back, the SDK's targets raise."""

    name = "target-crossdock"
    landed: Any = None

    def __init__(self, **options: Any) -> None:
        self._data = b""

    def print_version(self) -> None:
        click.echo(describe()["version"])

    def print_about(self, **options: Any) -> None:
        click.echo(describe())

    def process_lines(self, file: IO[str]) -> None:
        self._data = file.read().encode()

    def process_endofpipe(self) -> None:
        assert check.land(Door.landed.lake, "src", self._data) == []
        for _, _, reason, _ in Door.landed.held():
            if reason in RAISED:
                raise RAISED[reason](reason)


class TestSuite(get_target_test_class(Door)):  # type: ignore[misc, arg-type]
    """The suite, on a lake of its own for each test."""

    @pytest.fixture(autouse=True)
    def lake(self, landed: Any) -> Iterator[None]:
        Door.landed = landed
        yield
        Door.landed = None


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


@pytest.mark.parametrize("name", [*EXPECTED, *HELD])
def test_every_value_of_a_stream_of_the_singer_sdk_is_stored_exactly_or_held(
    landed: Any, name: str
) -> None:
    assert check.land(landed.lake, "src", (STREAMS / f"{name}.singer").read_bytes()) == []


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
