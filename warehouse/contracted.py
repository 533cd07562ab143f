"""What a source's contract says of its streams, for sources that have one."""

from contracts import read, read_all


def append_only(source: str) -> frozenset[str]:
    """Return the streams of a source whose contract says that rows are only ever added."""
    if source not in {contract.name for contract in read_all("sources")}:
        return frozenset()
    tables = read(f"sources/{source}").tables
    return frozenset(table.name for table in tables if table.append_only)
