import json
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from warehouse import state
from warehouse.errors import LandingError
from warehouse.landing import commit

OPEN_UNITS = "SELECT count(*) FROM lake.hub.quarantine WHERE healed_at IS NULL"
ID = {"type": "integer"}
TEXT = {"type": ["string", "null"]}
QTY = {"type": ["number", "null"], "multipleOf": 1e-6, "x-sql-datatype": "DECIMAL(18,6)"}
AT = {"type": ["string", "null"], "format": "date-time"}
STOCK = {
    "type": "SCHEMA",
    "stream": "stock",
    "schema": {"properties": {"id": ID, "name": TEXT, "qty": QTY, "at": AT}, "required": ["id"]},
    "key_properties": ["id"],
}


def line(values: str) -> bytes:
    return f'{{"type": "RECORD", "stream": "stock", "record": {values}}}'.encode()


def test_a_batch_lands_with_exact_values_and_its_state(landed: Any) -> None:
    landed.load_bytes(
        landed.to_bytes(
            STOCK,
            line('{"id": 1, "name": "é\\u0000", "qty": 0.1, "at": "2026-03-02T22:00:00+02:00"}'),
            line('{"id": 2, "qty": 123456789012.123456}'),
            {"type": "STATE", "value": {"bookmark": 2}},
        )
    )
    found = landed.rows("src.stock", 'id, name, qty, "at"::VARCHAR')
    assert found == [
        (1, "é\x00", Decimal("0.1"), "2026-03-02 20:00:00+00"),
        (2, None, Decimal("123456789012.123456"), None),
    ]
    assert landed.states == ['{"bookmark":2}']
    assert state.read(landed.lake, "src") == {"bookmark": 2}


def test_a_required_property_may_be_null_where_its_type_says_so_but_not_be_left_out(
    landed: Any,
) -> None:
    properties = {"id": ID, "may": TEXT, "must": {"type": "string"}}
    schema = {"properties": properties, "required": ["id", "may", "must"]}
    landed.load_bytes(
        landed.to_bytes(
            {**STOCK, "schema": schema},
            line('{"id": 1, "may": null, "must": "x"}'),
            line('{"id": 2, "must": "x"}'),
            line('{"id": 3, "may": "x", "must": null}'),
        )
    )
    assert landed.rows("src.stock", "id, may, must") == [(1, None, "x")]
    held = dict(landed.ask("SELECT line, reason FROM lake.hub.quarantine"))
    assert held == {3: "required_missing", 4: "required_missing"}


HOSTILE = [
    (b'{"type": "RECORD", "stream": "stock", "record": {"id": 7', "invalid_json"),
    (line('{"id": 7, "name": "\xff"}').replace(b"\xc3\xbf", b"\xff"), "invalid_utf8"),
    (line('{"id": 7, "name": "\\ud800"}'), "unencodable_text"),
    (b"[]", "not_an_object"),
    (line("[]"), "not_an_object"),
    (b'{"type": "RECRD", "stream": "stock"}', "unknown_type"),
    (b'{"stream": "stock"}', "missing_field"),
    (b'{"type": "RECORD", "record": {"id": 7}}', "missing_field"),
    (b'{"type": "RECORD", "stream": "stock"}', "missing_field"),
    (b'{"type": "STATE"}', "missing_field"),
    (b'{"type": "BATCH", "stream": "stock", "manifest": []}', "missing_field"),
    (line('{"id": 7, "qty": NaN}'), "nonfinite_number"),
    (line('{"id": 7, "qty": -Infinity}'), "nonfinite_number"),
    (line('{"id": 7, "qty": 1e400}'), "out_of_range"),
    (line('{"id": 7, "id": 8}'), "duplicate_key"),
    (line('{"id": 7}').replace(b"{", b'{"type": "RECORD", ', 1), "duplicate_key"),
    (line('{"id": 7, "name": ' + "[" * 200 + "]" * 200 + "}"), "too_deep"),
    (line('{"id": 7}').replace(b"stock", b"other"), "no_schema"),
    (line('{"name": "x"}'), "missing_key"),
    (line('{"id": null}'), "null_key"),
    (line('{"id": "7"}'), "type_mismatch"),
    (line('{"id": 7, "name": 7}'), "type_mismatch"),
    (line('{"id": 7, "qty": true}'), "type_mismatch"),
    (line('{"id": 7.5}'), "type_mismatch"),
    (line('{"id": 7, "qty": "See ASN-93"}'), "type_mismatch"),
    (line('{"id": 9223372036854775808}'), "out_of_range"),
    (line('{"id": 7, "qty": 0.1234567}'), "out_of_range"),
    (line('{"id": 7, "at": "2026-03-02T22:00:00"}'), "bad_timestamp"),
    (line('{"id": 7, "at": "2026-02-30T22:00:00Z"}'), "bad_timestamp"),
    (line('{"id": 7, "at": ""}'), "bad_timestamp"),
    (line('{"id": 7, "at": "2026-03-02T22:00:00.1234567Z"}'), "out_of_range"),
    (line('{"id": 7, "extra": 1}'), "unexpected_field"),
    (line('{"id": 7,}'), "invalid_json"),
    (line('{"id": 7}') + b"}", "invalid_json"),
]


def test_bad_units_are_kept_raw_with_their_reason_and_cost_no_good_one(landed: Any) -> None:
    stream: list[Any] = [STOCK]
    for i, (bad, _) in enumerate(HOSTILE):
        stream += [line(f'{{"id": {100 + i}}}'), bad]
    totals = landed.load(*stream)
    assert landed.rows("src.stock", "id") == [(100 + i,) for i in range(len(HOSTILE))]
    found = {number: (reason, bytes(raw)) for _, number, reason, raw in landed.held()}
    assert found == {3 + 2 * i: (reason, bad) for i, (bad, reason) in enumerate(HOSTILE)}
    everything = landed.to_bytes(*stream)
    for offset, raw in landed.ask("SELECT byte_offset, raw FROM lake.hub.quarantine"):
        assert everything[offset : offset + len(raw) + 1] == bytes(raw) + b"\n"
    assert (totals.loaded, totals.quarantined) == (len(HOSTILE), len(HOSTILE))


def test_a_stream_cut_in_its_last_line_is_truncated(landed: Any) -> None:
    landed.load_bytes(
        landed.to_bytes(STOCK, line('{"id": 1}')) + b'{"type": "RECORD", "stream": "sto'
    )
    assert [row[2] for row in landed.held()] == ["truncated"]
    landed.load_bytes(landed.to_bytes(STOCK) + line('{"id": 2}'))
    assert landed.rows("src.stock", "id") == [(1,), (2,)]


def test_a_line_over_the_limit_is_held_back_with_its_size_and_digest(landed: Any) -> None:
    big = line('{"id": 1, "name": "' + "x" * 3_000_000 + '"}')
    landed.load_bytes(landed.to_bytes(STOCK, big, line('{"id": 2}')), max_line_bytes=1_000_000)
    assert landed.rows("src.stock", "id") == [(2,)]
    [(detail, kept)] = landed.ask(
        "SELECT detail, octet_length(raw) FROM lake.hub.quarantine WHERE reason = 'too_large'"
    )
    assert str(len(big)) in detail
    assert kept == 65_536


BAD_SCHEMAS = {
    "no columns": ({}, [], "invalid_schema"),
    "no such type": ({"id": {"type": "integr"}}, [], "invalid_schema"),
    "no such key": ({"id": ID}, ["nope"], "invalid_schema"),
    "same but for case": ({"id": ID, "ID": ID}, ["id"], "name_collision"),
    "one of ours": ({"id": ID, "_load_id": TEXT}, ["id"], "name_collision"),
    "an empty name": ({"id": ID, "": TEXT}, ["id"], "name_invalid"),
    "a NUL in a name": ({"id": ID, "a\x00b": TEXT}, ["id"], "name_invalid"),
    "a name that DuckLake keeps": ({"id": ID, "RowId": TEXT}, ["id"], "name_invalid"),
}


def test_a_bad_schema_holds_back_its_records_and_no_others(landed: Any) -> None:
    messages = [STOCK]
    for stream, (properties, keys, _) in BAD_SCHEMAS.items():
        messages += [landed.schema(stream, properties, keys), landed.record(stream, {"id": 1})]
    landed.load_bytes(landed.to_bytes(*messages, line('{"id": 1}')))
    expected = [(stream, bad[2]) for stream, bad in BAD_SCHEMAS.items() for _ in range(2)]
    assert [(row[0], row[2]) for row in landed.held()] == expected
    assert landed.rows("src.stock", "id") == [(1,)]


ODD = [
    "../../etc/passwd",
    'a"; DROP TABLE x; --',
    "select",
    "a.b",
    "ünïcödé",
    "a b",
    "x" * 255,
    "'",
]


def test_odd_names_are_quoted_and_never_become_paths(landed: Any) -> None:
    messages = []
    for name in ODD:
        columns = {"id": ID, name: TEXT, "~1/0": TEXT, "_line": TEXT, "_ok": TEXT}
        values = {name: "v", "~1/0": "w", "_line": "l", "_ok": "o"}
        messages.append(landed.schema(name, columns, ["id"]))
        messages += [landed.record(name, values | {"id": i}) for i in range(40)]
    landed.load_bytes(landed.to_bytes(*messages))
    assert not landed.held()
    for name in ODD:
        quoted = '"' + name.replace('"', '""') + '"'
        chosen = f'{quoted}, "~1/0", "_line", "_ok"'
        assert landed.rows(f"src.{quoted}", chosen) == [("v", "w", "l", "o")] * 40
    inside = landed.lake.paths.data.resolve()
    assert all(path.resolve().is_relative_to(inside) for path in inside.rglob("*.parquet"))


def test_streams_whose_names_meet_are_kept_apart(landed: Any) -> None:
    other = landed.schema("Stock", {"id": ID}, ["id"])
    landed.load_bytes(
        landed.to_bytes(STOCK, line('{"id": 1}'), other, landed.record("Stock", {"id": 2}))
    )
    landed.load_bytes(landed.to_bytes(other, landed.record("Stock", {"id": 3})))
    assert landed.rows("src.stock", "id") == [(1,)]
    assert {row[2] for row in landed.held()} == {"name_collision"}


def test_state_is_printed_only_once_its_rows_are_committed(landed: Any) -> None:
    messages = [STOCK]
    for i in range(10):
        messages += [line(f'{{"id": {i}}}'), {"type": "STATE", "value": {"at": i}}]
    seen = []
    landed.states = type("Watch", (list,), {})()

    def watch(value: str) -> None:
        at = json.loads(value)["at"]
        seen.append((at, landed.ask("SELECT count(*) FROM lake.src.stock")[0][0]))

    landed.states.append = watch
    landed.load_bytes(landed.to_bytes(*messages), batch_rows=3)
    assert [at for at, _ in seen] == [1, 4, 7, 9]
    assert all(count > at for at, count in seen)


def test_a_quarantined_row_heals_when_it_comes_again_in_shape(landed: Any) -> None:
    bad, good = line('{"id": 1, "qty": "x"}'), line('{"id": 1, "qty": 5}')
    landed.load_bytes(landed.to_bytes(STOCK, bad))
    assert landed.ask(OPEN_UNITS) == [(1,)]
    landed.load_bytes(landed.to_bytes(STOCK, line('{"id": 2}')))
    assert landed.ask(OPEN_UNITS) == [(1,)]
    landed.load_bytes(landed.to_bytes(STOCK, good), load_id="mended")
    healing = "SELECT healed_by, healed_at > arrived_at FROM lake.hub.quarantine"
    assert landed.ask(healing) == [("mended", True)]


def test_a_row_that_went_bad_later_in_a_batch_is_not_healed_by_its_past(landed: Any) -> None:
    bad, good = line('{"id": 1, "qty": "x"}'), line('{"id": 1, "qty": 5}')
    landed.load_bytes(landed.to_bytes(STOCK, good, bad))
    assert landed.ask(OPEN_UNITS) == [(1,)]
    landed.load_bytes(landed.to_bytes(STOCK, bad, good))
    assert landed.ask(OPEN_UNITS) == [(0,)]


def test_the_ledger_accounts_for_every_unit(landed: Any) -> None:
    stream = landed.to_bytes(
        STOCK, *(line(f'{{"id": {i % 7}}}') for i in range(20)), b"x", line("[]")
    )
    landed.load_bytes(stream, load_id="one", batch_rows=6)
    sums = "SELECT sum(emitted), sum(loaded + quarantined), sum(inserted), bool_or(is_final)"
    assert landed.ask(f"{sums} FROM lake.hub.ledger WHERE load_id = 'one'") == [(22, 22, 7, True)]


def test_a_load_stops_when_too_much_is_held_back(landed: Any) -> None:
    stream = landed.to_bytes(STOCK, *(line('{"id": "x"}') for _ in range(200)))
    with pytest.raises(LandingError, match="200 of 200 units"):
        landed.load_bytes(stream, max_quarantine_share=0.5)
    assert len(landed.held()) == 200


def test_a_naive_time_takes_the_zone_that_is_set_and_no_other(landed: Any) -> None:
    stream = landed.to_bytes(
        STOCK,
        line('{"id": 1, "at": "2026-07-01T12:00:00"}'),
        line('{"id": 2, "at": "2026-11-01T01:30:00"}'),
    )
    landed.load_bytes(stream, naive_timezone="America/New_York")
    assert landed.rows("src.stock", 'id, "at"::VARCHAR') == [(1, "2026-07-01 16:00:00+00")]
    assert [row[2] for row in landed.held()] == ["bad_timestamp"]


def test_a_load_that_cannot_be_tidied_for_lack_of_memory_has_landed(
    landed: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lack(*_: Any) -> None:
        raise duckdb.OutOfMemoryException("failed to allocate")

    monkeypatch.setattr(commit, "keep_bounded", lack)
    landed.load_bytes(landed.to_bytes(STOCK, line('{"id": 1}'), {"type": "STATE", "value": 1}))
    assert landed.states == ["1"] and landed.rows("src.stock", "id") == [(1,)]
    assert "crossdock maintain" in caplog.text
