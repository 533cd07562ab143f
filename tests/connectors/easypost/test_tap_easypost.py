"""tap-easypost against real HTTP servers on loopback: recordings, a small account, bad moments."""

import json
import re
import time
from base64 import b64encode
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from click.testing import CliRunner
from singer_sdk.exceptions import FatalAPIError

import contracts
from connectors.easypost.tap import TapEasyPost

# open_data_contract_standard reads its schema by a deprecated function:
# https://github.com/bitol-io/open-data-contract-standard/
pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")

KEY = "EZTKsecret"


@contextmanager
def serve(answer):
    """Serve GET by `answer(path, query, headers) -> (status, body, headers)`; gives url and log."""
    log = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            log.append((parts.path, query))
            status, body, headers = answer(parts.path.removeprefix("/v2/"), query, self.headers)
            self.send_response(status)
            self.send_header("Content-Length", str(headers.pop("length", len(body))))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = "Connection" in headers

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v2", log
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def settings(url, **more):
    return {"base_url": url, "api_key": KEY, "timeout_s": 5} | more


def only(tap_class, config, stream):
    catalog = tap_class(config=dict(config)).catalog_dict
    for entry in catalog["streams"]:
        for each in entry["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = entry["tap_stream_id"] == stream
    return catalog


def recording(shared, name):
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
        assert headers["Authorization"] == "Basic " + b64encode(f"{KEY}:".encode()).decode()
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
def test_recorded_pages_arrive_whole_and_unchanged(shared, pull, stream, cassette):
    answer, bodies = recording(shared, cassette)
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


def test_recorded_service_levels_arrive_whole(shared, pull):
    answer, (body,) = recording(shared, "test_retrieve_carrier_metadata.yaml")
    with serve(answer) as (url, _):
        config = settings(url)
        got = pull(TapEasyPost, config, catalog=only(TapEasyPost, config, "service_levels"))
    assert got.records["service_levels"] == [
        level for carrier in body["carriers"] for level in carrier["service_levels"]
    ]


MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def iso(moment):
    return moment.isoformat().replace("+00:00", "Z")


class Account:
    """A small EasyPost account: trackers that change, listed by when they were made."""

    def __init__(self, trackers=30):
        self.trackers = {}
        for number in range(trackers):
            self.put(number, "in_transit", MONDAY + timedelta(hours=number))

    def put(self, number, status, at):
        made = MONDAY + timedelta(hours=number)
        self.trackers[number] = {
            "id": f"trk_{number:03}",
            "tracking_code": str(number),
            "status": status,
            "carrier": "USPS",
            "weight": 17.6,
            "tracking_details": [{"status": status}],
            "created_at": iso(made),
            "updated_at": iso(at),
        }

    def __call__(self, path, query, headers):
        if path != "trackers":
            return 200, json.dumps({path: [], "carriers": [], "has_more": False}).encode(), {}
        found = [self.trackers[number] for number in sorted(self.trackers, reverse=True)]
        if "start_datetime" in query:
            found = [item for item in found if item["created_at"] > query["start_datetime"]]
        if "before_id" in query:
            found = [item for item in found if item["id"] < query["before_id"]]
        size = int(query["page_size"])
        body = {"trackers": found[:size], "has_more": len(found) > size}
        return 200, json.dumps(body).encode(), {}


def ids(pulled):
    return [int(row["id"][4:]) for row in pulled.records["trackers"]]


def test_a_second_pull_brings_what_changed_however_old(pull):
    account = Account()
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


def test_what_is_over_and_settled_is_not_listed_again(pull):
    account = Account()
    for number in range(25):
        account.put(number, "delivered", MONDAY + timedelta(days=2))
    account.put(29, "in_transit", MONDAY + timedelta(days=20))
    with serve(account) as (url, log):
        first = pull(TapEasyPost, settings(url))
        log.clear()
        pull(TapEasyPost, settings(url), state=first.state)
    asked = next(query for path, query in log if path.endswith("trackers"))
    assert asked["start_datetime"] == iso(MONDAY + timedelta(hours=25, seconds=-1))


def test_a_scan_after_delivery_still_arrives(pull):
    account = Account()
    for number in range(30):
        account.put(number, "delivered", MONDAY + timedelta(days=2))
    with serve(account) as (url, _):
        first = pull(TapEasyPost, settings(url))
        account.put(3, "delivered", MONDAY + timedelta(days=4))
        second = pull(TapEasyPost, settings(url), state=first.state)
    assert 3 in ids(second)


def test_nothing_older_than_the_lookback_is_watched(pull):
    account = Account()
    account.put(24 * 90, "in_transit", MONDAY + timedelta(days=90))
    with serve(account) as (url, log):
        first = pull(TapEasyPost, settings(url, lookback_days=30))
        log.clear()
        pull(TapEasyPost, settings(url, lookback_days=30), state=first.state)
    asked = next(query for path, query in log if path.endswith("trackers"))
    assert asked["start_datetime"] == iso(MONDAY + timedelta(days=60, seconds=-1))


def test_a_list_that_breaks_off_leaves_the_state_as_it_was(pull):
    account = Account()

    def broken(path, query, headers):
        return (500, b"", {}) if "before_id" in query else account(path, query, headers)

    with serve(broken) as (url, _):
        tap = TapEasyPost(config=settings(url, page_size=7, retries=0))
        records = tap.streams["trackers"].get_records(None)
        with pytest.raises(FatalAPIError, match=r"busy or broken \(500\)"):
            list(records)
        assert not tap.state.get("bookmarks", {}).get("trackers")


@pytest.mark.parametrize("when", ["seconds", "date", "none"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_api_is_asked_again_when_it_says(pull, status, when):
    account, refused = Account(5), []

    def busy(path, query, headers):
        if path == "trackers" and not refused:
            refused.append(time.monotonic())
            at = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
            after = {"seconds": {"Retry-After": "1"}, "date": {"Retry-After": at}, "none": {}}[when]
            return status, b"", dict(after)
        if path == "trackers":
            refused.append(time.monotonic())
        return account(path, query, headers)

    with serve(busy) as (url, _):
        got = pull(TapEasyPost, settings(url))
    assert len(got.records["trackers"]) == 5
    waited = refused[1] - refused[0]
    assert waited >= (0 if when == "none" else 0.9)


def test_a_body_cut_short_is_asked_for_again(pull):
    account, cut = Account(5), []

    def flaky(path, query, headers):
        status, body, more = account(path, query, headers)
        if path == "trackers" and not cut:
            cut.append(path)
            return status, body[:50], {"length": len(body), "Connection": "close"}
        return status, body, more

    with serve(flaky) as (url, _):
        assert len(pull(TapEasyPost, settings(url)).records["trackers"]) == 5


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda *_: (401, b"{}", {}), r"refused the key \(401\). Set 'api_key'"),
        (lambda *_: (404, b"{}", {}), r"does not exist \(404\).*'base_url'"),
        (lambda *_: (422, b'{"error": {"message": "1 Main St"}}', {}), r"answered 422"),
        (lambda *_: (200, b"<html>", {}), "not JSON"),
        (lambda *_: (200, b"[]", {}), "not a JSON object"),
        (lambda *_: (200, b'{"trackers": null}', {}), "without a list"),
        (lambda *_: (503, b"", {}), "still busy or broken"),
        (lambda *_: (200, b'{"trackers": [{}], "has_more": true}', {}), "same page again"),
        (lambda *_: (time.sleep(1), (200, b"{}", {}))[1], "Cannot reach .*Timeout"),
    ],
)
def test_a_refusal_ends_in_one_line_with_the_mend(tmp_path, caplog, answer, says):
    with serve(answer) as (url, _):
        config = settings(url, retries=0, timeout_s=0.3)
        catalog = only(TapEasyPost, config, "trackers")
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "catalog.json").write_text(json.dumps(catalog, default=str))
        flags = ["--config", tmp_path / "config.json", "--catalog", tmp_path / "catalog.json"]
        result = CliRunner().invoke(TapEasyPost.cli, [str(flag) for flag in flags])
    assert result.exit_code == 1
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    (line,) = [error for error in errors if "unhandled" not in error]
    assert re.search(says, line)
    for hidden in (KEY, "1 Main St", "Traceback"):
        assert hidden not in caplog.text + result.output


def test_an_api_out_of_reach_is_named():
    tap = TapEasyPost(config=settings("http://127.0.0.1:1/v2", retries=0))
    with pytest.raises(FatalAPIError, match=r"Cannot reach http://127\.0\.0\.1:1/v2/trackers"):
        list(tap.streams["trackers"].get_records(None))
