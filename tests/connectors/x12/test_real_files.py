"""tap-x12 on files of other projects, whole and spoiled: records or warnings, no traceback."""

import json
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import contracts
from connectors.x12.client import Arrival
from connectors.x12.documents import Documents
from connectors.x12.tap import TapX12

# open_data_contract_standard reads its schema by a deprecated function:
# https://github.com/bitol-io/open-data-contract-standard/
pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def documents():
    tables = {table.name: table for table in contracts.read("sources/threepl").tables}
    return Documents(tables, ZoneInfo("America/New_York"))


def test_every_file_gives_records_or_a_warning_with_its_place(shared, pull):
    folder = shared / "edi-x12"
    got = pull(TapX12, {"path": str(folder), "timezone": "America/New_York"})
    by_file = {}
    for stream, rows in got.records.items():
        for row in rows:
            by_file.setdefault(row["file_name"], Counter())[stream] += 1
    assert set(by_file) == {path.name for path in folder.iterdir()}
    for name, counts in by_file.items():
        assert set(counts) - {"interchanges"}, name
    for warning in got.records["warnings"]:
        assert warning["byte_offset"] >= 0
        assert warning["code"]
    assert by_file["MultipleInterchangesAndGroups.edi"]["interchanges"] == 2
    assert by_file["856.Crossdock.OK.edi"]["ship_notice_856"] == 5
    assert by_file["x12.850.issue135.edi"]["order_850"] == 21
    assert by_file["NonEdi.edi"] == {"warnings": 1}


def lines_of(text, tag):
    return sum(line.strip().startswith(tag) for line in text.splitlines())


@pytest.mark.parametrize(
    ("name", "tag", "stream"),
    [
        ("850.OK.edi", "PO1*", "order_850"),
        ("x12.850.issue135.edi", "PO1*", "order_850"),
        ("x12.850a.edi", "PO1*", "order_850"),
        ("940.OK.edi", "W01*", "shipping_order_940"),
        ("AckTest.edi", "W01*", "shipping_order_940"),
        ("856.Crossdock.OK.edi", "SN1*", "ship_notice_856"),
        ("204-MGCTLYST-SAMPLE.EDI", "S5*", "load_tender_204"),
    ],
)
def test_every_line_of_a_real_file_is_a_record(shared, documents, name, tag, stream):
    data = (shared / "edi-x12" / name).read_bytes()
    rows = Counter(stream for stream, _ in documents.rows(Arrival(name, "0" * 64, data)))
    assert rows[stream] == lines_of(data.decode(), tag)


def test_real_lines_have_their_pack_and_order(shared, documents):
    data = (shared / "edi-x12" / "856.Crossdock.OK.edi").read_bytes()
    rows = [
        row
        for stream, row in documents.rows(Arrival("a", "0" * 64, data))
        if stream != "interchanges"
    ]
    assert rows[0]["sscc18"] == "000715670002152360"
    assert rows[0]["po_no"] == "POREF00"
    assert len({row["sscc18"] for row in rows}) > 1


@pytest.mark.parametrize("name", ["edifact.01.edi", "edifact.ORDRSP.edi", "tradacoms.order9.edi"])
def test_other_formats_are_a_warning(shared, documents, name):
    data = (shared / "edi-edifact" / name).read_bytes()
    ((stream, row),) = documents.rows(Arrival(name, "0" * 64, data))
    assert (stream, row["code"]) == ("warnings", "not_x12")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_spoiled_files_never_raise_and_always_leave_a_trace(shared, documents, data):
    files = sorted((shared / "edi-x12").iterdir())
    whole = bytearray(data.draw(st.sampled_from(files)).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole)))
        match data.draw(st.sampled_from(["cut", "drop", "flip", "put", "repeat"])):
            case "cut":
                del whole[at:]
            case "drop":
                del whole[at : at + data.draw(st.integers(1, 40))]
            case "flip" if at < len(whole):
                whole[at] = data.draw(st.integers(0, 255))
            case "put":
                whole[at:at] = data.draw(st.binary(max_size=6))
            case "repeat":
                whole[at:at] = whole[: data.draw(st.integers(0, 200))]
    rows = list(documents.rows(Arrival("spoiled", "0" * 64, bytes(whole))))
    assert rows or not bytes(whole).strip(b" \t\r\n\x00\x1a\xef\xbb\xbf\xa0\xc2")
    json.dumps(rows, default=str)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200).map(lambda tail: b"ISA*00*" + tail) | st.binary(max_size=300))
def test_any_bytes_are_read_without_raising(documents, data):
    list(documents.rows(Arrival("any", "0" * 64, data)))
