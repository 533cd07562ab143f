"""How far a source was read is forgotten whole, or by stream where its STATE tells them apart."""

import json
from typing import Any

import pytest

from warehouse import state
from warehouse.errors import LakeError

SCHEMA = {
    "type": "SCHEMA", "stream": "t", "key_properties": ["id"],
    "schema": {"properties": {"id": {"type": "integer"}}},
}  # fmt: skip
RECORD = {"type": "RECORD", "stream": "t", "record": {"id": 1}}


def load(landed: Any, value: dict[str, Any]) -> None:
    landed.load(SCHEMA, RECORD, {"type": "STATE", "value": value})


def test_marks_of_a_stream_go_and_the_others_stay_with_what_else_the_state_says(
    landed: Any,
) -> None:
    other = {**SCHEMA, "stream": "u"}
    value = {"bookmarks": {"t": {"at": 1}, "u": {"at": 2}}, "version": 3}
    landed.load(SCHEMA, other, RECORD, {"type": "STATE", "value": value})
    assert state.forget(landed.lake, "src", ["t"]) == ("t",)
    assert state.read(landed.lake, "src") == {"bookmarks": {"u": {"at": 2}}, "version": 3}
    assert state.forget(landed.lake, "src") == ("u",)
    assert state.read(landed.lake, "src") is None
    assert landed.rows("src.t", "id") == [(1,)]


def test_a_state_that_tells_no_streams_apart_is_forgotten_whole_or_not_at_all(landed: Any) -> None:
    load(landed, {"last": 7})
    with pytest.raises(LakeError, match=r"Leave the streams out: crossdock pull src --anew"):
        state.forget(landed.lake, "src", ["t"])
    assert json.dumps(state.read(landed.lake, "src")) == '{"last": 7}'
    assert state.forget(landed.lake, "src") == ("last",)
    assert state.read(landed.lake, "src") is None


def test_forgetting_what_was_never_read_is_no_error(landed: Any) -> None:
    assert state.forget(landed.lake, "src") == ()
