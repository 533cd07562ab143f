import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warehouse.errors import ReleaseError
from warehouse.lake import Lake
from warehouse.release import Release, is_blocking
from warehouse.releases import Releases

NOW = datetime(2026, 3, 11, 22, tzinfo=UTC)
PASSED = {"dataset": "wms.stock", "rule": "qty", "severity": "error", "status": "passed"}
WARNED = {**PASSED, "severity": "warning", "status": "failed"}
FAILED = {**PASSED, "status": "failed", "message": "3 rows below 0"}
SKIPPED = {**PASSED, "status": "not_evaluated", "message": "no such column"}


def publish(releases: Releases, verdicts: Any = (PASSED, WARNED), now: datetime = NOW) -> Release:
    marks = {"wms": NOW.isoformat()}
    versions = {"wms": "1.0.0"}
    return releases.publish(verdicts, contract_versions=versions, as_of_marks=marks, now=now)


@pytest.fixture
def lake(landed: Any) -> Iterator[Lake]:
    with landed.lake.connect() as con:
        con.execute("CREATE SCHEMA lake.canonical; CREATE SCHEMA lake.wms")
        con.execute("CREATE TABLE lake.canonical.product AS SELECT i FROM range(1000) AS r(i)")
        con.execute("CREATE TABLE lake.wms.worker AS SELECT 'Very Private' AS name")
    yield landed.lake


def change(lake: Lake, value: int = 7) -> None:
    with lake.lock(), lake.connect() as con:
        con.execute("INSERT INTO lake.canonical.product VALUES (?)", [value])


def test_a_release_shows_the_canonical_tables_and_nothing_else(lake: Lake) -> None:
    releases = Releases(lake)
    release = publish(releases)
    assert release == releases.current()
    assert release.tables == {"canonical.product": 1000}
    with releases.open(release.release_id) as con:
        assert con.execute("SELECT count(*) FROM canonical.product").fetchall() == [(1000,)]
        schemas = con.execute("SELECT DISTINCT schema FROM (SHOW ALL TABLES)").fetchall()
        with pytest.raises(Exception, match="read-only"):
            con.execute("DELETE FROM canonical.product")
    assert schemas == [("canonical",)]
    assert b"Very Private" not in (release.path / "catalog.sqlite").read_bytes()


def test_a_release_stays_as_it_was_while_the_lake_goes_on(lake: Lake) -> None:
    releases = Releases(lake)
    first = publish(releases)
    change(lake)
    second = publish(releases, now=NOW + timedelta(days=1))
    assert [one.release_id for one in releases.list()] == [first.release_id, second.release_id]
    for release, rows in ((first, 1000), (second, 1001)):
        with releases.open(release.release_id) as con:
            assert con.execute("SELECT count(*) FROM canonical.product").fetchall() == [(rows,)]


def test_the_same_snapshot_published_again_is_the_same_release(lake: Lake) -> None:
    releases = Releases(lake)
    first = publish(releases)
    assert publish(releases, now=NOW + timedelta(hours=1)) == first
    with lake.connect() as con:
        con.execute("INSERT INTO lake.hub.state VALUES ('wms', '{}', 'x', now())")
    assert publish(releases, now=NOW + timedelta(hours=2)) == first


def forget_history(lake: Lake) -> None:
    with lake.lock(), lake.connect() as con:
        con.execute("CALL ducklake_expire_snapshots('lake', older_than => now())")


def test_the_same_content_is_the_same_release_also_when_history_was_forgotten(lake: Lake) -> None:
    releases = Releases(lake)
    with lake.lock(), lake.connect() as con:
        con.execute("INSERT INTO lake.canonical.product SELECT i FROM range(1000, 1500) r(i)")
    first = publish(releases)
    with lake.lock(), lake.connect() as con:
        con.execute("DELETE FROM lake.canonical.product WHERE i >= 1000")
    second = publish(releases, now=NOW + timedelta(hours=1))
    # What says that a file went is the file's own row, which goes with the history.
    forget_history(lake)
    assert publish(releases, now=NOW + timedelta(hours=2)).release_id == second.release_id
    assert first.release_id != second.release_id


def test_a_release_never_bears_the_id_of_one_that_was_deleted(lake: Lake) -> None:
    releases = Releases(lake)
    made = []
    for i in range(3):
        change(lake, i)
        made.append(publish(releases).release_id)
    shutil.rmtree(lake.paths.releases / made[0])
    change(lake)
    assert publish(releases).release_id not in made


def test_without_a_verdict_nothing_is_cut(lake: Lake) -> None:
    with pytest.raises(ReleaseError, match="what was not judged has not passed"):
        publish(Releases(lake), [])
    assert Releases(lake).current() is None and Releases(lake).newest() is None


@pytest.mark.parametrize("verdicts", [[FAILED], [PASSED, SKIPPED]])
def test_what_did_not_pass_is_never_shown_to_readers(lake: Lake, verdicts: list[Any]) -> None:
    releases = Releases(lake)
    partial = publish(releases, verdicts)
    assert releases.current() is None
    assert not partial.is_whole and releases.newest() == partial
    assert [one["status"] for one in partial.blocking] == [verdicts[-1]["status"]]
    good = publish(releases)
    assert good.release_id != partial.release_id, "it was judged otherwise"
    assert releases.current() == releases.newest() == good
    change(lake)
    partial = publish(releases, verdicts, now=NOW + timedelta(days=1))
    current = releases.current()
    assert current is not None and current.release_id == good.release_id
    assert current.aged is not None and current.aged.since == NOW + timedelta(days=1)
    assert releases.newest() == partial
    with releases.open(partial.release_id) as con:
        assert con.execute("SELECT count(*) FROM canonical.product").fetchall() == [(1001,)]


def test_between_a_failed_judgement_and_its_cut_there_is_nothing_to_stand_on(lake: Lake) -> None:
    releases = Releases(lake)
    publish(releases)
    change(lake)
    publish(releases, [FAILED])
    change(lake, 8)
    releases.reject([FAILED], now=NOW)
    assert releases.newest() is None


def test_the_same_content_under_another_version_of_a_contract_is_another_release(
    lake: Lake,
) -> None:
    releases = Releases(lake)
    first = publish(releases)
    again = releases.publish(
        [PASSED], contract_versions={"wms": "2.0.0"}, as_of_marks=first.as_of_marks, now=NOW
    )
    assert again.release_id != first.release_id
    assert releases.current() == again


def test_a_rollback_leads_readers_back_and_the_same_content_does_not_come_again(
    lake: Lake,
) -> None:
    releases = Releases(lake)
    made = []
    for value in range(3):
        change(lake, value)
        made.append(publish(releases).release_id)
    back, withdrawn = releases.rollback(by="ops", why="prices in cents", now=NOW)
    assert (back.release_id, withdrawn) == (made[1], [made[2]])
    assert releases.current() == back == releases.newest()
    bad = releases.get(made[2])
    assert bad.withdrawn is not None and bad.withdrawn.why == "prices in cents"
    with pytest.raises(ReleaseError, match=f"This is {made[2]} again, which ops withdrew"):
        publish(releases)
    assert releases.current() == back
    with releases.open(made[2]) as con:  # as evidence
        assert con.execute("SELECT count(*) FROM canonical.product").fetchall() == [(1003,)]
    change(lake, 4)
    assert publish(releases) == releases.current() != back


def test_a_rollback_asks_for_a_reason_and_can_be_taken_back(lake: Lake) -> None:
    releases = Releases(lake)
    first = publish(releases)
    change(lake)
    second = publish(releases)
    with pytest.raises(ReleaseError, match="Say why"):
        releases.rollback(by="ops", why=" ", now=NOW)
    assert releases.current() == second
    releases.rollback(by="ops", why="a slip", now=NOW)
    assert releases.withdrawn_after(first) == releases.get(second.release_id)
    assert releases.reinstate(second.release_id) == releases.current() == second
    assert releases.withdrawn_after(first) is None
    with pytest.raises(ReleaseError, match="was not withdrawn"):
        releases.reinstate(first.release_id)


def test_after_a_rollback_no_job_stands_on_the_candidate_that_came_after(lake: Lake) -> None:
    releases = Releases(lake)
    publish(releases)
    change(lake)
    publish(releases)
    change(lake)
    publish(releases, [FAILED])
    releases.rollback(by="ops", why="prices in cents", now=NOW)
    assert releases.newest() is None


def test_a_release_is_found_by_the_start_of_its_id_if_no_other_begins_so(lake: Lake) -> None:
    releases = Releases(lake)
    first = publish(releases)
    change(lake)
    second = publish(releases, now=NOW + timedelta(days=1))
    assert releases.find("r20260312") == second and releases.find(first.release_id) == first
    with pytest.raises(ReleaseError, match="Several releases begin with 'r2026'"):
        releases.find("r2026")
    for nothing in ("", "x"):
        with pytest.raises(ReleaseError, match=r"no sound release|no release id"):
            releases.find(nothing)


def test_a_rollback_further_back_withdraws_all_that_came_after(lake: Lake) -> None:
    releases = Releases(lake)
    made = []
    for value in range(4):
        change(lake, value)
        made.append(publish(releases).release_id)
    releases.rollback(by="ops", why="b", now=NOW)
    back, withdrawn = releases.rollback(by="ops", why="c", now=NOW, to=made[0])
    assert back.release_id == made[0] and withdrawn == made[1:3], "the last one was already"
    reasons = [releases.get(one).withdrawn for one in made[1:]]
    assert [one.why for one in reasons if one] == ["c", "c", "b"], "the first word stays"
    with pytest.raises(ReleaseError, match="no earlier release"):
        releases.rollback(by="ops", why="d", now=NOW)
    with pytest.raises(ReleaseError, match="was withdrawn"):
        releases.rollback(by="ops", why="d", now=NOW, to=made[2])
    with pytest.raises(ReleaseError, match="failed its contracts"):
        change(lake, 9)
        releases.rollback(by="ops", why="d", now=NOW, to=publish(releases, [FAILED]).release_id)


def test_a_candidate_whose_files_are_not_all_there_is_never_released(lake: Lake) -> None:
    gone = next((lake.paths.data / "canonical").rglob("*.parquet"))
    gone.unlink()
    with pytest.raises(ReleaseError, match=f"not whole: 1 of its files .*{gone.name}"):
        publish(Releases(lake))
    assert Releases(lake).current() is None


def test_an_error_that_was_not_evaluated_blocks_and_a_warning_does_not() -> None:
    assert [is_blocking(one) for one in (PASSED, WARNED, FAILED, SKIPPED)] == [0, 0, 1, 1]


def test_a_breach_leaves_the_last_release_in_place_and_says_that_it_ages(lake: Lake) -> None:
    releases = Releases(lake)
    good = publish(releases)
    change(lake)
    later = NOW + timedelta(days=1)
    for day in (later, later + timedelta(days=1)):
        kept = releases.reject([PASSED, FAILED], now=day)
    assert kept is not None
    assert kept.release_id == good.release_id
    assert kept.aged is not None
    assert kept.aged.reason == "wms.stock qty"
    assert kept.aged.since == later
    publish(releases, now=later + timedelta(days=2))
    current = releases.current()
    assert current is not None
    assert current.release_id != good.release_id
    assert current.aged is None


def test_a_breach_before_the_first_release_leaves_none(lake: Lake) -> None:
    assert Releases(lake).reject([FAILED], now=NOW) is None


def test_a_release_that_was_altered_or_does_not_exist_is_refused(lake: Lake) -> None:
    releases = Releases(lake)
    release = publish(releases)
    for bad in ("../lake", "nope", ".", ""):
        with pytest.raises(ReleaseError):
            releases.get(bad)
    catalog = release.path / "catalog.sqlite"
    catalog.chmod(0o644)
    catalog.write_bytes(catalog.read_bytes()[:-4096])
    with pytest.raises(ReleaseError, match="not as it was published"):
        releases.open(release.release_id)


def test_what_a_killed_publisher_left_behind_is_no_release(lake: Lake) -> None:
    releases = Releases(lake)
    left = lake.paths.releases / ".publishing-1"
    left.mkdir(parents=True)
    (left / "catalog.sqlite").write_bytes(b"half")
    assert releases.list() == []
    assert publish(releases) == releases.current()
    assert not left.exists()


def test_readers_of_the_current_release_never_fail_while_others_are_published(lake: Lake) -> None:
    releases = Releases(lake)
    publish(releases)
    done = threading.Event()
    seen: list[int] = []
    errors: list[BaseException] = []

    def watch() -> None:
        try:
            while not done.is_set():
                release = releases.current()
                assert release is not None
                with releases.open(release.release_id) as con:
                    row = con.execute("SELECT count(*) FROM canonical.product").fetchone()
                assert row is not None
                assert row[0] == release.tables["canonical.product"]
                seen.append(row[0])
                # Without a pause the readers take both cores from the publisher.
                done.wait(0.1)
        except BaseException as error:
            errors.append(error)

    readers = [threading.Thread(target=watch) for _ in range(2)]
    for reader in readers:
        reader.start()
    for day in range(1, 4):
        change(lake, day)
        publish(releases, now=NOW + timedelta(days=day))
    done.set()
    for reader in readers:
        reader.join()
    assert errors == []
    assert seen


def test_the_account_of_a_release_can_be_read_by_a_person(lake: Lake) -> None:
    release = publish(Releases(lake))
    account = json.loads(Path(release.path / "release.json").read_text("utf-8"))
    assert account["verdicts"] == [PASSED, WARNED]
    assert account["as_of_marks"] == {"wms": NOW.isoformat()}
    assert account["snapshot_id"] == release.snapshot_id
