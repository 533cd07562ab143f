"""tap-x12 on files made here: all of it arrives, and what is wrong is told with its place."""

import os
from decimal import Decimal

import pytest
from click.testing import CliRunner

import contracts
from connectors.x12.tap import TapX12

# open_data_contract_standard reads its schema by a deprecated function:
# https://github.com/bitol-io/open-data-contract-standard/
pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")

ISA = "ISA*00*          *00*          *ZZ*THREEPL        *ZZ*HUB            *260302*2200*U*00401*"


def interchange(*sets, end="~", no="000000007", groups=1):
    """Write an interchange with one group; a set is (code, segments) or (code, segments, SE01)."""
    lines = [f"{ISA}{no}*0*P*>", "GS*SW*THREEPL*HUB*20260302*2200*7*X*004010"]
    for number, (code, body, *count) in enumerate(sets, start=1):
        claimed = count[0] if count else len(body) + 2
        lines += [f"ST*{code}*{number:04}", *body, f"SE*{claimed}*{number:04}"]
    lines += [f"GE*{len(sets)}*7", f"IEA*{groups}*{no}"]
    return "".join(line + end for line in lines)


ADVICE = [
    "W06*F*SO-1*20260302*SH-1**PO-1",
    "N1*WH*Atlanta*92*ATL",
    "G62*11*20260302*1*1830",
    "W27*M*UPSN*Ground",
    "LX*1",
    "MAN*GM*00106141411234567897",
    "N9*2I*1Z999",
    "W12*CC*5*4*1*EA**UK*00614141000012*L0001*2.5*G*L*****VN*AA-00042",
    "N9*LI*2",
    "LX*2",
    "MAN*GM*106141411234567880",
    "W12*CL*3*0**EA**VN*AA-00043",
]
STOCK = ["BIA*00*SI*R1*20260302*2200", "N1*WH**92*ATL", "LIN**UK*00614141000012*LT*L0001"]


@pytest.fixture
def config(tmp_path):
    (tmp_path / "drop").mkdir()
    return {"path": str(tmp_path / "drop"), "timezone": "UTC"}


@pytest.fixture
def drop(tmp_path, config):
    def write(name, text, encoding="utf-8"):
        path = tmp_path / "drop" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def codes(pulled):
    return [row["code"] for row in pulled.records["warnings"]]


def test_a_shipping_advice_gives_a_record_a_line(drop, config, pull):
    drop("945.edi", interchange(("945", ADVICE)))
    one, two = pull(TapX12, config).records["shipping_advice_945"]
    assert one["order_no"], one["shipment_no"] == ("SO-1", "SH-1")
    assert (one["sscc18"], two["sscc18"]) == ("106141411234567897", "106141411234567880")
    assert (one["tracking_no"], two["tracking_no"]) == ("1Z999", None)
    assert (one["order_line_no"], two["order_line_no"]) == (2, None)
    assert (one["qty_shipped"], two["qty_shipped"]) == (4, 0)
    assert one["product_ids"] == {"UK": "00614141000012", "VN": "AA-00042"}
    assert (one["gtin"], one["sku"]) == ("00614141000012", "AA-00042")
    assert (one["lot_code"], one["weight_g"]) == ("L0001", 1134)
    assert one["shipped_at"] == "2026-03-02T18:30:00+00:00"
    assert one["sent_at"] == "2026-03-02T22:00:00+00:00"
    assert (one["carrier_scac"], one["routing"], one["warehouse_id"]) == ("UPSN", "Ground", "ATL")
    assert [one["line_index"], two["line_index"]] == [1, 2]


def test_a_stock_report_gives_a_record_a_quantity(drop, config, pull):
    body = [*STOCK, "QTY*33*1234.5*EA", "QTY*QH*2", "LIN**VN*AA-1", "REF*LT*L9", "QTY*20*1*EA"]
    drop("846.edi", interchange(("846", body)))
    rows = pull(TapX12, config).records["inventory_846"]
    assert [(row["qty_qualifier"], row["qty"], row["lot_code"]) for row in rows] == [
        ("33", Decimal("1234.5"), "L0001"),
        ("QH", 2, "L0001"),
        ("20", 1, "L9"),
    ]
    assert rows[0]["report_at"] == "2026-03-02T22:00:00+00:00"


def test_a_receipt_counts_what_came_damaged(drop, config, pull):
    body = [
        "W17*F*20260302*R1*PO-1*S-1",
        "W07*10*EA**VN*AA-1*UK*123*L7",
        "W13*2*EA*01",
        "W13*1*EA*02",
    ]
    drop("944.edi", interchange(("944", [*body, "W07*5*EA**VN*AA-2"])))
    one, two = pull(TapX12, config).records["transfer_receipt_944"]
    assert (one["qty"], one["damaged_qty"], one["lot_code"]) == (10, 2, "L7")
    assert two["damaged_qty"] is None


def test_an_implied_decimal_is_exact(drop, config, pull):
    body = ["B3**I1*S1*PP**20260302*65940", "LX*1", "L1*1*0.07*PH*-301791", "L1*1***12.5"]
    drop("210.edi", interchange(("210", body)))
    one, two = pull(TapX12, config).records["freight_invoice_210"]
    assert (one["net_amount"], one["charge"]) == (Decimal("659.40"), Decimal("-3017.91"))
    assert two["charge"] == Decimal("12.5")


@pytest.mark.parametrize(
    ("end", "begin"),
    [
        ("~", ""),
        ("~\n", ""),
        ("\n", ""),
        ("\r\n", ""),
        ("|\n", ""),
        ("~\r\n", "\ufeff"),
        ("'", "\n\n "),
    ],
)
@pytest.mark.parametrize("cut", [True, False], ids=["last terminator missing", "whole"])
def test_any_terminator_is_read(drop, config, pull, end, begin, cut):
    text = (
        begin
        + interchange(("945", ADVICE), end=end)
        + interchange(("846", [*STOCK, "QTY*33*1"]), end=end)
    )
    drop("any.edi", text.rstrip(end) if cut else text)
    got = pull(TapX12, config)
    assert len(got.records["shipping_advice_945"]) == 2
    assert len(got.records["inventory_846"]) == 1
    assert [row["record_count"] for row in got.records["interchanges"]] == [2, 1]
    assert codes(got) == []


@pytest.mark.parametrize(
    ("spoil", "code", "rows"),
    [
        (lambda text: text.replace("SE*14", "SE*99"), "se_count", 2),
        (lambda text: text.replace("SE*14*0001", "SE*14*0002"), "se_control_no", 2),
        (lambda text: text.replace("SE*14*0001~", ""), "missing_se", 2),
        (lambda text: text.replace("GE*1*7", "GE*2*7"), "ge_count", 2),
        (lambda text: text.replace("GE*1*7", "GE*1*8"), "ge_control_no", 2),
        (lambda text: text.replace("GE*1*7~", ""), "missing_ge", 2),
        (lambda text: text.replace("IEA*1", "IEA*x"), "iea_count", 2),
        (lambda text: text.replace("IEA*1*000000007", "IEA*1*8"), "iea_control_no", 2),
        (lambda text: text[: text.index("IEA")], "missing_iea", 2),
        (lambda text: text.replace("GS*", "XX*").replace("GE*1*7~", ""), "missing_gs", 2),
        (lambda text: "From: partner\n" + text, "stray_data", 2),
        (
            lambda text: text.replace("ADVICE", "").replace("LX*2~", "LX*2\n"),
            "missing_terminator",
            2,
        ),
        (lambda text: text.replace("*945*", "*990*"), "unsupported_set", 0),
        (lambda text: text.replace("W12", "W99"), "empty_set", 0),
        (lambda text: text.replace("*SO-1*", "**"), "missing_element", 2),
        (lambda text: text.replace("*20260302*2200*7", "*20261302*2200*7"), "group_time", 2),
        (lambda text: text[: text.index("MAN*GM*1061") + 9], "truncated_set", 0),
        (lambda text: text.replace("ISA*", "ISB*"), "not_x12", 0),
        (lambda text: "", "", 0),
    ],
)
def test_what_is_wrong_is_told_and_costs_no_record_that_can_be_known(
    drop, config, pull, spoil, code, rows
):
    drop("bad.edi", spoil(interchange(("945", ADVICE))))
    got = pull(TapX12, config)
    assert len(got.records["shipping_advice_945"]) == rows
    assert (code in codes(got)) if code else not codes(got)


def test_a_warning_names_its_place_and_no_data(drop, config, pull):
    text = interchange(("945", ADVICE), ("846", [*STOCK, "QTY*33*1"], 99))
    drop("late.edi", text)
    (warning,) = pull(TapX12, config).records["warnings"]
    assert warning["file_name"] == "late.edi"
    assert (warning["set_index"], warning["set_code"], warning["set_no"]) == (2, "846", "0002")
    assert (warning["segment_tag"], warning["byte_offset"]) == ("SE", text.index("SE*99"))
    assert warning["message"] == "SE01 says 99, there are 6 segments"


def test_latin_1_loses_no_letter_and_is_told(drop, config, pull):
    body = ["W05*N*SO-1", "N1*ST*Møller", "LX*1", "W01*1*EA**VN*AA-1"]
    drop("940.edi", interchange(("940", body)), encoding="latin-1")
    got = pull(TapX12, config)
    assert got.records["shipping_order_940"][0]["ship_to_name"] == "Møller"
    assert codes(got) == ["not_utf8"]


def test_local_times_take_the_zone_of_the_partner(drop, config, pull):
    drop("945.edi", interchange(("945", ADVICE)))
    got = pull(TapX12, config | {"timezone": "America/New_York"})
    assert got.records["shipping_advice_945"][0]["shipped_at"] == "2026-03-02T23:30:00+00:00"


def test_files_read_before_are_not_read_again(drop, config, pull):
    drop("one.edi", interchange(("945", ADVICE)))
    first = pull(TapX12, config)
    drop("in/two.edi", interchange(("846", [*STOCK, "QTY*33*1"])))
    second = pull(TapX12, config, state=first.state)
    assert {row["file_name"] for rows in second.records.values() for row in rows} == {"in/two.edi"}
    assert not pull(TapX12, config, state=second.state).records


def test_the_same_bytes_under_another_name_are_one_file(drop, config, pull):
    drop("one.edi", interchange(("945", ADVICE)))
    drop("two.edi", interchange(("945", ADVICE)))
    first = pull(TapX12, config)
    assert len(first.records["interchanges"]) == 1
    drop("three.edi", interchange(("945", ADVICE)))
    assert not pull(TapX12, config, state=first.state).records


def test_a_file_rewritten_is_read_again(drop, config, pull):
    path = drop("one.edi", interchange(("945", ADVICE)))
    first = pull(TapX12, config)
    drop("one.edi", interchange(("945", ADVICE), no="000000008"))
    os.utime(path, ns=(1, 1))
    got = pull(TapX12, config, state=first.state)
    assert [row["interchange_no"] for row in got.records["interchanges"]] == ["000000008"]


def test_state_forgets_files_that_are_gone(drop, config, pull):
    path = drop("one.edi", interchange(("945", ADVICE)))
    first = pull(TapX12, config)
    path.unlink()
    drop("two.edi", interchange(("846", [*STOCK, "QTY*33*1"])))
    second = pull(TapX12, config, state=first.state)
    assert list(second.state["bookmarks"]["files"]["read"]) == ["two.edi"]


def test_unfinished_files_are_left(drop, config, pull):
    for name in ("a.tmp", "b.edi.part", ".hidden"):
        drop(name, interchange(("945", ADVICE)))
    assert not pull(TapX12, config).records
    drop("fresh.edi", interchange(("945", ADVICE)))
    assert not pull(TapX12, config | {"settle_seconds": 3600}).records


def test_files_count_as_read_once_every_stream_is_through(drop, config):
    drop("one.edi", interchange(("945", ADVICE)))
    tap = TapX12(config=config)
    *others, last = tap.streams.values()
    for stream in others:
        list(stream.get_records(None))
    assert "files" not in tap.state["bookmarks"]
    list(last.get_records(None))
    assert list(tap.state["bookmarks"]["files"]["read"]) == ["one.edi"]


def test_every_stream_has_all_columns_of_its_contract(drop, config, pull):
    drop("945.edi", interchange(("945", ADVICE), ("990", ["B1*X"])))
    got = pull(TapX12, config)
    for table in contracts.read("sources/threepl").tables:
        assert got.keys[table.name] == list(table.primary_key)
        for row in got.records[table.name]:
            assert list(row) == [column.name for column in table.columns]


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ('{"path": "/nowhere/at/all", "timezone": "UTC"}', "there is no folder"),
        ('{"path": "."}', "needs the setting 'timezone'"),
        ('{"path": ".", "timezone": "Nowhere/City"}', "no IANA time zone"),
        ('{"path": ".", "timezone": "UTC", "contract": "erp"}', "tap-x12 reads only"),
    ],
)
def test_a_bad_setting_ends_in_one_line(tmp_path, caplog, config, says):
    (tmp_path / "config.json").write_text(config)
    result = CliRunner().invoke(TapX12.cli, ["--config", str(tmp_path / "config.json")])
    assert result.exit_code == 1
    assert says in caplog.text
    assert "Traceback" not in caplog.text + result.output
