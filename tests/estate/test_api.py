"""The carriers' API over real HTTP: EasyPost's paging, refusals and shapes."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from estate import Estate

KEY = ("EZTKestate", "")


@pytest.fixture
def url(estate: Estate) -> Iterator[str]:
    with estate.serve(throttle_every=0, fail_every=0) as url:
        yield url


def get(url: str, **query: Any) -> Any:
    response = requests.get(url, params=query, auth=KEY, timeout=10)
    response.raise_for_status()
    return response.json()


def everything(url: str, kind: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = get(f"{url}/{kind}", **query)
        found += page[kind]
        if not page["has_more"]:
            return found
        query["before_id"] = found[-1]["id"]


@pytest.mark.parametrize("kind", ["trackers", "shipments"])
def test_paging_backwards_gives_every_parcel_once_newest_first(
    estate: Estate, url: str, kind: str
) -> None:
    found = everything(url, kind, page_size=37)
    numbers = [one["tracking_code"] for one in found]
    assert len(set(numbers)) == len(numbers) > 37 * 3
    assert set(numbers) == {row["tracking_no"] for row in estate.truth()["packages"]}
    created = [one["created_at"] for one in found]
    assert created == sorted(created, reverse=True)


def test_a_time_window_holds_on_created_at(url: str) -> None:
    window = {"start_datetime": "2026-03-05T00:00:00Z", "end_datetime": "2026-03-05T23:59:59Z"}
    found = everything(url, "trackers", page_size=100, **window)
    assert found and {one["created_at"][:10] for one in found} == {"2026-03-05"}


def test_after_id_gives_what_is_newer(url: str) -> None:
    newest = get(f"{url}/trackers", page_size=5)["trackers"]
    newer = get(f"{url}/trackers", page_size=100, after_id=newest[3]["id"])["trackers"]
    assert [one["id"] for one in newer] == [one["id"] for one in newest[:3]]


def test_one_parcel_can_be_asked_for_by_its_id(url: str) -> None:
    tracker = get(f"{url}/trackers", page_size=1)["trackers"][0]
    assert get(f"{url}/trackers/{tracker['id']}") == tracker
    shipment = get(f"{url}/shipments/{tracker['shipment_id']}")
    assert shipment["tracker"] == tracker


def test_a_parcel_costs_what_the_truth_says(estate: Estate, url: str) -> None:
    truth = estate.truth()
    owner = {row["sscc18"]: row["shipment_no"] for row in truth["packages"]}
    costs: dict[str, Decimal] = {}
    for one in everything(url, "shipments", page_size=100):
        number = owner[one["reference"]]
        rate = one["selected_rate"]
        assert rate in one["rates"] and isinstance(rate["rate"], str)
        costs[number] = costs.get(number, Decimal(0)) + Decimal(rate["rate"])
    assert costs == {r["shipment_no"]: r["cost"] for r in truth["shipments"] if r["cost"]}


def test_trackers_tell_the_events_of_the_truth(estate: Estate, url: str) -> None:
    told = set()
    twice = backwards = 0
    for one in everything(url, "trackers", page_size=100):
        events = one["tracking_details"]
        keys = [(event["datetime"], event["status"]) for event in events]
        twice += len(keys) != len(set(keys))
        backwards += keys != sorted(keys)
        told |= {(one["carrier"], one["tracking_code"], *key) for key in keys}
    spelt = {"failure": "exception", "error": "unknown"}
    assert {(c, n, at, spelt.get(status, status)) for c, n, at, status in told} == {
        (r["carrier"], r["tracking_no"], f"{r['event_at']:%Y-%m-%dT%H:%M:%SZ}", r["status"])
        for r in estate.truth()["tracking_events"]
    }
    assert twice and backwards, "carriers repeat themselves and are late"


def test_the_metadata_name_carriers_in_lower_case(url: str) -> None:
    carriers = get(f"{url}/metadata/carriers")["carriers"]
    assert [carrier["name"] for carrier in carriers] == ["usps", "ups", "fedex"]
    narrowed = get(f"{url}/metadata/carriers", carriers="usps", types="service_levels")["carriers"]
    assert [level["name"] for level in narrowed[0]["service_levels"]] == [
        "GroundAdvantage",
        "Priority",
    ]
    assert "predefined_packages" not in narrowed[0]


@pytest.mark.parametrize("auth", [None, ("wrong", ""), ("", "EZTKestate")])
def test_a_wrong_key_is_refused_in_easyposts_words(url: str, auth: tuple[str, str] | None) -> None:
    response = requests.get(f"{url}/trackers", auth=auth, timeout=10)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "APIKEY.INACTIVE")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("trackers/trk_nobody", 404),
        ("trackers?before_id=trk_nobody", 404),
        ("nonsense", 404),
        ("trackers?page_size=101", 422),
        ("trackers?start_datetime=yesterday", 422),
    ],
)
def test_what_cannot_be_answered_is_an_error_in_json(url: str, path: str, status: int) -> None:
    response = requests.get(f"{url}/{path}", auth=KEY, timeout=10)
    assert response.status_code == status
    assert set(response.json()["error"]) == {"code", "message", "errors"}


def test_the_api_throttles_and_breaks_now_and_then(estate: Estate) -> None:
    with estate.serve(throttle_every=3, fail_every=4) as url:
        answers = [requests.get(f"{url}/trackers", auth=KEY, timeout=10) for _ in range(9)]
    assert [answer.status_code for answer in answers] == [
        200, 200, 429, 503, 200, 429, 200, 503, 429,
    ]  # fmt: skip
    assert [a.headers["Retry-After"] for a in answers if a.status_code == 429] == ["1", "0", "1"]


def test_another_day_shows_through_a_running_server(make: Callable[..., Estate]) -> None:
    estate = make()
    with estate.serve(throttle_every=0, fail_every=0) as url:
        before = {one["id"]: one for one in everything(url, "trackers", page_size=100)}
        estate.advance()
        after = {one["id"]: one for one in everything(url, "trackers", page_size=100)}
    assert before.keys() < after.keys()
    moved = [key for key, one in before.items() if after[key] != one]
    assert moved
    for key in before:
        is_later = after[key]["updated_at"] > before[key]["updated_at"]
        assert is_later == (key in moved), "updated_at moves with each event, and only then"
