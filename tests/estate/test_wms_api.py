"""The WMS's API over real HTTP: what it takes, refuses and remembers."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from estate import DEMO_WMS_KEY, Estate, wms_api_url


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, hub_of: Any) -> Iterator[Any]:
    """A hub of a led network that stays at its close."""
    home = tmp_path_factory.mktemp("api")
    with hub_of(Estate.create(home, orders=120, days=2, products=40, led=True)) as hub:
        hub.waiting = hub.fitting()
        yield hub


@pytest.fixture
def case(hub: Any) -> Any:
    """An order that a node can ship: order, node, lines; another one for each test."""
    return next(hub.waiting)


def test_a_request_is_accepted_once_and_answered_alike_ever_after(hub: Any, case: Any) -> None:
    first = hub.release(*case)
    again = hub.release(*case)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json() == {
        "status": "accepted", "shipment_no": f"XD-{case[0]}",
        "reference": first.json()["reference"],
    }  # fmt: skip


def test_many_threads_with_one_key_have_one_effect(hub: Any, case: Any) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: hub.release(*case), range(24)))
    assert Counter(a.status_code for a in answers) == {201: 1, 200: 23}
    assert len({a.text for a in answers}) == 1
    # One effect: had it counted twice, nothing would be open for what came after either.
    _, node, lines = case
    taken = hub.release(case[0], node, lines, f"{case[0]}-again")
    assert taken.json()["reason"] == "line_not_open"


def test_many_keys_for_the_same_units_have_one_effect(hub: Any, case: Any) -> None:
    keys = [f"{case[0]}-{number}" for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda key: hub.release(*case, key), keys))
    assert Counter(a.status_code for a in answers) == {201: 1, 409: 11}


def test_a_key_with_another_body_is_refused_and_keeps_its_first_answer(hub: Any, case: Any) -> None:
    order_no, node, lines = case
    first = hub.release(order_no, node, lines)
    other = hub.release(order_no, node, lines, carrier="FedEx", service="FEDEX_GROUND")
    assert (other.status_code, other.json()["error"]["code"]) == (422, "KEY_REUSED")
    assert hub.release(order_no, node, lines).json() == first.json()


def test_a_body_is_the_same_however_it_is_spaced(hub: Any, case: Any) -> None:
    order_no, node, lines = case
    asked = [{"qty": f"{units}.000000", "sku": sku, "line_no": n} for n, sku, units in lines]
    payload = {
        "lines": asked, "service": "Ground", "carrier": "UPS", "node_code": node,
        "shipment_no": f"XD-{order_no}", "order_no": order_no,
    }  # fmt: skip
    body = {"payload": payload, "verb": "release_shipment", "id": "1"}
    tight = json.dumps(body, separators=(",", ":")).encode()
    wide = json.dumps(dict(reversed(body.items())), indent=4).encode()
    assert [hub.post('"a key"', raw).status_code for raw in (tight, wide)] == [201, 200]
    assert hub.post("a key", wide).status_code == 200, "a structured field's string is its text"


REFUSED = {
    "unknown_order": {"order_no": "SO-9999999"},
    "unknown_node": {"node_code": "MARS"},
    "not_own_node": {"node_code": "ATL"},
    "unknown_carrier": {"carrier": "Pigeon"},
    "unknown_service": {"service": "GroundAdvantage"},
    "unknown_line": {"lines": [{"line_no": 9, "sku": "AA-00001", "qty": "1"}]},
    "duplicate_shipment": {"shipment_no": "SH-0000001"},
}


@pytest.mark.parametrize("reason", sorted(REFUSED))
def test_what_the_business_refuses_has_a_code_and_is_remembered(
    hub: Any, case: Any, reason: str
) -> None:
    order_no, node, lines = case
    answers = [hub.release(order_no, node, lines, reason, **REFUSED[reason]) for _ in range(2)]
    assert [a.status_code for a in answers] == [409, 409]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["status"] == "rejected" and answers[0].json()["reason"] == reason
    assert answers[0].json()["detail"]
    assert hub.told(reason)["status"] == "rejected" and hub.told(reason)["reason"] == reason
    assert hub.release(order_no, node, lines).status_code == 201, "nothing was taken by it"


def test_no_more_is_accepted_than_is_open_over_all_requests(hub: Any, case: Any) -> None:
    order_no, node, ((line_no, sku, units), *_) = case
    more = hub.release(order_no, node, [(line_no, sku, units + 1)], f"{order_no}-more")
    assert more.json()["reason"] == "quantity_above_open"
    other = hub.release(order_no, node, [(line_no, "ZZ-00000", units)], f"{order_no}-sku")
    assert other.json()["reason"] == "wrong_sku"
    assert hub.release(order_no, node, [(line_no, sku, units)]).status_code == 201
    gone = hub.release(order_no, node, [(line_no, sku, 1)], f"{order_no}-gone")
    assert gone.json()["reason"] == "line_not_open"


def test_stock_is_promised_once_over_all_requests(hub: Any) -> None:
    free = hub.free()
    asked: Counter[Any] = Counter()
    answers = Counter()
    for order_no, lines in hub.open_lines().items():
        for line_no, sku, units in lines:
            for node in ("RNO", "CMH"):
                key = f"stock-{order_no}-{line_no}-{node}"
                answer = hub.release(order_no, node, [(line_no, sku, units)], key)
                if answer.status_code == 201:
                    asked[node, sku] += units
                answers[answer.json().get("reason")] += 1
    assert answers["not_enough_stock"] > 0
    assert all(units <= free[place] for place, units in asked.items())


MALFORMED = [
    (b"", "body"),
    (b"not json", "body"),
    (b"[" * 5000, "body"),
    (b"\xff\xfe", "body"),
    (b'{"id": "1", "payload": {}}', "verb"),
    (b'{"id": "1", "verb": "eat", "payload": {}}', "verb"),
    (b'{"id": "1", "verb": "cancel_shipment", "payload": {}}', "payload.shipment_no"),
    (b'{"id": "1", "verb": "cancel_shipment", "payload": {"shipment_no": "a*b"}}', "shipment_no"),
    (b'{"verb": "cancel_shipment", "payload": {"shipment_no": "XD-1"}}', "id"),
    (b'{"id": "' + b"x" * 70_000 + b'"}', "65536 bytes"),
    (b'{"id": "' + b"x" * 2_000_000 + b'"}', "65536 bytes"),
]


@pytest.mark.parametrize(("raw", "where"), MALFORMED, ids=lambda v: repr(v)[:30])
def test_what_is_malformed_is_told_where_and_forgotten(hub: Any, raw: bytes, where: str) -> None:
    answer = hub.post("malformed", raw)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "MALFORMED")
    assert where in answer.json()["error"]["message"]
    assert hub.told("malformed") is None


@pytest.mark.parametrize("qty", [1, "0", "-1", "1.5", "1e3", "", "two", None, "9" * 12])
def test_a_quantity_is_text_with_a_whole_number_of_base_units(hub: Any, qty: object) -> None:
    order_no, lines = next(iter(hub.open_lines().items()))
    asked = [{"line_no": lines[0][0], "sku": lines[0][1], "qty": qty}]
    answer = hub.release(order_no, "RNO", lines, "qty", lines=asked)
    assert answer.status_code == 400
    assert "payload.lines.0.qty" in answer.json()["error"]["message"]


def test_a_line_stands_once_in_a_request(hub: Any) -> None:
    order_no, lines = next(iter(hub.open_lines().items()))
    answer = hub.release(order_no, "RNO", [lines[0], lines[0]], "twice")
    assert answer.status_code == 400 and "twice" in answer.json()["error"]["message"]


@pytest.mark.parametrize("key", [None, "", '""', "x" * 300])
def test_a_request_without_a_key_is_malformed(hub: Any, key: str | None) -> None:
    answer = hub.post(key, {})
    assert answer.status_code == 400 and "Idempotency-Key" in answer.json()["error"]["message"]


def test_the_keys_of_the_two_apis_open_only_their_own(hub: Any) -> None:
    for value in ("", "Bearer EZTKestate", "Basic RVpUS2VzdGF0ZTo=", f"Basic {DEMO_WMS_KEY}"):
        assert hub.post("k", {}, Authorization=value).status_code == 401
    headers = {"Authorization": f"Bearer {DEMO_WMS_KEY}"}
    assert requests.get(f"{hub.url}/trackers", headers=headers, timeout=10).status_code == 401


def test_what_was_never_received_or_is_nowhere_is_not_found(hub: Any) -> None:
    assert hub.told("nobody") is None
    headers = {"Authorization": f"Bearer {DEMO_WMS_KEY}", "Idempotency-Key": "k"}
    for path in ("", "nonsense", "requests/k"):
        url = f"{wms_api_url(hub.url)}/{path}"
        assert requests.post(url, headers=headers, json={}, timeout=10).status_code == 404


def test_a_kept_connection_answers_one_request_after_another(hub: Any, case: Any) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {DEMO_WMS_KEY}"
        url = f"{wms_api_url(hub.url)}/requests"
        for raw in (b"x" * 70_000, b"{}"):
            refused = session.post(url, data=raw, headers={"Idempotency-Key": "k"}, timeout=10)
            assert refused.status_code == 400
        assert session.get(f"{url}/nobody", timeout=10).status_code == 404


def test_it_throttles_breaks_and_loses_answers_and_the_same_key_settles_it(
    make: Callable[..., Estate], hub_of: Any
) -> None:
    estate = make(led=True)
    seen: Counter[int] = Counter()
    with hub_of(estate, throttle_every=3, fail_every=4, lose_every=2) as hub:
        cases = list(hub.fitting())[:12]
        for case in cases:
            for _ in range(9):
                status = hub.release(*case).status_code
                seen[status] += 1
                if status in {200, 201}:
                    break
    assert set(seen) == {200, 201, 429, 503}
    estate.advance()
    numbers = [row["shipment_no"] for row in estate.truth()["shipments"]]
    assert len(set(numbers)) == len(numbers)
    assert {f"XD-{order_no}" for order_no, *_ in cases} <= set(numbers)


def test_a_network_that_is_not_led_takes_nothing_and_forgets_that_it_was_asked(
    make: Callable[..., Estate], hub_of: Any
) -> None:
    estate = make()
    with hub_of(estate) as hub:
        case = next(hub.fitting())
        for _ in range(2):
            answer = hub.release(*case)
            assert (answer.status_code, answer.json()["reason"]) == (409, "not_led")
        estate.lead()
        assert hub.release(*case).status_code == 201
        estate.lead(on=False)
        assert hub.release(*case, "later").json()["reason"] == "not_led"
        estate.advance()
        assert hub.told(case[0])["status"] == "released", "what was accepted is carried out"


SERVER = """
import sys
from pathlib import Path
from estate import Estate
with Estate.open(Path(sys.argv[1])).serve(throttle_every=0, fail_every=0) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_server_has_answered_is_carried_out_once(
    make: Callable[..., Estate], hub_of: Any
) -> None:
    estate = make(led=True)
    answered: dict[str, Any] = {}
    with hub_of(estate) as hub:
        cases = list(hub.fitting())
        for start in range(0, len(cases), 8):
            command = [sys.executable, "-c", SERVER, str(estate.home)]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            assert process.stdout is not None and process.stdin is not None
            there = type(hub)(estate, process.stdout.readline().strip())

            def ask(case: Any, there: Any = there) -> None:
                try:
                    answer = there.release(*case)
                except requests.RequestException:  # cut off, or cut short
                    return
                answered[case[0]] = answer.json()

            with ThreadPoolExecutor(4) as pool:
                asked = [pool.submit(ask, case) for case in cases[start : start + 8]]
                time.sleep(0.02)
                process.kill()
            assert all(one.exception() is None for one in asked)
            process.wait()
            process.stdin.close()
            process.stdout.close()
        kept = {case[0]: hub.told(case[0]) for case in cases}
        assert all(
            kept[order_no]["reference"] == a["reference"] for order_no, a in answered.items()
        )
        again = [hub.release(*case) for case in cases]
        assert {answer.status_code for answer in again} <= {200, 201}, [a.text for a in again]
    estate.advance()
    hubs = [r["order_no"] for r in estate.truth()["releases"] if r["asked_by"] == "hub"]
    gone = [r["order_no"] for r in estate.truth()["requests"] if r["status"] == "rejected"]
    assert sorted(hubs + gone) == sorted(case[0] for case in cases)
