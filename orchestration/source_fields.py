"""From a canonical column to the source fields behind it, as dbt compiled the models."""

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from contracts import CrossdockError
from orchestration.hub import Hub

if TYPE_CHECKING:
    from contracts.lineage import Fields, Lineage


def lineage(hub: Hub) -> "Lineage":
    """Return the column lineage of the models as they were last compiled.

    Raises ``CrossdockError`` where none was compiled yet.
    """
    manifest = hub.settings.dbt_target / "manifest.json"
    if not manifest.exists():
        raise CrossdockError(
            "No model is compiled yet, so there is nothing to trace. Run `crossdock unify`."
        )
    return _read(manifest, manifest.stat().st_mtime_ns)


@cache
def _read(manifest: Path, _mtime_ns: int) -> "Lineage":
    """Read once as long as the file stays as it is: it takes 0.3 s."""
    from contracts.lineage import Lineage  # another 0.3 s, for sqlglot

    return Lineage.from_manifest(json.loads(manifest.read_text("utf-8")))


def source_fields(hub: Hub, dataset: str, column: str | None) -> str:
    """Return the source fields of a column, for a person; unknown lineage is said, not guessed."""
    schema, table = dataset.split(".", 1)
    if column is None:
        return f"{dataset} (the whole table)"
    if schema != "canonical":
        return f"{dataset}.{column}"
    try:
        return said(lineage(hub).sources_of(table, column))
    except CrossdockError as error:
        return f"unknown ({error})"


def said(fields: "Fields | None") -> str:
    """Word what `Lineage.sources_of` found."""
    if fields is None:
        return "unknown (the lineage could not be traced)"
    return ", ".join(sorted(fields)) or "none (a constant, a count, or nothing tells it yet)"
