"""Refuse to begin a new catalog beside data that only a lost one can describe."""

from pathlib import Path

from warehouse.errors import LakeError


def refuse_orphaned(data: Path, catalog: str) -> None:
    """Raise LakeError when `data` holds files although its catalog is missing."""
    if any(data.rglob("*.parquet")):
        raise LakeError(
            f"The catalog {catalog} is missing, but {data} holds data that only it can describe. "
            "Restore the catalog from a backup (`crossdock restore FOLDER`) or, without one, the "
            "canonical tables from the newest release (`crossdock restore --from-release`); or "
            "move the data away to begin an empty lake."
        )
