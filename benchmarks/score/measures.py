"""Measures of a unified network against its truth, as counts that can be added up."""

from collections import Counter
from decimal import Decimal
from typing import Any

import duckdb

from estate import Estate

# From below this an answer says of itself that it is a guess.
TRUSTED = Decimal("0.5")
Place = tuple[str, str]

_ANSWERS = """
    SELECT n.node_code, p.sku, coalesce(i.qty, 0), r.confidence, r.class, r.channel_class,
        [r.node_qty, r.ledger_qty, r.erp_qty, r.erp_qty + r.explained_in_flight]
    FROM lake.canonical.recon_inventory AS r
    JOIN lake.canonical.node AS n USING (node_uid)
    JOIN lake.canonical.product AS p USING (product_uid)
    LEFT JOIN (
        SELECT node_uid, product_uid, sum(qty) AS qty FROM lake.canonical.inventory GROUP BY ALL
    ) AS i USING (node_uid, product_uid)"""
# What one would read from a single system, articles by the codes that it shares with the ERP.
_ALONE = {
    "erp": "SELECT warehouse_code, sku, sum(on_hand_qty) FROM lake.erp.stock GROUP BY ALL",
    "wms": """
        SELECT s.facility_code, p.sku, sum(s.qty) FROM lake.wms.stock AS s
        JOIN lake.wms.items AS i USING (item_id)
        JOIN lake.erp.product_packs AS p ON p.gtin14 = i.gtin14 GROUP BY ALL""",
}


def measure(estate: Estate, con: duckdb.DuckDBPyConnection) -> Counter[str]:
    """Count what is right and wrong in a unified network; `con` reads its lake."""
    truth = estate.truth()
    counts: Counter[str] = Counter()
    _stock(truth, con, counts)
    _identity(truth, con, counts)
    _packages(truth, con, counts)
    return counts


def _stock(
    truth: dict[str, list[dict[str, Any]]], con: duckdb.DuckDBPyConnection, counts: Counter[str]
) -> None:
    on_hand: Counter[Place] = Counter()
    for row in truth["stock"]:
        on_hand[row["node_code"], row["sku"]] += row["qty"]
    answers = {(row[0], row[1]): row[2:] for row in con.execute(_ANSWERS).fetchall()}
    # What no system can know of: counted, and not held against anybody.
    phantom = {(row["node_code"], row["sku"]) for row in truth["phantom_stock"]}
    counts["phantom"] += len(phantom)
    for place in (on_hand.keys() | answers.keys()) - phantom:
        true = on_hand[place]
        qty, confidence, _, _, told = answers.get(place, (Decimal(0), None, None, None, []))
        is_right, is_known = qty == true, true in told
        counts["places"] += 1
        counts["places_known"] += is_known
        counts["right_where_known"] += is_known and is_right
        counts["right_of_all"] += is_right
        counts["wrong"] += not is_right
        counts["wrong_but_trusted"] += not is_right and (
            confidence is None or confidence >= TRUSTED
        )
        counts["guesses"] += confidence is not None and confidence < TRUSTED
    for system, question in _ALONE.items():
        alone = {(node, sku): qty for node, sku, qty in con.execute(question).fetchall()}
        counts[f"{system}_alone_right"] += sum(
            alone.get(place, Decimal(0)) == on_hand[place]
            for place in on_hand.keys() | alone.keys()
        )
        counts[f"{system}_alone_places"] += len(on_hand.keys() | alone.keys())
    for row in truth["discrepancies"]:
        answer = answers.get((row["node_code"], row["sku"]))
        found = None if answer is None else answer[3 if row["system"] == "shop" else 2]
        counts["discrepancies"] += 1
        counts["discrepancies_seen"] += found not in (None, "agreed", "in_flight", "single_source")
        counts["discrepancies_right"] += found == row["class"]
        if found != row["class"]:
            counts[f"class {row['class']} taken for {found}"] += 1


def _identity(
    truth: dict[str, list[dict[str, Any]]], con: duckdb.DuckDBPyConnection, counts: Counter[str]
) -> None:
    meant = {(row["system"], row["source_key"]): row["sku"] for row in truth["articles"]}
    rows = con.execute("""
        SELECT x.source_system, x.source_key, p.sku, x.doubt IS NOT NULL
        FROM lake.canonical.xref_product AS x JOIN lake.canonical.product AS p USING (product_uid)
    """).fetchall()
    found = {(system, key): (sku, doubt) for system, key, sku, doubt in rows}
    asked = con.execute("""
        SELECT source_system, source_key FROM lake.canonical.steward_task
        WHERE kind IN ('unknown_article', 'codes_disagree', 'name_disagrees')""").fetchall()
    for claim, sku in meant.items():
        mapped, is_doubted = found.get(claim, (None, False))
        counts["articles"] += 1
        counts["articles_matched"] += mapped is not None and not is_doubted
        counts["articles_right"] += mapped == sku and not is_doubted
        counts["articles_asked"] += claim in set(asked)


def _packages(
    truth: dict[str, list[dict[str, Any]]], con: duckdb.DuckDBPyConnection, counts: Counter[str]
) -> None:
    names = ("sscc18", "tracking_no", "status", "status_at", "delivered_at")
    # A parcel of which no source has told yet cannot have a state.
    told = con.execute("""
        SELECT sscc18 FROM lake.wms.packages
        UNION SELECT right(sscc18, 18) FROM lake.threepl.shipping_advice_945""").fetchall()
    expected = {
        tuple(row[name] for name in names) for row in truth["packages"] if (row["sscc18"],) in told
    }
    rows = con.execute(f"SELECT {', '.join(names)} FROM lake.canonical.package").fetchall()  # noqa: S608
    counts["packages"] += len(expected)
    counts["packages_right"] += len(expected & set(rows))
