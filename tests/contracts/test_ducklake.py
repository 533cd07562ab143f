"""Types, NOT NULL and rules are judged on the lake itself as they are in memory."""

from datetime import UTC, datetime
from pathlib import Path

import contracts
from warehouse.lake import Lake


def test_a_ducklake_table_is_judged_like_any_other(tmp_path: Path) -> None:
    carrier = contracts.read("sources/carrier")
    with Lake(tmp_path).create().connect() as con:
        con.execute("CREATE SCHEMA lake.carrier")
        for table in carrier.tables:
            columns = ", ".join(
                f"{c.name} {c.physical_type}{' NOT NULL' if c.required else ''}"
                for c in table.columns
            )
            con.execute(f"CREATE TABLE lake.carrier.{table.name} ({columns})")
        con.execute(
            "INSERT INTO lake.carrier.trackers BY NAME "
            "SELECT 'trk_1' AS id, 'T1' AS tracking_code, "
            "'lost_in_space' AS status, 'USPS' AS carrier, '[]'::JSON AS tracking_details, "
            "TIMESTAMPTZ '2026-03-11 20:00:00Z' AS created_at, created_at AS updated_at"
        )
        verdicts = contracts.judge(con, [carrier], now=datetime(2026, 3, 11, 22, tzinfo=UTC))
    broken = [v for v in verdicts if v.status != "passed"]
    assert [(v.dataset, v.column, v.failing) for v in broken] == [("carrier.trackers", "status", 1)]
    assert broken[0].sample == ("id=trk_1, status=lost_in_space",)
