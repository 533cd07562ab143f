"""The table that is judged: order lines, sound or with nearly every rule broken by some rows."""

import duckdb

from contracts import Contract

NEWEST = "2026-03-11 20:00:00+00"
EVERY = 1000  # one row in so many breaks a rule, another one each rule
_SOUND = """
    SELECT
        i % $every AS place,
        printf('L-%09d', i) AS line_uid,
        4000000000000 + i * 7919 % 100000007 AS barcode,
        i // 4 AS order_no,
        i % 4 + 1 AS line_no,
        printf('SKU-%05d', drawn(i, 'sku', 5000)) AS sku,
        1 + drawn(i, 'qty', 20) AS qty,
        ((100 + drawn(i, 'price', 90000)) / 100)::DECIMAL(18,2) AS price,
        drawn(i, 'discount', 50) AS discount,
        50 + drawn(i, 'weight', 20000) AS weight_g,
        ['US', 'CA', 'MX', 'DE'][1 + drawn(i, 'country', 4)] AS country,
        'gift ' || drawn(i, 'note', 1000) AS note,
        printf('1Z%010d', drawn(i, 'tracking', 10000000000)) AS tracking,
        CASE WHEN drawn(i, 'status', 20) = 0 THEN 'cancelled' ELSE 'shipped' END AS status,
        'web' AS channel,
        'buyer' || drawn(i, 'buyer', 100000) || '@example.org' AS buyer,
        $newest::TIMESTAMPTZ - to_seconds(i % 100000) AS changed_at
    FROM range($rows) AS t(i)"""
# Two that are alike come from one that is a place or an order further.
_BROKEN = """
    SELECT * REPLACE (
        CASE place WHEN 1 THEN lag(line_uid) OVER file ELSE line_uid END AS line_uid,
        CASE place WHEN 3 THEN lag(barcode) OVER file ELSE barcode END AS barcode,
        CASE place WHEN 5 THEN lag(line_no) OVER file WHEN 6 THEN 0 ELSE line_no END AS line_no,
        CASE place WHEN 7 THEN 'SKU-none' ELSE sku END AS sku,
        CASE place WHEN 8 THEN 0 ELSE qty END AS qty,
        CASE place WHEN 9 THEN 5001 ELSE price END AS price,
        CASE place WHEN 10 THEN 91 ELSE discount END AS discount,
        CASE place WHEN 11 THEN 30000 ELSE weight_g END AS weight_g,
        CASE place WHEN 12 THEN 'X' ELSE country END AS country,
        CASE place WHEN 13 THEN repeat('long ', 9) ELSE note END AS note,
        CASE place WHEN 14 THEN 'lost' ELSE tracking END AS tracking,
        CASE WHEN place = 15 THEN 'unknown' WHEN place > 400 THEN 'cancelled' ELSE status END
            AS status,
        CASE place WHEN 16 THEN 'n/a' WHEN 17 THEN NULL ELSE channel END AS channel,
        CASE place WHEN 18 THEN NULL ELSE buyer END AS buyer,
        CASE place WHEN 19 THEN NULL ELSE changed_at - INTERVAL 1 DAY END AS changed_at
    )
    FROM sound WINDOW file AS (ORDER BY order_no, line_no)"""


def fill(con: duckdb.DuckDBPyConnection, contract: Contract, rows: int, *, is_broken: bool) -> None:
    """Make the contract's tables anew in catalog `lake`, with so many lines and 5,000 articles."""
    con.execute("CREATE SCHEMA IF NOT EXISTS lake.sales")
    for table in contract.tables:
        columns = ", ".join(
            f"{c.name} {c.physical_type}{' NOT NULL' if c.primary_key else ''}"
            for c in table.columns
        )
        con.execute(f"CREATE OR REPLACE TABLE lake.sales.{table.name} ({columns})")
    con.execute(
        "CREATE OR REPLACE TEMP MACRO drawn(i, what, below) AS (hash(i, what) % below)::BIGINT"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE sound AS {_SOUND}",
        {"rows": rows, "every": EVERY, "newest": NEWEST},
    )
    drawn = _BROKEN if is_broken else "FROM sound"
    con.execute(
        "INSERT INTO lake.sales.lines BY NAME SELECT * EXCLUDE (place), "  # noqa: S608 - constants
        f"qty * price + if(place = 20 AND {is_broken}, 1, 0) AS total FROM ({drawn})"
    )
    con.execute(
        "INSERT INTO lake.sales.articles SELECT printf('SKU-%05d', i) FROM range(5000) AS t(i)"
    )
    con.execute("DROP TABLE sound")
