"""A 940 that our own reader and the partner's both understand, and that sending again keeps."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import contracts
from connectors.x12.client import Arrival
from connectors.x12.documents import Documents
from estate.x12_reading import read_orders
from orchestration.acting import x12_940
from orchestration.acting.systems import X12


def action(**changes: Any) -> dict[str, Any]:
    payload = {
        "shipment_no": "XD0123456789AB", "order_no": "SO-0000001", "node_code": "ATL",
        "carrier": "FedEx", "service": "FEDEX_GROUND",
        "lines": [
            {"line_no": 2, "sku": "SKU-1", "qty": "3"}, {"line_no": 1, "sku": "S 2", "qty": "1"},
        ],
    } | changes  # fmt: skip
    return {
        "verb": "release_shipment", "payload": json.dumps(payload), "file_no": 7,
        "as_of": datetime(2026, 3, 12, 22, tzinfo=UTC),
    }  # fmt: skip


@pytest.fixture
def way(tmp_path: Path) -> X12:
    return X12(folder=tmp_path, sender="CROSSDOCK", receiver="ATL3PL", scac={"FedEx": "FDEG"})


def test_our_reader_finds_what_was_asked_for(way: X12) -> None:
    tables = {table.name: table for table in contracts.read("sources/threepl").tables}
    arrival = Arrival("outbound/x.edi", "0", x12_940.compose(action(), way))
    rows = list(Documents(tables, ZoneInfo("UTC")).rows(arrival))
    assert [name for name, _ in rows if name == "warnings"] == []
    lines = [row for name, row in rows if name == "shipping_order_940"]
    assert [(row["sku"], str(row["qty"]), row["order_line_no"]) for row in lines] == [
        ("SKU-1", "3", 2),
        ("S 2", "1", 1),
    ]
    assert {(row["order_no"], row["shipment_no"], row["carrier_scac"]) for row in lines} == {
        ("SO-0000001", "XD0123456789AB", "FDEG")
    }


def test_the_partner_s_reader_finds_the_same(way: X12) -> None:
    (request,) = read_orders("k", "x.edi", x12_940.compose(action(), way))
    assert request.flaw is None
    assert request.shipment_no == "XD0123456789AB"


def test_sending_again_changes_nothing_and_leaves_no_part(way: X12) -> None:
    first = x12_940.send(action(), way)
    (path,) = way.folder.iterdir()
    before = path.read_bytes()
    assert x12_940.send(action(), way) == first
    assert [*way.folder.iterdir()] == [path]
    assert path.read_bytes() == before
    assert (first.outcome, first.reference) == ("accepted", "940_20260312_2200_XD000000007.edi")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"carrier": "DHL"}, "carrier_without_scac"),
        ({"order_no": "SO*1"}, "not_writable"),
        ({"order_no": "Ørsted"}, "not_writable"),
        ({"lines": [{"line_no": 1, "sku": "S", "qty": "1.5"}]}, "quantity_not_whole"),
    ],
)
def test_what_a_940_cannot_say_is_refused(way: X12, changes: dict[str, Any], reason: str) -> None:
    answer = x12_940.send(action(**changes), way)
    assert (answer.outcome, answer.reason) == ("refused", reason)
    assert [*way.folder.iterdir()] == []


def test_a_folder_that_cannot_be_written_is_tried_again(way: X12) -> None:
    away = way.model_copy(update={"folder": way.folder / "none"})
    answer = x12_940.send(action(), away)
    assert (answer.outcome, answer.reason) == (
        "again",
        "the folder cannot be written (No such file or directory)",
    )
