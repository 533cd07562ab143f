"""What a source's contract says of its streams, for sources that have one."""

import os
from pathlib import Path

import contracts


def append_only(source: str) -> frozenset[str]:
    """Return the streams of a source whose contract says that rows are only ever added."""
    # Asked of the folder first: a third-party source has no contract, and that is no error.
    home = os.environ.get("CROSSDOCK_CONTRACTS") or Path(contracts.__file__).parent
    if not (Path(home) / "sources" / f"{source}.odcs.yaml").exists():
        return frozenset()
    tables = contracts.read(f"sources/{source}").tables
    return frozenset(table.name for table in tables if table.append_only)
