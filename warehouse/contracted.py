"""What a source's contract says of its streams, for sources that have one."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import contracts

if TYPE_CHECKING:
    from contracts import Contract


def read(source: str) -> "Contract | None":
    """Return a source's contract, or None: a third-party source has none, and that is no error."""
    home = os.environ.get("CROSSDOCK_CONTRACTS") or Path(contracts.__file__).parent
    if not (Path(home) / "sources" / f"{source}.odcs.yaml").exists():
        return None
    return contracts.read(f"sources/{source}")


def append_only(source: str) -> frozenset[str]:
    """Return the streams of a source whose contract says that rows are only ever added."""
    contract = read(source)
    tables = contract.tables if contract else ()
    return frozenset(table.name for table in tables if table.append_only)
