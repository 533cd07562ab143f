"""From a column that broke a rule to the source fields behind it."""

import json

from contracts.lineage import Lineage
from orchestration.hub import Hub


def source_fields(hub: Hub, dataset: str, column: str | None) -> str:
    """Return the source fields of a column, for a person; unknown lineage is said, not guessed."""
    schema, table = dataset.split(".", 1)
    if column is None:
        return f"{dataset} (the whole table)"
    if schema != "canonical":
        return f"{dataset}.{column}"
    manifest = hub.settings.dbt_target / "manifest.json"
    if not manifest.exists():
        return "unknown (no dbt manifest: run `crossdock unify`)"
    found = Lineage.from_manifest(json.loads(manifest.read_text())).sources_of(table, column)
    return ", ".join(sorted(found)) if found else "unknown (the lineage could not be traced)"
