"""An API on loopback that answers as a test says, and a tap's settings for it."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

KEY = "EZTKsecret"


@contextmanager
def _serve(answer):
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


def _settings(url, **more):
    return {"base_url": url, "api_key": KEY, "timeout_s": 5} | more


def _only(tap_class, config, stream):
    catalog = tap_class(config=dict(config)).catalog_dict
    for entry in catalog["streams"]:
        for each in entry["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = entry["tap_stream_id"] == stream
    return catalog


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


@pytest.fixture
def account_with():
    return Account


@pytest.fixture
def key():
    return KEY


@pytest.fixture
def serve():
    return _serve


@pytest.fixture
def settings():
    return _settings


@pytest.fixture
def only():
    return _only
