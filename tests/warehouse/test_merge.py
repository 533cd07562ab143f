from decimal import Decimal
from typing import Any

import pytest

ID = {"type": "integer"}
TEXT = {"type": ["string", "null"]}
NUMBER = {"type": ["number", "null"]}


def batch(landed: Any, rows: list[dict[str, Any]], keys: list[str] | None = None, **more: Any):
    properties = more.pop("properties", {"id": ID, "v": TEXT})
    records = [landed.record("t", row, **more) for row in rows]
    return [landed.schema("t", properties, ["id"] if keys is None else keys), *records]


def test_the_last_arrival_of_a_key_wins_within_and_between_batches(landed: Any) -> None:
    landed.load(*batch(landed, [{"id": 1, "v": "a"}, {"id": 1, "v": "b"}, {"id": 2, "v": "c"}]))
    landed.load(*batch(landed, [{"id": 1, "v": "d"}, {"id": 3, "v": None}]))
    assert landed.rows("src.t", "id, v") == [(1, "d"), (2, "c"), (3, None)]
    counts = landed.ask(
        "SELECT inserted, updated, duplicate, superseded FROM lake.hub.ledger ORDER BY committed_at"
    )
    assert counts == [(2, 0, 0, 1), (1, 1, 0, 0)]


def test_pulling_again_changes_no_row_and_no_mark_of_time(landed: Any) -> None:
    rows = [{"id": i, "v": str(i)} for i in range(50)]
    landed.load(*batch(landed, rows))
    before = landed.ask("FROM lake.src.t ORDER BY id")
    landed.load(*batch(landed, rows))
    assert landed.ask("FROM lake.src.t ORDER BY id") == before


def test_a_key_of_several_columns_is_one_key(landed: Any) -> None:
    properties = {"id": ID, "lot": {"type": "string"}, "v": TEXT}
    rows = [{"id": 1, "lot": "a", "v": "x"}, {"id": 1, "lot": "b", "v": "y"}]
    for value in ("x", "z"):
        rows[0]["v"] = value
        landed.load(*batch(landed, rows, ["id", "lot"], properties=properties))
    assert landed.rows("src.t", "id, lot, v") == [(1, "a", "z"), (1, "b", "y")]


@pytest.mark.parametrize("keys", [["\x00"], ["\x00a", "a\x00"], ["a\x00b", "a\x00c", "a"]])
def test_a_key_that_holds_a_nul_is_found_again(landed: Any, keys: list[str]) -> None:
    for value in ("x", "y"):
        rows = [{"id": key, "v": value} for key in keys]
        # Enough of them for a file of their own, with bounds in the catalog.
        rows += [{"id": f"k{i}", "v": value} for i in range(30)]
        landed.load(*batch(landed, rows, properties={"id": {"type": "string"}, "v": TEXT}))
        landed.load(*batch(landed, rows[:1], properties={"id": {"type": "string"}, "v": TEXT}))
    assert landed.ask("SELECT count(*), count(DISTINCT id), min(v) FROM lake.src.t") == [
        (len(keys) + 30, len(keys) + 30, "y")
    ]


def test_a_stream_without_a_key_keeps_every_row(landed: Any) -> None:
    for _ in range(2):
        landed.load(*batch(landed, [{"id": 1, "v": "a"}, {"id": 1, "v": "a"}], []))
    assert landed.rows("src.t", "id") == [(1,)] * 4


def test_append_only_keeps_both_values_but_not_the_same_row_twice(landed: Any) -> None:
    for value in ("a", "a", "b"):
        landed.load(*batch(landed, [{"id": 1, "v": value}]), load_method="append-only")
    assert landed.rows("src.t", "id, v") == [(1, "a"), (1, "b")]


def test_overwrite_leaves_only_what_this_load_sent(landed: Any) -> None:
    settings = {"stream_settings": {"t": {"load_method": "overwrite"}}, "batch_rows": 2}
    landed.load(*batch(landed, [{"id": i} for i in range(5)]), **settings)
    landed.load(*batch(landed, [{"id": i} for i in range(3, 9)]), **settings)
    assert landed.rows("src.t", "id") == [(i,) for i in range(3, 9)]


def test_activate_version_marks_or_deletes_what_was_not_sent_again(landed: Any) -> None:
    activate = {"type": "ACTIVATE_VERSION", "stream": "t", "version": 2}
    landed.load(*batch(landed, [{"id": 1}, {"id": 2}], version=1))
    landed.load(*batch(landed, [{"id": 2}], version=2), activate)
    found = landed.rows("src.t", "id, _sdc_deleted_at IS NULL")
    assert found == [(1, False), (2, True)]
    activate["version"] = 3
    landed.load(*batch(landed, [{"id": 3}], version=3), activate, hard_delete=True)
    assert landed.rows("src.t", "id") == [(3,)]


def test_a_row_that_the_tap_marks_as_deleted_is_marked_and_comes_back(landed: Any) -> None:
    landed.load(*batch(landed, [{"id": 1, "_sdc_deleted_at": "2026-03-02T22:00:00Z"}]))
    assert landed.rows("src.t", "_sdc_deleted_at IS NULL") == [(False,)]
    landed.load(*batch(landed, [{"id": 1}]))
    assert landed.rows("src.t", "_sdc_deleted_at IS NULL") == [(True,)]


def test_a_schema_that_grows_in_mid_stream_keeps_what_was_there(landed: Any) -> None:
    wider = {"id": ID, "v": TEXT, "w": NUMBER}
    landed.load(
        *batch(landed, [{"id": 1, "v": "a"}]),
        *batch(landed, [{"id": 2, "v": "b", "w": 0.5}], properties=wider),
        *batch(landed, [{"id": 2, "v": "c"}]),
    )
    assert landed.rows("src.t", "id, v, w") == [(1, "a", None), (2, "c", 0.5)]


@pytest.mark.parametrize(
    ("old", "new", "value", "stored"),
    [
        (ID, {"type": "number"}, 1.5, 1.5),
        (ID, {"type": "number", "multipleOf": 0.01}, 1.25, Decimal("1.25")),
        (ID, {"type": "integer", "maximum": 2**70}, 2**65, Decimal(2**65)),
        ({"type": "number", "multipleOf": 0.01}, ID, 3, Decimal(3)),
    ],
)
def test_a_wider_number_is_taken_exactly(
    landed: Any, old: Any, new: Any, value: Any, stored: Any
) -> None:
    landed.load(*batch(landed, [{"id": 1, "v": 7}], properties={"id": ID, "v": old}))
    landed.load(*batch(landed, [{"id": 2, "v": value}], properties={"id": ID, "v": new}))
    assert landed.rows("src.t", "id, v") == [(1, 7), (2, stored)]


@pytest.mark.parametrize(("old", "new", "value"), [(TEXT, ID, 5), (ID, TEXT, "5")])
def test_a_column_that_changes_its_nature_holds_back_its_values(
    landed: Any, old: Any, new: Any, value: Any
) -> None:
    landed.load(*batch(landed, [], properties={"id": ID, "v": old}))
    rows = [{"id": 1, "v": value}, {"id": 2, "v": None}]
    new = new | {"type": [new["type"], "null"]} if new is ID else new
    landed.load(*batch(landed, rows, properties={"id": ID, "v": new}))
    assert landed.rows("src.t", "id, v") == [(2, None)]
    assert [row[2] for row in landed.held()] == ["type_mismatch"]


def test_another_key_than_the_stored_one_holds_back_the_records(landed: Any) -> None:
    landed.load(*batch(landed, [{"id": 1, "v": "a"}]))
    landed.load(*batch(landed, [{"id": 1, "v": "b"}], ["v"]))
    assert landed.rows("src.t", "id, v") == [(1, "a")]
    assert [row[2] for row in landed.held()] == ["key_changed"]


def test_a_reply_lost_at_commit_is_settled_by_the_ledger(
    landed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb

    from warehouse.lake import Lake

    class LosesReply:
        """A connection whose COMMIT lands, and whose reply does not come back."""

        def __init__(self, con: Any) -> None:
            self._con = con

        def __getattr__(self, name: str) -> Any:
            return getattr(self._con, name)

        def __enter__(self) -> Any:
            return self._con

        def __exit__(self, *_: object) -> None:
            self._con.close()

        def execute(self, statement: str, *rest: Any) -> Any:
            found = self._con.execute(statement, *rest)
            if statement == "COMMIT":
                raise duckdb.IOException("the connection was reset")
            return found

    connect = Lake.connect
    monkeypatch.setattr(Lake, "connect", lambda self, **kw: LosesReply(connect(self, **kw)))
    landed.load(*batch(landed, [{"id": 1, "v": "a"}], []))
    monkeypatch.undo()
    assert landed.rows("src.t", "id, v") == [(1, "a")]
