"""The ledger on a terminal: loads, and of one load its streams, batches and files."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from orchestration.cli.fitting import Column, fit
from orchestration.cli.wording import at, printable, size
from warehouse import names
from warehouse.accounts import Batch, Counts, File, Run, Stream

_ORDER = ("emitted", "loaded", "quarantined", "inserted", "updated", "duplicate", "superseded")
_RANKS = {"inserted": 2, "updated": 3, "duplicate": 5, "superseded": 6}


def runs(listed: Sequence[Run], states: Mapping[str, str], width: int) -> tuple[Table, list[str]]:
    """Return a load a row; states: of each load, how it ended (`accounts.states`)."""
    what = [
        f"{run.source}, {at(run.committed_at)}, {states[run.load_id]}\n{run.load_id}"
        for run in listed
    ]
    columns = [
        Column("load, last commit (UTC)", what, is_number=False),
        Column("streams", [f"{run.streams:,}" for run in listed], rank=8),
        *_counts(listed),
    ]
    return fit(columns, width, _styles(listed))


def streams(listed: Sequence[Stream], known: set[str], width: int) -> tuple[Table, list[str]]:
    """Return a stream a row."""
    said = [printable(names.shown(row.stream, known)) or "none said" for row in listed]
    return fit([Column("stream", said, is_number=False), *_counts(listed)], width, _styles(listed))


def batches(listed: Sequence[Batch], width: int) -> tuple[Table, list[str]]:
    """Return a batch a row; it is told by when it was committed and by its lines."""
    lines = [
        f"{row.first_line:,} - {row.last_line:,}" if row.last_line is not None else ""
        for row in listed
    ]
    columns = [
        Column(
            "committed (UTC)", [at(row.committed_at, to_second=True) for row in listed], 0, False
        ),
        Column("lines", lines),
        Column("streams", [f"{row.streams:,}" for row in listed], rank=8),
        *_counts(listed),
    ]
    return fit(columns, width, _styles(listed))


def files(listed: Sequence[File], width: int) -> tuple[Table, list[str]]:
    """Return a file a row, with the SHA-256 that it had when it was written."""
    columns = [
        Column("file, SHA-256", [f"{file.path}\n{file.sha256}" for file in listed], 0, False),
        Column("size", [size(file.bytes) for file in listed]),
    ]
    return fit(columns, width)


def as_json(row: Counts | File, **more: Any) -> dict[str, Any]:
    """Return a row of the ledger for machines: numbers as numbers, times in ISO 8601."""
    said = {name: getattr(row, name) for name in row.__dataclass_fields__}
    if isinstance(row, Counts):
        said |= {"seconds": float(row.seconds), "remainder": row.remainder}
    return said | more


def _counts(listed: Sequence[Counts]) -> list[Column]:
    columns = [
        Column(name, [f"{getattr(row, name):,}" for row in listed], _RANKS.get(name, 0))
        for name in _ORDER
    ]
    columns += [
        Column("deleted", [f"{row.deleted:,}" for row in listed], rank=7),
        Column("size", [size(row.bytes) for row in listed], rank=4),
        Column("seconds", [f"{row.seconds:,.1f}" for row in listed], rank=1),
    ]
    if any(row.remainder for row in listed):
        columns.append(Column("remainder", [f"{row.remainder:,}" for row in listed]))
    return columns


def _styles(listed: Sequence[Counts]) -> list[str]:
    return ["bold red" if row.remainder else "" for row in listed]
