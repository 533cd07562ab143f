"""Tell a person what was decided and why the others lost."""

import json
from decimal import Decimal

from rich.console import Group
from rich.table import Table
from rich.text import Text

from decisions.errors import DecisionError
from decisions.record import RunResult


def explain(result: RunResult, subject: str) -> Group:
    """The decision on one subject (its uid or its number) for a terminal: rich renderable.

    Raises DecisionError if the run decided nothing of it.
    """
    decisions = result.decision.to_pylist()
    found = next((d for d in decisions if subject in (d["subject_uid"], d["subject_label"])), None)
    if found is None:
        some = ", ".join(str(d["subject_label"]) for d in decisions[:5]) or "nothing"
        raise DecisionError(
            f"Run {result.header.run_uid} decided nothing of '{subject}': it had nothing open, "
            f"or the number is wrong. It decided {len(decisions)}, such as: {some}."
        )
    head = Text.assemble(
        (f"{found['subject_label']}  ", "bold"),
        (found["autonomy"], _COLOUR[found["autonomy"]]),
        f"  {found['summary']}\n",
        (f"reasons: {', '.join(found['reason_codes']) or 'none'}", "dim"),
        (f"   lower bound {found['lower_bound']}, gap {_percent(found['gap'])}", "dim"),
    )
    options = [
        o for o in result.decision_option.to_pylist() if o["decision_uid"] == found["decision_uid"]
    ]
    parts = sorted({part for option in options for part in json.loads(option["cost_parts"])})
    table = Table(box=None, header_style="bold")
    for title in ("rank", "option"):
        table.add_column(title)
    for title in ("cost", *parts):
        table.add_column(title, justify="right")
    table.add_column("why not")
    for option in sorted(options, key=lambda option: option["rank"]):
        costs = json.loads(option["cost_parts"])
        table.add_row(
            str(option["rank"]),
            option["label"],
            _amount(option["cost"]),
            *(_amount(costs.get(part)) for part in parts),
            "chosen" if option["is_chosen"] else option["eliminated_reason"],
            style="bold" if option["is_chosen"] else None,
        )
    return Group(head, table)


_COLOUR = {"auto": "green", "notify": "yellow", "hold": "magenta", "refuse": "red"}


def _percent(gap: Decimal | None) -> str:
    return "unknown" if gap is None else f"{gap:.1%}"


def _amount(value: Decimal | str | None) -> str:
    return "" if value is None else f"{Decimal(value):.2f}"
