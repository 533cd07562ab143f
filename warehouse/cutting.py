"""Copy the catalog of a lake for readers, with what they may see and nothing else."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from warehouse import catalog_copy, durably
from warehouse.errors import ReleaseError
from warehouse.lake import Lake

VISIBLE = frozenset({"canonical"})


def cut(lake: Lake, folder: Path) -> dict[str, Any]:
    """Write `catalog.sqlite` into a folder; return what it holds, for the release's account.

    No data is moved: the copy refers to the lake's files. Raises ReleaseError where there is no
    canonical table, or a file of one is missing.
    """
    catalog = folder / "catalog.sqlite"
    lake.catalog.copy(catalog, VISIBLE)
    account: dict[str, Any] = {
        "snapshot_id": catalog_copy.content_snapshot(catalog, VISIBLE),
        "content": catalog_copy.content_mark(catalog, VISIBLE),
        "tables": catalog_copy.keep_only(catalog, lake.paths.data, VISIBLE),
    }
    if not account["tables"]:
        raise ReleaseError(
            "The lake has no canonical table to release. Run `crossdock unify` first."
        )
    if gone := catalog_copy.missing(catalog, lake.paths.data):
        raise ReleaseError(
            f"The candidate is not whole: {len(gone)} of its files are missing, such as "
            f"{gone[0]}. Run `crossdock unify` and `crossdock check` again."
        )
    catalog.chmod(0o444)
    durably.sync(catalog)
    return account | {"catalog_sha256": sha256(catalog.read_bytes()).hexdigest()}
