"""What the carriers' API tells under a fault, over real HTTP; the truth does not move."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import requests

from estate import Estate, EstateError
from estate.tracking_faults import TELLINGS

Make = Callable[..., Estate]
Trackers = dict[str, dict[str, Any]]


def trackers(estate: Estate, **query: Any) -> Trackers:
    """All trackers by id, page by page as a tap reads them."""
    found: Trackers = {}
    with estate.serve(throttle_every=0, fail_every=0) as url:
        while True:
            page = requests.get(
                f"{url}/trackers", {"page_size": 7, **query}, auth=("EZTKestate", ""), timeout=10
            ).json()
            rows = {one["id"]: one for one in page["trackers"]}
            assert not rows.keys() & found.keys()
            found |= rows
            if not page["has_more"]:
                return found
            query["before_id"] = page["trackers"][-1]["id"]


@pytest.fixture
def estate(make: Make) -> Estate:
    return make(orders=200, days=8)


@pytest.mark.parametrize("fault", TELLINGS)
def test_a_told_fault_moves_its_trackers_and_clearing_tells_the_truth_again(
    estate: Estate, fault: str
) -> None:
    truth, before = estate.truth(), trackers(estate)
    estate.inject(fault)
    assert estate.truth() == truth
    bent = trackers(estate)
    moved = {key for key in bent if bent[key] != before.get(key)}
    assert moved
    estate = Estate.open(estate.home)
    estate.clear()
    after = trackers(estate)
    bare = [{k: {**t, "updated_at": ""} for k, t in told.items()} for told in (before, after)]
    assert bare[0] == bare[1] and estate.truth() == truth
    for key in moved & after.keys():
        assert before[key]["updated_at"] < bent[key]["updated_at"] or fault == "number_recycled"
        assert bent[key]["updated_at"] < after[key]["updated_at"]


def test_a_delivered_parcel_is_in_transit_again(estate: Estate) -> None:
    estate.inject("scan_after_delivery")
    states = {row["tracking_no"]: row["status"] for row in estate.truth()["packages"]}
    again = 0
    for one in trackers(estate).values():
        last = max(one["tracking_details"], key=lambda detail: detail["datetime"])
        if last["status"] == "in_transit" and states[one["tracking_code"]] == "delivered":
            again += one["tracking_details"][-1] == last
    assert again >= 10


def test_each_event_comes_fifty_times(estate: Estate) -> None:
    estate.inject("webhook_replayed")
    many = [
        Counter((d["datetime"], d["status"]) for d in one["tracking_details"])
        for one in trackers(estate).values()
        if len(one["tracking_details"]) >= 50
    ]
    assert len(many) == 10
    assert all(count % 50 == 0 for counts in many for count in counts.values())


def test_a_carriers_times_lose_their_offset_on_the_night_of_dst(estate: Estate) -> None:
    true = {key: one["tracking_details"] for key, one in trackers(estate).items()}
    estate.inject("offsets_dropped")
    apart = set()
    for key, one in trackers(estate).items():
        for told, was in zip(one["tracking_details"], true[key], strict=True):
            assert told["datetime"].endswith("Z") == (one["carrier"] != "UPS")
            if one["carrier"] == "UPS" and was["tracking_location"]["state"] == "OH":
                local, utc = (datetime.fromisoformat(x["datetime"][:19]) for x in (told, was))
                apart.add((utc > datetime.fromisoformat("2026-03-08T07:00"), (utc - local).seconds))
    assert apart == {(False, 5 * 3600), (True, 4 * 3600)}


def test_a_recycled_number_shows_the_parcel_that_had_it_four_months_ago(estate: Estate) -> None:
    estate.inject("number_recycled")
    found = trackers(estate)
    numbers = Counter(one["tracking_code"] for one in found.values())
    assert sorted(numbers.values())[-11:] == [1] + [2] * 10
    order = [one["created_at"] for one in found.values()]
    assert order == sorted(order, reverse=True), "newest first"
    old = [one for one in found.values() if one["created_at"] < "2025-12"]
    assert len(old) == 10 and {one["status"] for one in old} == {"delivered"}
    assert all(detail["datetime"] < "2025-12" for one in old for detail in one["tracking_details"])
    assert len(trackers(estate, start_datetime="2026-01-01T00:00:00Z")) == len(found) - 10
    with estate.serve(throttle_every=0, fail_every=0) as url:
        auth = ("EZTKestate", "")
        one = requests.get(f"{url}/trackers/{old[0]['id']}", auth=auth, timeout=10).json()
    assert one == old[0]


def test_all_of_them_work_together_in_either_order(make: Make) -> None:
    one, two = (make(name, orders=150, days=5) for name in ("one", "two"))
    for fault in TELLINGS:
        one.inject(fault)
    for fault in reversed(TELLINGS):
        two.inject(fault)
    bare = [
        {key: {**told, "updated_at": ""} for key, told in trackers(estate).items()}
        for estate in (one, two)
    ]
    assert bare[0] == bare[1]


def test_without_parcels_it_says_what_to_do(make: Make) -> None:
    with pytest.raises(EstateError, match=r"finds no parcel .* Advance a few days"):
        make(orders=1, days=1).inject("scan_after_delivery")
