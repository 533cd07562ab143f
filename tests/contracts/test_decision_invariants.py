"""Invariants 13 and 14: what recorded decisions must keep, and one change each that breaks it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import duckdb
import pytest

import contracts
from decisions.record import fingerprint
from decisions.schemas import AFTERWARDS, SCHEMAS
from orchestration.acting.audit import hash_of

NOW = datetime(2026, 3, 11, 23, tzinfo=UTC)
RUN = {
    "run_uid": "r",
    "job": "j",
    "release_id": "v",
    "as_of": "2026-03-11 22:00:00Z",
    "digest": "d",
}
ENTRY = '{"kind":"seen","about":"c"}'
ROWS: Mapping[str, Mapping[str, object]] = {
    "decision_run": RUN,
    "decision": {"decision_uid": "x", "run_uid": "r", "autonomy": "auto"},
    "action_outbox": {
        "action_uid": "a", "run_uid": "r", "decision_uid": "x", "status": "accepted",
        "idempotency_key": "k", "payload": "{}", "payload_hash": fingerprint("payload", "{}"),
        "checkpoint_uid": "c",
    },
    "checkpoint": {"checkpoint_uid": "c", "status": "approved", "approved": '["k"]'},
    "audit": {
        "sequence": 1, "kind": "seen", "about": "c", "previous_hash": "", "entry": ENTRY,
        "hash": hash_of("", ENTRY),
    },
    "feed_read": {
        "run_uid": "r", "feed": "wms.stock.updated_at", "marked_at": "2026-03-11 20:00:00Z",
        "allowed_s": 10800, "read_at": "2026-03-11 23:00:00Z",
    },
    "replay": {
        "run_uid": "r", "replayed_at": "2026-03-11 23:00:00Z", "digest": "d", "stored_digest": "d",
    },
}  # fmt: skip


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """One run that keeps every rule."""
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS lake; USE lake")
        opened.execute("CREATE SCHEMA decisions")
        for table in contracts.read("decisions/record").tables:
            columns = ", ".join(f"{c.name} {c.physical_type}" for c in table.columns)
            opened.execute(f"CREATE TABLE decisions.{table.name} ({columns})")
            row = ROWS[table.name]
            marks = ", ".join("?" for _ in row)
            opened.execute(
                f"INSERT INTO decisions.{table.name} ({', '.join(row)}) VALUES ({marks})",
                list(row.values()),
            )
        yield opened


def broken(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The rules that do not hold."""
    found = contracts.judge(con, contracts.read_all("decisions"), now=NOW)
    return {verdict.rule for verdict in found if verdict.status != "passed"}


STALE = "decision.no_stale_feed_without_a_checkpoint"
APART = "decision_run.reproduces_from_its_release"
UNAPPROVED = "action_outbox.held_until_approved"
CHAIN = "audit.chain_is_whole"


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ("UPDATE feed_read SET marked_at = TIMESTAMPTZ '2026-03-11 19:59:59Z'", {STALE}),
        ("UPDATE feed_read SET marked_at = NULL", {STALE}),
        ("UPDATE replay SET digest = 'other'", {APART}),
        ("UPDATE replay SET stored_digest = 'other'", {APART}),
        ("UPDATE decision_run SET digest = 'other'", {APART}),
        ("DELETE FROM replay", {APART}),
        ("DELETE FROM feed_read", {"decision_run.knows_its_feeds"}),
        ("UPDATE action_outbox SET payload = '{1}'", {"action_outbox.sent_as_decided"}),
        ("UPDATE checkpoint SET approved = '[]'", {UNAPPROVED}),
        ("UPDATE checkpoint SET approved = '[\"l\"]'", {UNAPPROVED}),
        ("DELETE FROM checkpoint", {UNAPPROVED}),
        ("UPDATE audit SET entry = replace(entry, 'seen', 'said')", {CHAIN}),
        ("UPDATE audit SET kind = 'said'", {CHAIN}),
        ("UPDATE audit SET sequence = 2", {CHAIN}),
        ("UPDATE audit SET previous_hash = 'x'", {CHAIN}),
        (
            "INSERT INTO action_outbox SELECT * REPLACE ('b' AS action_uid) FROM action_outbox",
            {"action_outbox.taken_once"},
        ),
    ],
)
def test_a_run_that_keeps_the_invariants_passes_and_a_change_that_breaks_one_is_caught(
    con: duckdb.DuckDBPyConnection, change: str, rules: set[str]
) -> None:
    assert broken(con) == set()
    con.execute("USE lake.decisions")
    con.execute(change)
    assert broken(con) == rules


@pytest.mark.parametrize(
    "excused",
    [
        "UPDATE decision SET autonomy = 'hold'",  # its checkpoint: a person looks at it first
        "UPDATE action_outbox SET status = 'superseded'",  # nobody acts on it any more
        "UPDATE feed_read SET allowed_s = NULL",  # the source promises no freshness
    ],
)
def test_what_is_held_or_superseded_or_promises_nothing_may_be_old(
    con: duckdb.DuckDBPyConnection, excused: str
) -> None:
    con.execute("USE lake.decisions")
    con.execute("UPDATE feed_read SET marked_at = TIMESTAMPTZ '2026-03-01 00:00:00Z'")
    assert broken(con) == {STALE}
    con.execute(excused)
    assert broken(con) == set()


def test_a_superseded_run_that_a_newer_one_replaced_need_not_prove_itself_any_more(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("USE lake.decisions")
    con.execute("DELETE FROM replay; UPDATE action_outbox SET status = 'superseded'")
    assert broken(con) == {APART}, "it is still the newest run of its job"
    con.execute(
        "INSERT INTO decision_run SELECT 'new', job, release_id, as_of + INTERVAL 1 HOUR, digest "
        "FROM decision_run; INSERT INTO replay SELECT 'new', read_at, 'd', 'd' FROM feed_read; "
        "INSERT INTO feed_read SELECT 'new', feed, marked_at, allowed_s, read_at FROM feed_read"
    )
    assert broken(con) == set()


def test_the_contract_names_columns_that_runs_have() -> None:
    for table in contracts.read("decisions/record").tables:
        kept = [each[table.name].names for each in (SCHEMAS, AFTERWARDS) if table.name in each]
        if kept:
            assert {column.name for column in table.columns} <= {name for n in kept for name in n}
