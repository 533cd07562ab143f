"""What two runs decided otherwise, as a table."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.console import Group
from rich.table import Table

from orchestration.cli.fitting import Column, fit
from orchestration.what_if import Compared

_SHOWN = 12


def shown(compared: Compared, names: tuple[str, str], width: int) -> Group:
    """Return a comparison: cost by part, who may act, why, and the first that differ."""
    both = compared.comparison
    totals = Table(box=None, header_style="bold")
    totals.add_column("")
    for name in (*names, "difference"):
        totals.add_column(name, justify="right")
    _add(totals, both.costs)
    if both.costs:
        sums = [sum((pair[i] for pair in both.costs.values()), Decimal(0)) for i in (0, 1)]
        _add(totals, {"all costs": (sums[0], sums[1])})
    _add(totals, both.autonomy)
    _add(totals, both.reasons)
    head = (
        f"[bold]{compared.release_id}[/]: {len(both.changed)} of {both.subjects} decisions differ"
    )
    parts: list[Any] = [head, totals]
    if both.changed:
        first = both.changed[:_SHOWN]
        columns = [
            Column("subject", [one.subject for one in first], is_number=False),
            Column(names[0], [one.before for one in first], 1, is_number=False),
            Column(names[1], [one.after for one in first], is_number=False),
            Column("cost", [_amount(one.cost_before) for one in first], 3),
            Column("cost then", [_amount(one.cost_after) for one in first], 3),
            Column("regret", [_amount(one.regret) for one in first], 2),
        ]
        parts.append(fit(columns, width)[0])
        if len(both.changed) > len(first):
            parts.append(f"And {len(both.changed) - len(first)} more.")
    return Group(*parts)


def _add(table: Table, pairs: Mapping[str, tuple[Any, Any]]) -> None:
    for name, (before, after) in pairs.items():
        cells = [_amount(value) for value in (before, after, after - before)]
        table.add_row(name, *cells, style=None if before == after else "yellow")


def _amount(value: Decimal | int | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
