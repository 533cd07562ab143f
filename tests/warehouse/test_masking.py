"""What anyone may see of a unit: never a personal value, however it is dressed up."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from warehouse import masking
from warehouse.held import Unit
from warehouse.landing.reasons import REASONS
from warehouse.landing.strict_json import dump
from warehouse.mends import MENDS

EMAIL = "jane.roe@example.com"
NAME = "Jane Roe"
GOOD = {"customer_id": "C-1", "email": EMAIL, "name": NAME, "points": 7, "status": "open"}
CONTRACT = Path(__file__).with_name("shop.odcs.yaml")


@pytest.fixture(autouse=True)
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sources").mkdir()
    path = tmp_path / "sources" / "shop.odcs.yaml"
    path.write_bytes(CONTRACT.read_bytes())
    monkeypatch.setenv("CROSSDOCK_CONTRACTS", str(tmp_path))
    return path


def held(raw: bytes | str, *, source: str = "shop", stream: str = "customers", **more: Any) -> Unit:
    line = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    about: dict[str, Any] = {
        "quarantine_id": "load-digest-1",
        "short": "0123456789",
        "load_id": "load",
        "batch_id": "load-digest",
        "line": 1,
        "byte_offset": 0,
        "reason": "type_mismatch",
        "detail": "column 'points': string, not integer",
        "key": None,
        "size": len(line),
        "overflow": None,
        "arrived_at": datetime(2026, 3, 1, tzinfo=UTC),
        "healed_at": None,
        "healed_by": None,
    }
    return Unit(**{**about, "source": source, "stream": stream, "raw": line, **more})


def message(record: str | dict[str, Any], stream: str = "customers", more: str = "") -> str:
    written = record if isinstance(record, str) else json.dumps(record, ensure_ascii=False)
    return f'{{"type": "RECORD", "stream": "{stream}", "record": {written}{more}}}'


def shown(unit: Unit) -> str:
    content = masking.Masks().content(unit)
    return dump(content.message) if content.message is not None else content.why


def test_what_the_contract_does_not_classify_is_shown_and_what_it_does_is_masked() -> None:
    text = shown(held(message(GOOD)))
    assert '"customer_id":"C-1"' in text and '"points":7' in text and '"status":"open"' in text
    assert '"email":"<string: restricted>"' in text and '"name":"<string: confidential>"' in text


def test_a_null_says_that_there_is_nothing_to_hide() -> None:
    assert '"email":null' in shown(held(message({**GOOD, "email": None})))


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({**GOOD, "Email": EMAIL}, id="another case"),
        pytest.param({**GOOD, "e-mail": EMAIL}, id="a name that the contract lacks"),
        pytest.param({**GOOD, EMAIL: 1}, id="data as a key"),
        pytest.param({**GOOD, "status": {"email": EMAIL}}, id="nested where a text belongs"),
        pytest.param({**GOOD, "status": [EMAIL]}, id="listed where a text belongs"),
        pytest.param({**GOOD, "status": json.dumps({"email": EMAIL})}, id="JSON in a text"),
        pytest.param({**GOOD, "tags": {"a": [{"EMAIL": EMAIL}]}}, id="deep in a JSON column"),
        pytest.param({**GOOD, "tags": {"a": json.dumps([EMAIL])}}, id="JSON in JSON"),
        pytest.param({**GOOD, "tags": {EMAIL: 1}}, id="a key in a JSON column"),
        pytest.param({**GOOD, "points": EMAIL}, id="in a column of numbers"),
        pytest.param({**GOOD, "seen_at": EMAIL}, id="in a column of times"),
        pytest.param({**GOOD, "status": f"asked by {EMAIL.upper()}"}, id="again in a free text"),
        pytest.param({**GOOD, "email": {"at": EMAIL}}, id="nested in its own column"),
        pytest.param('{"status": "open", "status": ["' + EMAIL + '"]}', id="a repeated key"),
        pytest.param('{"email": "x", "email": "' + EMAIL + '"}', id="a repeated personal key"),
        pytest.param('{"\\u0065mail": "' + EMAIL + '"}', id="an escaped key"),
        pytest.param('"' + EMAIL + '"', id="a record that is no object"),
        pytest.param('["' + EMAIL + '"]', id="a record that is a list"),
    ],
)
def test_a_personal_value_is_masked_wherever_it_stands(record: str | dict[str, Any]) -> None:
    unit = held(message(record))
    assert "example" not in shown(unit).casefold()
    assert not masking.Masks().content(unit).is_whole


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(message(GOOD)[:-5], id="cut"),
        pytest.param(f"INFO sent to {EMAIL}", id="a log line"),
        pytest.param(f'"{EMAIL}"', id="a text"),
        pytest.param(f'["{EMAIL}"]', id="a list"),
        pytest.param(message(GOOD).encode() + b"\xff", id="no UTF-8"),
        pytest.param(message(GOOD).replace("7", "NaN"), id="not a number"),
        pytest.param("[" * 3000 + EMAIL, id="too deep"),
        pytest.param(message(GOOD, "orders"), id="a record of another stream"),
        pytest.param(message(GOOD).replace("RECORD", "STATE"), id="a STATE"),
        pytest.param(message(GOOD, more=f', "record": "{EMAIL}"'), id="two records"),
        pytest.param(message(GOOD, more=f', "stream": "{EMAIL}"'), id="two streams"),
        pytest.param(message(GOOD, more=f', "time_extracted": "{EMAIL}"'), id="in the envelope"),
        pytest.param(message(GOOD, more=f', "note": "{EMAIL}"'), id="beside the record"),
        pytest.param(message(GOOD, more=f', "{EMAIL}": 1'), id="a key beside the record"),
    ],
)
def test_a_line_that_cannot_be_judged_shows_nothing_of_it(raw: bytes | str) -> None:
    unit = held(raw)
    assert EMAIL not in shown(unit) and NAME not in shown(unit)
    assert not masking.Masks().content(unit).is_whole


def test_without_a_contract_or_its_stream_nothing_is_shown(contract: Path) -> None:
    line = message({"id": 1}, "deals")
    assert "no contract sources/crm" in shown(held(line, source="crm", stream="deals"))
    assert "does not have its stream" in shown(held(line, stream="deals"))
    contract.write_text("no: contract")
    assert "cannot be read" in shown(held(message(GOOD)))


def test_the_head_of_a_line_over_the_limit_is_not_shown() -> None:
    assert "only its head" in shown(held(message(GOOD), overflow="ab" * 32))


def test_where_no_column_is_personal_a_bad_value_is_shown_and_the_line_is_whole() -> None:
    unit = held(message({"sku": "A", "qty": "12 pcs"}, "stock"), stream="stock")
    assert '"qty":"12 pcs"' in shown(unit)
    assert masking.Masks().content(unit).is_whole
    assert (
        not masking.Masks()
        .content(held(message({"sku": "A", "email": EMAIL}, "stock"), stream="stock"))
        .is_whole
    )


def test_a_detail_names_columns_and_hides_names_that_may_be_data() -> None:
    assert masking.detail("the schema lacks 'loyalty_tier'") == "the schema lacks 'loyalty_tier'"
    assert masking.detail(f"the schema lacks '{EMAIL}' and 2 more") == (
        "the schema lacks <a name> and 2 more"
    )
    odd = 'it\'s "Jane"'
    assert "Jane" not in masking.detail(f"the schema lacks {odd!r}")
    assert masking.detail("Expecting ',' delimiter at character 120").count("','") == 1


def test_each_reason_has_its_mend() -> None:
    assert MENDS.keys() == REASONS
