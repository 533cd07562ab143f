"""A promise of time holds, is broken or cannot be measured, and a malformed one is refused."""

# ruff: noqa: E501 - a case a line

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

import contracts
from contracts import ContractError, Verdict
from contracts.breaking import breaking
from contracts.difference import Step, differences
from contracts.promises import overdue
from tests.contracts.conftest import HEAD, TABLES

NOW = datetime(2026, 3, 11, 23, tzinfo=UTC)
ELEMENT = "articles.changed_at"
DATED = TABLES.replace("timestamp, physicalType: TIMESTAMPTZ", "date, physicalType: DATE")


def sla(promise: str, element: str = ELEMENT) -> str:
    return f"slaProperties:\n  - {{{promise}, element: '{element}'}}\n"


@pytest.fixture
def kept(shop, con) -> Callable[..., Verdict]:
    """Judge one promise at an instant, on a table with the columns that the target adds."""
    con.execute("ALTER TABLE lake.shop.articles ADD COLUMN _sdc_received_at TIMESTAMPTZ")
    con.execute("ALTER TABLE lake.shop.articles ADD COLUMN _sdc_table_version BIGINT")

    def judge(promise: str, now: datetime = NOW, tables: str = TABLES) -> Verdict:
        contract = shop.read(HEAD + sla(promise) + tables)
        (rule,) = contract.table("articles").rules[-1:]
        (verdict,) = [v for v in contracts.judge(con, [contract], now=now) if v.rule == rule.id]
        assert (verdict.dimension, verdict.severity) == ("timeliness", "error")
        return verdict

    return judge


def fill(con: duckdb.DuckDBPyConnection, *rows: tuple[str | None, str | None]) -> None:
    """Replace the rows: when each changed, and when it arrived."""
    con.execute("DELETE FROM lake.shop.articles")
    for number, (changed_at, received_at) in enumerate(rows):
        con.execute(
            "INSERT INTO lake.shop.articles (sku, qty, changed_at, _sdc_received_at) "
            "VALUES (?, 1, ?, ?)",
            [f"A-{number}", changed_at, received_at],
        )


LATENCY = "property: latency, value: 4, unit: h"


def test_rows_that_arrive_in_time_keep_a_latency_and_a_late_one_breaks_it(kept, con) -> None:
    before = ("2026-03-01 08:00:00+00", "2026-03-01 09:00:00+00")
    in_time = ("2026-03-11 18:00:00+00", "2026-03-11 20:00:00+00")
    fill(con, before, in_time)
    assert kept(LATENCY).status == "passed"
    # A later load, in time itself, does not hide it: between two judgements there may be many.
    fill(con, before, ("2026-03-11 02:00:00+00", "2026-03-11 08:30:00+00"), in_time)
    verdict = kept(LATENCY)
    assert (verdict.status, verdict.blocks) == ("failed", True)
    assert "rows arrive up to 6.5 h after their changed_at; it may be 4 h." in verdict.message
    assert "why rows reach it late" in verdict.message
    fill(con, before, ("2026-03-10 02:00:00+00", "2026-03-10 08:30:00+00"), in_time)
    assert kept(LATENCY).status == "passed", "a day later it is over"


def test_a_first_load_of_years_is_held_to_what_happened_since_it_could_arrive(kept, con) -> None:
    first = "2026-03-11 20:00:00+00"
    history = [("2019-01-01 00:00:00+00", first), ("2026-03-11 10:00:00+00", first)]
    fill(con, *history)
    unproven = kept(LATENCY)
    assert unproven.blocks, "nothing shows that rows arrive in time"
    assert "cannot be told: none has happened since it was first pulled" in unproven.message
    fill(con, *history, ("2026-03-11 17:00:00+00", first))
    assert kept(LATENCY).status == "passed"
    # What comes with the second load did happen while the source was listened to.
    fill(con, *history, ("2026-03-11 20:30:00+00", "2026-03-12 02:00:00+00"))
    assert kept(LATENCY).status == "failed"
    # History that is told later is no late row.
    fill(
        con,
        *history,
        ("2026-03-11 23:00:00+00", "2026-03-12 01:00:00+00"),
        ("2018-01-01", "2026-03-12"),
    )
    assert kept(LATENCY).status == "passed"


def test_a_table_that_is_told_whole_cannot_promise_a_latency(kept, con) -> None:
    fill(con, ("2026-03-11 18:00:00+00", "2026-03-11 20:00:00+00"))
    con.execute("UPDATE lake.shop.articles SET _sdc_table_version = 1")
    verdict = kept(LATENCY)
    assert verdict.blocks and "or it is told whole each time" in verdict.message


def test_a_table_that_nothing_new_reaches_breaks_its_frequency(kept, con) -> None:
    promise = "property: frequency, value: 1, unit: d"
    fill(con, ("2020-01-01", "2026-03-11 20:00:00+00"), ("2020-01-01", "2026-03-01"))
    assert kept(promise).status == "passed"
    verdict = kept(promise, NOW + timedelta(days=1))
    assert verdict.blocks
    assert "nothing new has arrived for 27.0 h; something must within 24 h." in verdict.message
    assert "whether it still writes" in verdict.message
    fill(con)
    assert "nothing has arrived yet" in kept(promise).message


@pytest.mark.parametrize(
    ("now", "newest", "behind"),
    [  # At 09:00-08:00 it is 17:00 in UTC; a day begins there at 08:00 UTC.
        ("2026-03-11T16:59+00:00", "2026-03-10 08:00:00+00", None),
        ("2026-03-11T16:59+00:00", "2026-03-10 07:59:00+00", "1 day"),
        ("2026-03-11T17:00+00:00", "2026-03-11 08:00:00+00", None),
        ("2026-03-11T17:00+00:00", "2026-03-11 07:59:00+00", "1 day"),
        ("2026-03-11T17:00+00:00", "2026-03-08 23:00:00+00", "3 days"),
        # In UTC it is the next day, there it is still the same.
        ("2026-03-12T07:00+00:00", "2026-03-11 08:00:00+00", None),
    ],
)
def test_from_a_time_of_day_on_rows_are_of_that_day(kept, con, now, newest, behind) -> None:
    fill(con, ("2026-01-01", None), (newest, None))
    verdict = kept("property: timeOfAvailability, value: 09:00-08:00", datetime.fromisoformat(now))
    assert verdict.status == ("failed" if behind else "passed")
    if behind:
        assert f"the newest changed_at is {behind} behind; from 09:00-08:00 on" in verdict.message


def test_a_date_is_that_day_in_any_offset(kept, con) -> None:
    promise = "property: timeOfAvailability, value: 09:00-08:00"
    con.execute("ALTER TABLE lake.shop.articles ALTER changed_at TYPE DATE")
    for newest, status in (("2026-03-11", "passed"), ("2026-03-10", "failed")):
        fill(con, (newest, None))
        assert kept(promise, tables=DATED).status == status
    fill(con, (None, None))
    assert "the newest changed_at is missing" in kept(promise, tables=DATED).message


def test_rows_past_their_time_break_a_retention_and_are_named(shop, kept, con) -> None:
    promise = "property: retention, value: 3, unit: y"
    fill(con, ("2023-03-11 23:00:00+00", None), ("2026-01-01", None), (None, None))
    assert kept(promise).status == "passed"
    verdict = kept(promise, NOW + timedelta(hours=1))
    assert (verdict.failing, verdict.evaluated, verdict.blocks) == (1, 3, True)
    assert "1 of 3 rows have a changed_at that is older than 3 years." in verdict.message
    assert "sku=A-0" in verdict.message and "to delete what is past its time" in verdict.message
    contract = shop.read(HEAD + sla(promise) + TABLES)
    rows = breaking(con, contract, "articles", "changed_at.retention", now=NOW + timedelta(hours=1))
    assert [row["sku"] for row in rows] == ["A-0"]
    assert kept("property: retention, value: 1.5, unit: days").failing == 2
    fill(con)
    assert kept(promise).status == "passed"


@pytest.mark.parametrize(
    ("promise", "gone"),
    [
        (LATENCY, "_sdc_received_at"),
        (LATENCY, "_sdc_table_version"),
        (LATENCY, "changed_at"),
        ("property: frequency, value: 1, unit: d", "_sdc_received_at"),
        ("property: timeOfAvailability, value: 09:00Z", "changed_at"),
        ("property: retention, value: 1, unit: y", "changed_at"),
        ("property: freshness, value: 1, unit: d", "changed_at"),
    ],
)
def test_what_cannot_be_measured_blocks(kept, con, promise: str, gone: str) -> None:
    fill(con, ("2026-03-11 18:00:00+00", "2026-03-11 20:00:00+00"))
    assert kept(promise).status == "passed"
    con.execute(f"ALTER TABLE lake.shop.articles DROP COLUMN {gone}")
    verdict = kept(promise)
    assert (verdict.status, verdict.blocks) == ("not_evaluated", True)
    assert f"the column {gone} is missing" in verdict.message
    con.execute("DROP TABLE lake.shop.articles")
    verdict = kept(promise)
    assert (verdict.status, verdict.blocks) == ("not_evaluated", True)
    assert "the table shop.articles is missing" in verdict.message


@pytest.mark.parametrize(
    ("promise", "element", "message"),
    [
        ("property: latncy, value: 1, unit: h", ELEMENT,
         r":11: slaProperties\[0\].property: 'latncy' is not judged. Did you mean 'latency'\? "
         r"Valid: freshness, latency, frequency, timeOfAvailability, retention\."),
        ("property: generalAvailability, value: 2026-01-01T00:00:00Z", ELEMENT, "is not judged"),
        ("property: latency, value: 1, unit: hr", ELEMENT,
         r":11: slaProperties\[0\].unit: 'hr' is none of latency. .*Valid: d, day, days, h"),
        ("property: frequency, value: 1, unit: y", ELEMENT, "'y' is none of frequency"),
        ("property: freshness, value: 1", ELEMENT, "'None' is none of freshness"),
        ("property: retention, value: 6, unit: m", ELEMENT,
         r"'m' is none of retention. .*Valid: y, yr, year, years, d, day"),
        ("property: retention, value: 1.5, unit: y", ELEMENT, "whole number of years"),
        ("property: retention, value: 0, unit: y", ELEMENT, r"\.value: must be a number above 0"),
        ("property: latency, value: .nan, unit: h", ELEMENT, "must be a number above 0"),
        ("property: latency, value: '4', unit: h", ELEMENT, "must be a number above 0"),
        ("property: timeOfAvailability, value: '09:00'", ELEMENT,
         r":11: slaProperties\[0\].value: '09:00' is no time of day .* Valid: '09:00-08:00'"),
        ("property: timeOfAvailability, value: 10:00", ELEMENT, "600 is no time of day"),
        ("property: timeOfAvailability, value: 25:00Z", ELEMENT, "is no time of day"),
        ("property: timeOfAvailability, value: 09:00Z, unit: h", ELEMENT, "a time of day has none"),
        ("property: latency, value: 1, unit: h", "articles.qty",
         r":11: slaProperties\[0\].element: 'articles.qty' is no timestamp or date of this "
         r"contract. .*Valid: articles.changed_at"),
        ("property: retention, value: 1, unit: y", "orders.changed_at",
         "Did you mean 'articles.changed_at'"),
        ("property: latency, value: 1, valueExt: 2, unit: h", ELEMENT,
         r":11: slaProperties\[0\].valueExt: is refused"),
        ("property: retention, value: 1, unit: y", f"{ELEMENT}, changed_at",
         r":11: slaProperties\[0\]: articles promises changed_at.retention twice; keep the stricter"),
        ("property: frequency, value: 1, unit: d", f"{ELEMENT}, {ELEMENT}", "promises frequency twice"),
    ],
)  # fmt: skip
def test_a_malformed_promise_is_refused_with_its_line(shop, promise, element, message) -> None:
    with pytest.raises(ContractError, match=f"(?s){message}"):
        shop.read(HEAD + sla(promise, element) + TABLES)


@pytest.mark.parametrize("name", ["latency", "frequency"])
def test_what_asks_when_rows_arrived_is_for_sources(shop, name: str) -> None:
    head = HEAD.replace("domain: sources", "domain: canonical")
    text = head + sla(f"property: {name}, value: 1, unit: d") + TABLES
    (shop.home / "canonical" / "shop.odcs.yaml").write_text(text)
    with pytest.raises(ContractError, match=rf"shop.odcs.yaml:11: .*'{name}' is for sources"):
        contracts.read("canonical/shop", shop.home)


def test_the_standards_short_names_and_elements_are_read(shop) -> None:
    text = sla("property: LY, value: 1, unit: d", "changed_at")
    said = shop.read(HEAD + text + TABLES).table("articles").rules[-1]
    assert (said.id, said.description) == (
        "changed_at.latency",
        "Rows arrive at most 24 h after their changed_at.",
    )
    more = "      - {name: made_at, logicalType: timestamp, physicalType: TIMESTAMPTZ}\n"
    text = sla("property: re, value: 1, unit: yr", "articles.changed_at, articles.made_at")
    ids = [rule.id for rule in shop.read(HEAD + text + TABLES + more).table("articles").rules]
    assert ids[-2:] == ["changed_at.retention", "made_at.retention"]


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        (LATENCY, LATENCY.replace("4", "5"), Step.MAJOR),
        (LATENCY, LATENCY.replace("4", "3"), Step.MINOR),
        ("property: frequency, value: 1, unit: d", "property: frequency, value: 25, unit: h", Step.MAJOR),
        ("property: frequency, value: 1, unit: d", "property: frequency, value: 24, unit: h", None),
        ("property: timeOfAvailability, value: 09:00Z", "property: timeOfAvailability, value: 10:00Z", Step.MAJOR),
        ("property: timeOfAvailability, value: 09:00Z", "property: timeOfAvailability, value: 08:00Z", Step.MINOR),
        ("property: timeOfAvailability, value: 09:00Z", "property: timeOfAvailability, value: 08:00+01:00", Step.MAJOR),
        # Who needs the history relies on it as much as who needs it gone.
        ("property: retention, value: 3, unit: y", "property: retention, value: 4, unit: y", Step.MAJOR),
        ("property: retention, value: 3, unit: y", "property: retention, value: 2, unit: y", Step.MAJOR),
        (LATENCY, "property: freshness, value: 4, unit: h", Step.MAJOR),
    ],
)  # fmt: skip
def test_a_looser_promise_breaks_its_readers(shop, old: str, new: str, step: Step | None) -> None:
    before, after = (shop.read(HEAD + sla(promise) + TABLES) for promise in (old, new))
    steps = [change.step for change in differences(before, after)]
    assert max(steps, default=None) is step


def test_a_promise_that_was_kept_is_asked_again_later(shop) -> None:
    def said(promise: str, newest: str | None, tables: str = TABLES) -> str | None:
        contract = shop.read(HEAD + sla(promise) + tables)
        mark = datetime.fromisoformat(newest) if newest else None
        return overdue(contract, contract.table("articles").rules[-1], mark, NOW)

    frequency = "property: frequency, value: 4, unit: h"
    assert said(frequency, "2026-03-11T19:00Z") is None
    assert "nothing new has arrived for 5.0 h" in str(said(frequency, "2026-03-11T18:00Z"))
    assert "nothing has arrived yet" in str(said(frequency, None))
    available = "property: timeOfAvailability, value: 09:00-08:00"
    assert said(available, "2026-03-11T08:00Z") is None
    assert "is 1 day behind" in str(said(available, "2026-03-11T07:59Z"))
    assert said(available, "2026-03-11T00:00Z", DATED) is None
