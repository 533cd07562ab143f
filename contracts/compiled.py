"""The compiled models of a dbt project, as its manifest tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from contracts.errors import ContractError
from contracts.model import Contract

# What the target adds to every table it loads, beside the columns of the contract.
LOADED: Mapping[str, str] = {
    "_sdc_extracted_at": "TIMESTAMPTZ",
    "_sdc_received_at": "TIMESTAMPTZ",
    "_sdc_batched_at": "TIMESTAMPTZ",
    "_sdc_deleted_at": "TIMESTAMPTZ",
    "_sdc_sequence": "BIGINT",
    "_sdc_table_version": "BIGINT",
    "_load_id": "VARCHAR",
}

# What the macro `source` adds where rows may be held apart: of which a rule, not a model, decides.
HELD_APART = re.compile(r"/\* held apart \*/.*?/\* \*/", re.DOTALL)


@dataclass(frozen=True)
class Model:
    """A model: the relation it makes (``canonical.product``), its SQL, what it is built upon.

    The catalog is the database that the relation is in; None is the one of the sources.
    """

    relation: str
    sql: str
    upstream: frozenset[str]
    catalog: str | None = None


def models(manifest: Mapping[str, Any]) -> tuple[Model, ...]:
    """Return a manifest's models in building order, ephemeral ones left out (they are inlined).

    Raises ``ContractError`` if a model was not compiled: `dbt compile` or `dbt build` does it.
    """
    nodes = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    }
    if bare := sorted(node["name"] for node in nodes.values() if not node.get("compiled_code")):
        raise ContractError(f"Models are not compiled: {', '.join(bare)}. Run `dbt compile`.")
    order = TopologicalSorter({key: _upstream(manifest, key) & set(nodes) for key in nodes})
    try:
        listed = list(order.static_order())
    except CycleError as error:
        raise ContractError(f"Models depend on each other in a circle: {error.args[1]}.") from None
    return tuple(
        Model(
            _relation(nodes[key]),
            HELD_APART.sub("", nodes[key]["compiled_code"]),
            frozenset(
                _relation(manifest["nodes"].get(up) or manifest["sources"][up])
                for up in _upstream(manifest, key)
            ),
            nodes[key].get("database"),
        )
        for key in listed
    )


def landed(contracts: Sequence[Contract]) -> dict[str, dict[str, str]]:
    """Return the raw tables that source contracts promise: dataset -> column -> DuckDB type."""
    return {
        contract.dataset(table.name): {c.name: c.physical_type for c in table.columns}
        | dict(LOADED)
        for contract in contracts
        for table in contract.tables
    }


def _upstream(manifest: Mapping[str, Any], key: str) -> set[str]:
    """Return what a model reads, looking through ephemeral models."""
    found: set[str] = set()
    for up in manifest["nodes"][key]["depends_on"]["nodes"]:
        node = manifest["nodes"].get(up)
        if up in manifest["sources"]:
            found.add(up)
        elif node and node["config"].get("materialized") == "ephemeral":
            found |= _upstream(manifest, up)
        elif node and node["resource_type"] in ("model", "seed", "snapshot"):
            found.add(up)
    return found


def _relation(node: Mapping[str, Any]) -> str:
    return f"{node['schema']}.{node.get('alias') or node.get('identifier') or node['name']}"
