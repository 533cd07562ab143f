"""How DuckDB will carry the models out: what a small world hides and a large one does not."""

import json
from typing import Any

import pytest

from contracts.compiled import models

pytestmark = pytest.mark.filterwarnings(
    # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
    "ignore:open_text is deprecated:DeprecationWarning"
)


def test_no_model_compares_every_row_with_every_other(hub: Any) -> None:
    """`on a.kind = 'x' and a.key = b.key` of a left join is one: 200 s for 700,000 rows.

    Mend it: give `b` the constant as a column, or `a` a key that is null where it must not meet.
    """
    manifest = json.loads((hub.home / "dbt" / "manifest.json").read_text("utf-8"))
    found = []
    with hub.lake.connect(read_only=True) as con:
        con.execute(f"ATTACH '{hub.home / 'workbench.duckdb'}' AS workbench (READ_ONLY)")
        for model in models(manifest):
            plan = con.execute(f"EXPLAIN {model.sql}").fetchall()[0][1]
            if "BLOCKWISE_NL_JOIN" in plan:
                found.append(model.relation)
    assert found == []
