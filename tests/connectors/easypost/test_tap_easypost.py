"""tap-easypost against real HTTP servers on loopback: recordings, a small account, bad moments."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from singer_sdk.exceptions import FatalAPIError

import contracts
from connectors.easypost.tap import TapEasyPost

# open_data_contract_standard reads its schema by a deprecated function:
# https://github.com/bitol-io/open-data-contract-standard/
pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")


def recording(shared, name, key):
    """Answer as EasyPost did in a recording, by path and query; no more pages after the last."""
    interactions = yaml.safe_load((shared / "easypost-cassettes" / name).read_text())[
        "interactions"
    ]
    answers = {}
    for interaction in interactions:
        parts = urlsplit(interaction["request"]["uri"])
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        body = interaction["response"]["body"]["string"]
        answers[parts.path.removeprefix("/v2/"), query.get("before_id")] = body

    def answer(path, query, headers):
        assert headers["Authorization"] == "Basic " + b64encode(f"{key}:".encode()).decode()
        body = answers.get((path, query.get("before_id")), f'{{"{path}": [], "has_more": false}}')
        return 200, body.encode(), {}

    return answer, [json.loads(body, parse_float=Decimal) for body in answers.values()]


@pytest.mark.parametrize(
    ("stream", "cassette"),
    [
        ("trackers", "test_tracker_get_next_page.yaml"),
        ("trackers", "test_tracker_all.yaml"),
        ("shipments", "test_shipment_get_next_page.yaml"),
    ],
)
def test_recorded_pages_arrive_whole_and_unchanged(
    shared, pull, stream, cassette, serve, settings, only, key
):
    answer, bodies = recording(shared, cassette, key)
    with serve(answer) as (url, log):
        config = settings(url, page_size=5)
        got = pull(TapEasyPost, config, catalog=only(TapEasyPost, config, stream))
    recorded = [item for body in bodies for item in body[stream]]
    columns = [column.name for column in contracts.read("sources/carrier").table(stream).columns]
    assert len(got.records[stream]) == len(recorded)
    for row, item in zip(got.records[stream], recorded, strict=True):
        assert list(row) == columns
        for name in columns:
            if name != "tracker_id":
                assert row[name] == item[name]
    if stream == "shipments":
        assert [row["tracker_id"] for row in got.records[stream]] == [
            item["tracker"]["id"] for item in recorded
        ]
    assert len(log) == len(bodies) + 1


def test_recorded_service_levels_arrive_whole(shared, pull, serve, settings, only, key):
    answer, (body,) = recording(shared, "test_retrieve_carrier_metadata.yaml", key)
    with serve(answer) as (url, _):
        config = settings(url)
        got = pull(TapEasyPost, config, catalog=only(TapEasyPost, config, "service_levels"))
    assert got.records["service_levels"] == [
        level for carrier in body["carriers"] for level in carrier["service_levels"]
    ]


MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)  # when the account of conftest.py begins


def ids(pulled):
    return [int(row["id"][4:]) for row in pulled.records["trackers"]]


def test_a_second_pull_brings_what_changed_however_old(pull, serve, settings, account_with):
    account = account_with()
    with serve(account) as (url, _):
        first = pull(TapEasyPost, settings(url, page_size=7))
        assert sorted(ids(first)) == list(range(30))
        assert first.records["trackers"][0]["weight"] == Decimal("17.6")

        later = MONDAY + timedelta(days=3)
        account.put(2, "delivered", later)
        account.put(30, "pre_transit", later)
        second = pull(TapEasyPost, settings(url, page_size=7), state=first.state)
        # 29 is the bookmark's own instant, which comes again.
        assert sorted(ids(second)) == [2, 29, 30]


def test_what_is_over_and_settled_is_not_listed_again(pull, serve, settings, account_with):
    account = account_with()
    for number in range(25):
        account.put(number, "delivered", MONDAY + timedelta(days=2))
    account.put(29, "in_transit", MONDAY + timedelta(days=20))
    with serve(account) as (url, log):
        first = pull(TapEasyPost, settings(url))
        log.clear()
        pull(TapEasyPost, settings(url), state=first.state)
    asked = next(query for path, query in log if path.endswith("trackers"))
    assert (
        asked["start_datetime"] == f"{MONDAY + timedelta(hours=25, seconds=-1):%Y-%m-%dT%H:%M:%SZ}"
    )


def test_a_scan_after_delivery_still_arrives(pull, serve, settings, account_with):
    account = account_with()
    for number in range(30):
        account.put(number, "delivered", MONDAY + timedelta(days=2))
    with serve(account) as (url, _):
        first = pull(TapEasyPost, settings(url))
        account.put(3, "delivered", MONDAY + timedelta(days=4))
        second = pull(TapEasyPost, settings(url), state=first.state)
    assert 3 in ids(second)


def test_nothing_older_than_the_lookback_is_watched(pull, serve, settings, account_with):
    account = account_with()
    account.put(24 * 90, "in_transit", MONDAY + timedelta(days=90))
    with serve(account) as (url, log):
        first = pull(TapEasyPost, settings(url, lookback_days=30))
        log.clear()
        pull(TapEasyPost, settings(url, lookback_days=30), state=first.state)
    asked = next(query for path, query in log if path.endswith("trackers"))
    assert (
        asked["start_datetime"] == f"{MONDAY + timedelta(days=60, seconds=-1):%Y-%m-%dT%H:%M:%SZ}"
    )


def test_a_list_that_breaks_off_leaves_the_state_as_it_was(pull, serve, settings, account_with):
    account = account_with()

    def broken(path, query, headers):
        return (500, b"", {}) if "before_id" in query else account(path, query, headers)

    with serve(broken) as (url, _):
        tap = TapEasyPost(config=settings(url, page_size=7, retries=0))
        records = tap.streams["trackers"].get_records(None)
        with pytest.raises(FatalAPIError, match=r"busy or broken \(500\)"):
            list(records)
        assert not tap.state.get("bookmarks", {}).get("trackers")
