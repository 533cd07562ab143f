"""From a canonical column to the source fields behind it, by the models as dbt compiled them."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from contracts import Contract, CrossdockError
from orchestration.hub import Hub

if TYPE_CHECKING:
    from contracts.lineage import Fields, Lineage
    from contracts.reach import Reach


def lineage(hub: Hub) -> "Lineage":
    """Return the column lineage of the models as they were last compiled.

    Raises ``CrossdockError`` where none was compiled yet.
    """
    return _lineage(*_manifest(hub))


def reach(hub: Hub) -> "Reach":
    """Return what could make columns wrong, by the models as they were last compiled.

    Raises ``CrossdockError`` where none was compiled yet.
    """
    return _reach(*_manifest(hub))


def reach_before(hub: Hub, sources: Sequence[Contract]) -> "Reach":
    """Return the same for models that were compiled over other contracts of the sources."""
    from contracts.reach import Reach

    manifest, _ = _manifest(hub)
    return Reach.from_manifest(json.loads(manifest.read_text("utf-8")), sources)


def _manifest(hub: Hub) -> tuple[Path, int]:
    """Return dbt's manifest and when it was written."""
    manifest = hub.settings.dbt_target / "manifest.json"
    if not manifest.exists():
        raise CrossdockError(
            "No model is compiled yet, so there is nothing to trace. Run `crossdock unify`."
        )
    return manifest, manifest.stat().st_mtime_ns


@cache
def _lineage(manifest: Path, _mtime_ns: int) -> "Lineage":
    """Read once as long as the file stays as it is: it takes 0.3 s."""
    from contracts.lineage import Lineage  # another 0.3 s, for sqlglot

    return Lineage.from_manifest(json.loads(manifest.read_text("utf-8")))


@cache
def _reach(manifest: Path, _mtime_ns: int) -> "Reach":
    """Read once as long as the file stays as it is, as its models are traced on demand."""
    from contracts.reach import Reach

    return Reach.from_manifest(json.loads(manifest.read_text("utf-8")))


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
