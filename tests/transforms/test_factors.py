"""Two packs of one article under one unit and with different contents: nobody's word is taken."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

pytestmark = [
    pytest.mark.slow,  # two runs of dbt
    pytest.mark.filterwarnings(
        # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
        "ignore:open_text is deprecated:DeprecationWarning"
    ),
]

AT = "2026-03-02T08:00:00Z"
PACK = {
    "sku": "AA-00003", "pack_level": "case", "gtin14": "24006381333935", "qty_num": 24,
    "qty_den": 1, "updated_at": AT,
}  # fmt: skip
MERGED: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "erp.products": [
        {
            "sku": "AA-00003", "name": "Old kettle", "base_uom": "EA", "lifecycle": "active",
            "currency": "USD", "unit_cost": 12, "updated_at": AT,
        },
    ],
    "erp.product_packs": [PACK],
    "steward.words": [
        {
            "word_id": "w", "entity": "product", "verb": "merge", "source_system": "erp",
            "source_key": "AA-00003", "target": "AA-00001", "reason": "looked", "said_by": "s",
            "said_at": "2026-03-11T10:00:00Z",
        }
    ],
}  # fmt: skip
BUILT = "+sales_order +sales_order_line +purchase_order_line +product_pack +xref_uom "
BUILT += "+steward_task +orphan"
PACKS = "SELECT pack_level, qty_num FROM canonical.product_pack JOIN canonical.product "
PACKS += "USING (product_uid) WHERE sku = 'AA-00001' ORDER BY 1"
LINES = "SELECT order_no, line_no, ordered_qty FROM canonical.sales_order_line "
LINES += "JOIN canonical.sales_order USING (order_uid) WHERE order_no <> 'SO-4' ORDER BY 1, 2"
ASKED = "SELECT source_key, evidence, rows_affected FROM canonical.steward_task "
ASKED += "WHERE kind = 'factor_conflict'"
WAITING = "SELECT stream, source_key FROM canonical.orphan WHERE reason = 'factor_conflict' "
WAITING += "ORDER BY 1, 2"


def test_rows_in_a_unit_of_two_contents_wait_until_one_is_mended(
    tmp_path_factory: pytest.TempPathFactory, world: dict[str, Any], new_hub: Callable[..., Any]
) -> None:
    hub = new_hub(tmp_path_factory.mktemp("factors"))
    hub.load({**world, "steward.words": MERGED["steward.words"]})
    hub.load({name: rows for name, rows in MERGED.items() if name.startswith("erp.")})
    hub.dbt("run", "--select", BUILT)
    # SO-1's first line and three purchase orders are in cases; what is in eaches goes on.
    assert hub.rows(LINES) == [("SO-1", 2, Decimal(5)), ("SO-2", 1, Decimal(10))]
    assert hub.rows("SELECT count(*) FROM canonical.purchase_order_line") == [(0,)]
    waiting = hub.rows(WAITING)
    assert {("sales_order_lines", "SO-1/1"), ("purchase_order_lines", "PO-1/1")} <= set(waiting)
    assert hub.rows(PACKS) == [("each", 1)], "neither content is told as the truth"
    assert hub.rows(ASKED) == [
        ("AA-00001/CA", "erp AA-00001/case says 12; erp AA-00003/case says 24", len(waiting))
    ]
    assert hub.rows("FROM canonical.orphan ANTI JOIN canonical.steward_task USING (task_uid)") == []

    hub.load({"erp.product_packs": [{**PACK, "qty_num": 12}]})
    hub.dbt("run", "--select", BUILT)
    assert hub.rows(LINES)[0] == ("SO-1", 1, Decimal(24))
    assert hub.rows(PACKS) == [("case", 12), ("each", 1)]
    assert (hub.rows(ASKED), hub.rows(WAITING)) == ([], [])
