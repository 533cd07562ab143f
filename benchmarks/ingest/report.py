"""A table for the terminal and, the same, for a README."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

BEGIN, END = "<!-- ingest: python -m benchmarks.ingest --write -->", "<!-- ingest: end -->"


@dataclass
class Report:
    """A titled table; columns after the first are set to the right when they hold figures."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Add a row, a cell a column."""
        self.rows.append(cells)

    def for_terminal(self) -> Table:
        """Return it for rich."""
        table = Table(title=self.title)
        for place, column in enumerate(self.columns):
            table.add_column(column, justify="right" if self._is_figures(place) else "left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def for_readme(self) -> str:
        """Return it in Markdown."""
        places = range(len(self.columns))
        rule = ["---:" if self._is_figures(place) else "---" for place in places]
        lines = [self.columns, rule, *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def _is_figures(self, place: int) -> bool:
        cells = [row[place] for row in self.rows if row[place]]
        return bool(cells) and all(re.fullmatch(r"[\d.,]+x?", cell) for cell in cells)


def write(readme: Path, note: str, reports: list[Report]) -> None:
    """Put the tables between the README's two marks, with a note of when and where before them.

    Raises ValueError when the marks are not there.
    """
    text = readme.read_text("utf-8")
    begin, end = text.find(BEGIN), text.find(END)
    if not 0 <= begin < end:
        raise ValueError(f"{readme} lacks the marks '{BEGIN}' and '{END}', in this order.")
    body = "\n\n".join([note, *(report.for_readme() for report in reports)])
    readme.write_text(f"{text[:begin]}{BEGIN}\n{body}\n{text[end:]}", "utf-8")
