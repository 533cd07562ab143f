"""Units of the quarantine on a terminal: counted, listed, one whole."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from rich.table import Table
from rich.text import Text

from orchestration.cli import json_view
from orchestration.cli.fitting import Column, fit
from orchestration.cli.wording import at, lasting, printable, size
from warehouse import masking, names
from warehouse.held import Group, Unit
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.strict_json import parse
from warehouse.mends import mend
from warehouse.quarantine import DISMISSED

SHOWN_LINES = 200
SHOWN_BYTES = 20_000
CUT = "\n… this is its beginning; `crossdock quarantine export` gives all of it."
Known = Mapping[str, set[str]]


def groups(counted: Sequence[Group], known: Known, width: int) -> Table:
    """Return the counts by source, stream and reason; those that are claimed only, in one row."""
    columns = [
        Column("source", [group.source for group in counted], is_number=False),
        Column("stream", [_stream(group, known) for group in counted], is_number=False),
        Column("reason", [group.reason for group in counted], is_number=False),
        Column("open", [f"{group.open:,}" for group in counted]),
        Column("healed", [f"{group.healed:,}" for group in counted], rank=3),
        Column("newest (UTC)", [at(group.newest) for group in counted], 1, is_number=False),
        Column("oldest (UTC)", [at(group.oldest) for group in counted], 2, is_number=False),
    ]
    if not any(group.healed for group in counted):
        columns = [column for column in columns if column.name != "healed"]
    return fit(columns, width)[0]


def listed(units: Sequence[Unit], known: Known, width: int) -> Table:
    """Return a unit a row: its short id, where it came from, why it is held."""
    columns = [
        Column("id, arrived (UTC)", [f"{u.short}\n{at(u.arrived_at)}" for u in units], 0, False),
        Column("line", [f"{unit.line:,}" for unit in units]),
        Column("stream", [f"{unit.source}\n{_stream(unit, known)}" for unit in units], 0, False),
        Column("why", ["\n".join(_why(unit)) for unit in units], 0, False),
    ]
    return fit(columns, width)[0]


def facts(unit: Unit, known: Known, whole_bytes: int | None) -> Table:
    """Return everything about a unit but its content.

    whole_bytes: of the file that keeps a line over the limit; None where it is gone.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, said in _facts(unit, known, whole_bytes):
        table.add_row(name, Text(printable(said)))
    return table


def content(unit: Unit, *, is_revealed: bool) -> tuple[str, Text]:
    """Return a note, and what may be shown of a unit's line (or all), indented where it is JSON."""
    if is_revealed:
        return "", Text(_revealed(unit))
    shown = masking.Masks().content(unit)
    if shown.message is None:
        note = f"Its content is not shown: {shown.why}. `--reveal` shows it, and records who did."
        return note, Text("")
    note = "Masked by its contract; `--reveal` shows all of it, and records who did."
    return "" if shown.is_whole else note, Text(_cut(json_view.lines(shown.message)))


def _revealed(unit: Unit) -> str:
    try:
        return _cut(json_view.lines(parse(unit.raw, max_depth=masking.MAX_DEPTH)))
    except (HeldBackError, ValueError, RecursionError):
        text = unit.raw[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
        return printable(text) + (CUT if len(unit.raw) > SHOWN_BYTES else "")


def _cut(shown: Iterator[str]) -> str:
    text = "\n".join(islice(shown, SHOWN_LINES))
    is_long = next(shown, None) is not None or len(text) > SHOWN_BYTES
    return text[:SHOWN_BYTES] + (CUT if is_long else "")


def _facts(unit: Unit, known: Known, whole_bytes: int | None) -> Iterator[tuple[str, str]]:
    yield "unit", f"{unit.short} ({unit.quarantine_id})"
    yield "source", unit.source
    yield "stream", _stream(unit, known)
    yield "reason", f"{unit.reason}: {masking.detail(unit.detail)}"
    yield "line", f"{unit.line:,}, from byte {unit.byte_offset:,} of the load"
    yield "load", unit.load_id
    yield "arrived", f"{at(unit.arrived_at, to_second=True)} UTC"
    if unit.healed_at is None:
        yield "state", f"held for {lasting(unit.held_for)}"
    else:
        yield "state", _closed(unit, unit.healed_at)
    yield "size", size(unit.size) if unit.overflow is None else f"the first {size(unit.size)} here"
    if unit.overflow is not None:
        kept = "its file is gone" if whole_bytes is None else size(whole_bytes)
        yield "whole", f"{kept}, SHA-256 {unit.overflow}; `export --raw` gives it"
    yield "mend", mend(unit.reason)


def _why(unit: Unit) -> Iterator[str]:
    yield unit.reason
    yield printable(masking.detail(unit.detail))
    if unit.healed_at is not None:
        word = "dismissed" if _dismissed(unit) else "healed"
        yield f"{word} {at(unit.healed_at)} after {lasting(unit.held_for)}"


def _dismissed(unit: Unit) -> str | None:
    """Return why a person closed a unit; None of one that a load healed."""
    by = unit.healed_by or ""
    return by.removeprefix(DISMISSED) if by.startswith(DISMISSED) else None


def _closed(unit: Unit, when: datetime) -> str:
    moment, after = f"{at(when, to_second=True)} UTC", f"after {lasting(unit.held_for)}"
    if (why := _dismissed(unit)) is not None:
        return f"dismissed {moment}, {after}: {printable(why)}"
    return f"healed {moment} by load {unit.healed_by}, {after}"


def _stream(of: Unit | Group, known: Known) -> str:
    return printable(names.shown(of.stream, known.get(of.source, set()))) or "-"
