"""On the estate: what the taps bring bit by bit over days is what they bring all at once."""

import pytest

from connectors.easypost.tap import TapEasyPost
from connectors.sql.tap import TapSQL
from connectors.x12.tap import TapX12
from estate import Estate

# open_data_contract_standard reads its schema by a deprecated function:
# https://github.com/bitol-io/open-data-contract-standard/
pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")


def sources(estate, url):
    return {
        "erp": (TapSQL, {"url": estate.erp_url, "contract": "erp", "naive_timezone": "UTC"}),
        "wms": (TapSQL, {"url": estate.wms_url, "contract": "wms", "naive_timezone": "UTC"}),
        "shop": (TapSQL, {"url": estate.shop_url, "contract": "shop", "naive_timezone": "UTC"}),
        "threepl": (TapX12, {"path": str(estate.drop_folder), "timezone": "UTC"}),
        "carrier": (TapEasyPost, {"base_url": url, "api_key": "EZTKestate", "page_size": 20}),
    }


def merged(into, pulled):
    for stream, rows in pulled.records.items():
        for row in rows:
            into[stream, tuple(row[key] for key in pulled.keys[stream])] = row


def test_days_pulled_one_by_one_equal_all_days_pulled_at_once(tmp_path, pull):
    estate = Estate.create(tmp_path / "estate", orders=90, days=3, products=40)
    held = {name: {} for name in ("erp", "wms", "shop", "threepl", "carrier")}
    states = {}
    for day in range(4):
        if day:
            estate.advance(3 if day == 3 else 1)
        with estate.serve() as url:
            for name, (tap, config) in sources(estate, url).items():
                for _ in range(2):  # pulled twice, nothing changes
                    got = pull(tap, config, state=states.get(name))
                    states[name] = got.state
                    merged(held[name], got)
    with estate.serve() as url:
        for name, (tap, config) in sources(estate, url).items():
            whole = {}
            merged(whole, pull(tap, config))
            assert held[name] == whole


def test_every_tracker_of_the_estate_arrives_with_all_its_events(tmp_path, pull):
    estate = Estate.create(tmp_path / "estate", orders=60, days=4, products=30)
    with estate.serve() as url:
        tap, config = sources(estate, url)["carrier"]
        got = pull(tap, config)
    packages = {row["tracking_no"] for row in estate.truth()["packages"]}
    assert {row["tracking_code"] for row in got.records["trackers"]} <= packages
    known = {
        (row["tracking_no"], row["event_at"].isoformat())
        for row in estate.truth()["tracking_events"]
    }
    arrived = {
        (row["tracking_code"], event["datetime"].replace("Z", "+00:00"))
        for row in got.records["trackers"]
        for event in row["tracking_details"]
    }
    assert arrived == known
