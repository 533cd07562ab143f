"""A search for ways past the masks: a secret planted anywhere in messages that nobody foresaw."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse import masking
from warehouse.held import Unit
from warehouse.landing.strict_json import dump

CONTRACT = Path(__file__).with_name("shop.odcs.yaml")
# No part of any harmless text below.
PLANTED = "jane.roe@example.com"
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
) | st.text("abc ÿ\u202e\ud800", max_size=6)
NAMES = st.sampled_from(
    ["email", "name", "Email", "NAME", "eMail ", "email2", "", PLANTED, f"x {PLANTED}", "\ud800"]
) | st.sampled_from(["record", "stream", "type", "time_extracted", "version", "_sdc_deleted_at"])
# Whatever stands as a text in one of these is the column's own, by the contract: not personal.
DECLARED = st.sampled_from(["customer_id", "status", "points", "seen_at", "tags"])


def dressed(secret: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return values that hold the secret somewhere below other names, lists or texts."""
    return st.recursive(
        secret | PLAIN,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(st.tuples(NAMES, inner), max_size=3).map(dict)
            | st.dictionaries(NAMES, inner, max_size=2).map(json.dumps)
        ),
        max_leaves=5,
    )


SECRET = st.sampled_from([PLANTED, [PLANTED], {"email": PLANTED}, f'{{"a": "{PLANTED}"}}'])
PAIRS = st.one_of(
    st.tuples(NAMES, dressed(SECRET)),
    # In a column that is not personal only what is nested may hide something.
    st.tuples(DECLARED, st.sampled_from([{"Email": PLANTED}, {"name": [{"x": PLANTED}]}])),
    st.tuples(st.sampled_from(["points", "seen_at"]), SECRET),
    st.tuples(DECLARED, PLAIN),
)


def written(pairs: list[tuple[str, Any]]) -> str:
    """Write pairs as a JSON object, repeated keys as well."""
    return "{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs) + "}"


@pytest.fixture(scope="module", autouse=True)
def contract(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("contracts")
    (folder / "sources").mkdir()
    (folder / "sources" / "shop.odcs.yaml").write_bytes(CONTRACT.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSDOCK_CONTRACTS", str(folder))
        yield


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PAIRS, max_size=6), st.lists(st.tuples(NAMES, dressed(SECRET)), max_size=2))
def test_a_planted_secret_never_shows(
    record: list[tuple[str, Any]], envelope: list[tuple[str, Any]]
) -> None:
    whole = [("type", "RECORD"), ("stream", "customers")]
    line = written([*whole, *envelope])[:-1] + ',"record":' + written(record) + "}"
    unit = Unit(
        *("load-digest-1", "0123456789", "load", "load-digest", "shop", "customers", 1, 0),
        *("type_mismatch", "", None, len(line), None, datetime(2026, 3, 1, tzinfo=UTC)),
        *(None, None, line.encode()),
    )
    content = masking.Masks().content(unit)
    if content.message is not None:
        assert PLANTED not in dump(content.message)
    if PLANTED in line:
        assert not content.is_whole
