"""A release notes what the sources' promises of time are held against when somebody acts on it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb

import contracts
from contracts import Rule
from orchestration.publishing import as_of


def test_each_promise_that_ages_has_its_mark() -> None:
    wms = contracts.read("sources/wms")
    often = Rule("occurred_at.frequency", "frequency", "movements", "occurred_at", "timeliness",
                 "error", ("mustBeLessOrEqualTo", 3600), "s")  # fmt: skip
    tables = [replace(t, rules=(*t.rules, often)) if t.name == "movements" else t
              for t in wms.tables]  # fmt: skip
    spoken, arrived = datetime(2026, 3, 11, 8, tzinfo=UTC), datetime(2026, 3, 11, 9, tzinfo=UTC)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS lake; CREATE SCHEMA lake.wms")
        con.execute("CREATE TABLE lake.wms.movements (occurred_at TIMESTAMPTZ, "
                    "_sdc_received_at TIMESTAMPTZ)")  # fmt: skip
        assert set(as_of(con, [replace(wms, tables=tuple(tables))]).values()) == {None}
        con.execute("INSERT INTO lake.wms.movements VALUES (?, ?)", [spoken, arrived])
        con.execute("INSERT INTO lake.wms.movements VALUES (?, ?)",
                    [spoken - timedelta(days=9), arrived - timedelta(days=1)])  # fmt: skip
        marks = as_of(con, [replace(wms, tables=tuple(tables))])
    assert marks == {
        "wms": spoken.isoformat(),
        "wms.movements.occurred_at": spoken.isoformat(),
        "wms.movements._sdc_received_at": arrived.isoformat(),
    }
