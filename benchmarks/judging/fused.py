"""The same rules by hand: one scan of the table, as one would write it for this table alone."""

from typing import Any

import duckdb

# Counting distinct values finds as many as occur twice here, where none occurs three times.
_SCAN = """
    SELECT
        count(line_uid) - count(DISTINCT line_uid) AS "lines.primary_key",
        count(barcode) - count(DISTINCT barcode) AS "barcode.unique",
        count(*) - count(DISTINCT (order_no, line_no)) AS "lines.once",
        count(*) FILTER (WHERE changed_at IS NULL) AS "changed_at.required",
        count(*) FILTER (WHERE line_no < 1) AS "line_no.minimum",
        count(*) FILTER (WHERE lines.sku IS NOT NULL AND articles.sku IS NULL) AS "sku.references",
        count(*) FILTER (WHERE qty <= 0) AS "qty.exclusiveMinimum",
        count(*) FILTER (WHERE price > 5000) AS "price.maximum",
        count(*) FILTER (WHERE weight_g >= 30000) AS "weight_g.exclusiveMaximum",
        count(*) FILTER (WHERE length(country) < 2) AS "country.minLength",
        count(*) FILTER (WHERE length(note) > 40) AS "note.maxLength",
        count(*) FILTER (WHERE NOT regexp_matches(tracking, '^1Z[0-9A-Z]{10}$'))
            AS "tracking.pattern",
        count(*) FILTER (WHERE abs(total - qty * price) > 0.01) AS "lines.total_is_qty_times_price",
        count(*) FILTER (WHERE discount NOT BETWEEN 0 AND 90) AS "lines.discount_range",
        count(*) FILTER (WHERE status NOT IN ('open', 'picked', 'shipped', 'cancelled'))
            AS "status.status_known",
        count(*) FILTER (WHERE channel IS NULL OR channel IN ('n/a', '')) AS "channel.channel_told",
        count(*) FILTER (WHERE buyer IS NULL) AS "buyer.buyer_told",
        count(*) AS "lines.rowCount",
        avg((status = 'cancelled')::INTEGER) AS "lines.cancelled_share",
        epoch($now::TIMESTAMPTZ - max(changed_at)) AS "changed_at.freshness"
    FROM lake.sales.lines LEFT JOIN lake.sales.articles USING (sku)"""


def count(con: duckdb.DuckDBPyConnection, now: str) -> dict[str, Any]:
    """Return what breaks each rule, by the rule's id; a number for the three that are numbers."""
    (row,) = con.execute(_SCAN, {"now": now}).fetchall()
    return dict(zip([column[0] for column in con.description], row, strict=True))
