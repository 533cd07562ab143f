"""Tables that keep their most telling columns on a narrow screen."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

GAP = 2


@dataclass(frozen=True)
class Column:
    """A column of plain texts; the lower its rank, the longer it stays, and 0 always does."""

    name: str
    cells: Sequence[str]
    rank: int = 0
    is_number: bool = True

    @property
    def width(self) -> int:
        """Characters that its widest line needs."""
        lines = [line for text in (self.name, *self.cells) for line in text.splitlines()]
        return max(map(cell_len, lines), default=0)


def fit(
    columns: Sequence[Column], width: int, styles: Sequence[str] = ()
) -> tuple[Table, list[str]]:
    """Return a table of the columns that fit, in their order, and the names of those left out.

    styles: one a row, where any is told apart.
    """
    kept: set[str] = set()
    left = width + GAP
    for column in sorted(columns, key=lambda column: column.rank):
        left -= column.width + GAP
        if left < 0 and column.rank > 0:
            break
        kept.add(column.name)
    shown = [column for column in columns if column.name in kept]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for column in shown:
        table.add_column(
            column.name,
            justify="right" if column.is_number else "left",
            overflow="fold",
            no_wrap=column.is_number,
        )
    for number, row in enumerate(zip(*(column.cells for column in shown), strict=True)):
        table.add_row(*map(Text, row), style=styles[number] if styles else None)
    return table, [column.name for column in columns if column.name not in kept]
