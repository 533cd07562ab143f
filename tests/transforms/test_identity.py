"""Who is who: the tiers, a steward's word, merged articles, and what a person is asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

SAID = {
    "entity": "product", "reason": "looked", "said_by": "s", "said_at": "2026-03-11T10:00:00Z",
}  # fmt: skip
WORDS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "steward.words": [
        {
            **SAID, "word_id": "w1", "verb": "map", "source_system": "wms", "source_key": "599",
            "target": "AA-00002",
        },
        {
            **SAID, "word_id": "w2", "verb": "merge", "source_system": "erp",
            "source_key": "AA-00003", "target": "AA-00001",
        },
    ]
}  # fmt: skip
MORE: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "erp.products": [
        {
            "sku": "AA-00003", "name": "Old kettle", "gtin13": "4006381333931", "base_uom": "EA",
            "lifecycle": "active", "currency": "USD", "unit_cost": 12,
            "updated_at": "2026-03-02T08:00:00Z",
        },
    ],
    "shop.listings": [
        {
            "listing_id": number, "sku": sku, "barcode": barcode, "title": title,
            "status": "active", "updated_at": "2026-03-02T08:00:00Z",
        }
        for number, sku, barcode, title in (
            (1, "sku: aa 00002", None, "Lamp"),
            (2, "SHOP-1", "4 006381 333948", "lamp"),
            (3, "SHOP-2", None, "A lamp"),
            (4, "SHOP-3", "4006381333949", "Nothing like it"),
        )
    ],
}  # fmt: skip
BUILT = "+xref_product +merge_log +steward_task +product"


@pytest.fixture(scope="module")
def build(
    tmp_path_factory: pytest.TempPathFactory, world: dict[str, Any], new_hub: Callable[..., Any]
) -> Iterator[Any]:
    """A hub over the small world and more of it; each call loads rows and builds."""
    own = new_hub(tmp_path_factory.mktemp("identity"))
    own.load(world)

    def build(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Any:
        own.load(rows)
        own.dbt("run", "--select", BUILT)
        return own

    yield build


def meanings(hub: Any) -> dict[tuple[str, str], tuple[str, str]]:
    """Which SKU each source's name means, and by which tier."""
    return {
        (system, key): (sku, method)
        for system, key, sku, method in hub.rows(
            "SELECT x.source_system, x.source_key, sku, method FROM canonical.xref_product AS x "
            "JOIN canonical.product USING (product_uid)"
        )
    }


def asked(hub: Any) -> dict[tuple[str, str, str], str | None]:
    """The open tasks about articles, and what they propose."""
    return {
        (kind, system, key): proposal
        for kind, system, key, proposal in hub.rows(
            "SELECT kind, source_system, source_key, proposal FROM canonical.steward_task "
            "WHERE entity = 'product'"
        )
    }


@pytest.mark.slow
def test_a_stewards_words_decide_and_undone_they_decide_no_more(build: Any) -> None:
    hub = build(MORE)
    before = meanings(hub)
    assert before["shop", "1"] == ("AA-00002", "normalised")
    assert before["shop", "2"] == ("AA-00002", "gtin")
    # Two articles bear this GTIN: it names neither, and the kettle's other names are left.
    assert ("wms", "501") not in before
    assert before["threepl", "|AA-00001"] == ("AA-00001", "exact")
    questions = asked(hub)
    assert questions["duplicate_product", "erp", "AA-00003"] == "AA-00001"
    assert {("unknown_article", "wms", "599"), ("unknown_article", "shop", "4")} <= set(questions)

    hub = build(WORDS)
    merged = meanings(hub)
    assert merged["wms", "599"] == ("AA-00002", "steward")
    assert merged["erp", "AA-00003"] == ("AA-00001", "exact")
    assert merged["wms", "501"] == ("AA-00001", "gtin")
    assert hub.rows("SELECT sku FROM canonical.product ORDER BY 1") == [
        ("AA-00001",),
        ("AA-00002",),
    ]
    (kept,) = hub.rows("SELECT product_uid FROM canonical.product WHERE sku = 'AA-00001'")
    assert hub.rows("SELECT surviving_uid, undone_at FROM canonical.merge_log") == [(*kept, None)]
    assert not {key for key in asked(hub) if key[1:] in {("wms", "599"), ("erp", "AA-00003")}}

    undone = [
        {**word, "undone_by": "s", "undone_at": "2026-03-11T12:00:00Z"}
        for word in WORDS["steward.words"]
    ]
    hub = build({"steward.words": undone})
    assert meanings(hub) == before
    assert asked(hub) == questions
    ((when,),) = hub.rows("SELECT undone_at FROM canonical.merge_log")
    assert when == datetime(2026, 3, 11, 12, tzinfo=UTC)
