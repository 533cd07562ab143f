"""Nodes, services and partners under a source's own names: asked about, mapped, the same truth."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

# What the sources call otherwise than the ERP does, by column; the 3PL goes by the node's GLN.
RENAMED: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "wms": {"facility_code": {"RNO": "FAC-1"}, "service": {"Priority": "PRIO MAIL"}},
    "threepl": {
        "warehouse_id": {"ATL": "4000001000012", "RNO": "rno"},
        "ship_to_id": {"ATL": "4000001000012"},
        "ship_from_id": {"S-1": "SUPPLIER ONE"},
    },
}
ASKED = {
    ("unknown_node", "wms", "FAC-1"): "RNO",
    ("unknown_service", "wms", "USPS/PRIO MAIL"): "USPS/Priority",
    ("unknown_party", "threepl", "SUPPLIER ONE"): "S-1",
}
ENTITIES = {
    "unknown_node": "node",
    "unknown_service": "carrier_service",
    "unknown_party": "party",
}
# What is derived from a source's own names, and so is another where these are.
NAMED = {
    "record_hash", "source_key", "service", "movement_uid", "inbound_uid", "location_uid",
    "count_uid", "receipt_line_uid", "doc_uid", "approved_by",
}  # fmt: skip
OF_NAMES = {
    "xref_node", "xref_service", "xref_party", "xref_location", "storage_location", "orphan",
}  # fmt: skip


def facts(hub: Any) -> dict[str, list[tuple[str, ...]]]:
    """Every canonical row, without what its source calls it."""
    found = {}
    tables = hub.rows(
        "SELECT table_name, list(column_name ORDER BY column_name) "
        "FROM information_schema.columns WHERE table_catalog = 'lake' "
        "AND table_schema = 'canonical' GROUP BY table_name"
    )
    for table, columns in tables:
        if table in OF_NAMES:
            continue
        kept = [column for column in columns if column not in NAMED]
        rows = hub.rows(f"SELECT {', '.join(kept)} FROM canonical.{table}")
        found[table] = sorted(tuple(map(str, row)) for row in rows)
    return found


def renamed(world: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The same rows under the sources' own names."""
    return {
        table: [
            {
                column: RENAMED.get(table.split(".")[0], {}).get(column, {}).get(value, value)
                if isinstance(value, str)
                else value
                for column, value in row.items()
            }
            for row in rows
        ]
        for table, rows in world.items()
    }


@pytest.mark.slow
def test_other_names_for_nodes_services_and_partners_are_asked_about_and_change_no_fact(
    tmp_path: Path, hub: Any, new_hub: Callable[..., Any], world: dict[str, Any]
) -> None:
    other = new_hub(tmp_path / "home")
    other.load(renamed(world))
    other.dbt("run")
    tasks = {
        (kind, system, key): (uid, rows)
        for kind, system, key, uid, rows in other.rows(
            "SELECT kind, source_system, source_key, task_uid, rows_affected "
            "FROM canonical.steward_task"
        )
        if kind in ENTITIES
    }
    assert set(tasks) == set(ASKED)  # a GLN and another spelling are nobody's business
    waiting = dict(other.rows("SELECT task_uid, count(*) FROM canonical.orphan GROUP BY 1"))
    facility = tasks["unknown_node", "wms", "FAC-1"]
    assert waiting[facility[0]] == facility[1] > 10
    assert not other.rows("FROM canonical.inventory_position WHERE source_system = 'wms'")

    other.load(
        {
            "steward.words": [
                {
                    "word_id": kind, "entity": ENTITIES[kind], "verb": "map", "reason": "asked",
                    "said_by": "s", "said_at": "2026-03-11T10:00:00Z", "source_system": system,
                    "source_key": key, "target": target,
                }
                for (kind, system, key), target in ASKED.items()
            ]
        }
    )  # fmt: skip
    other.dbt("run")
    mine, theirs = facts(other), facts(hub)
    assert {table: rows for table, rows in mine.items() if rows != theirs[table]} == {}
    methods = "SELECT source_system, source_key, method FROM canonical.xref_node"
    assert {("wms", "FAC-1", "steward"), ("threepl", "4000001000012", "gln")} <= set(
        other.rows(methods)
    )
