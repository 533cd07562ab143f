"""What the contracts' verdicts come to on a terminal: a line a layer, and what did not pass."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from orchestration.cli.fitting import Column, fit
from orchestration.cli.wording import at

Rows = Sequence[Mapping[str, Any]]
_STATES = ("failed", "not evaluated", "warned")


def line(layer: str, verdicts: Rows) -> str:
    """Return how many rules of a layer passed, over how many contracts and tables, and when."""
    passed = sum(row["status"] == "passed" for row in verdicts)
    of_all = "" if passed == len(verdicts) else f"{passed:,} of "
    tables, contracts = ({row[name] for row in verdicts} for name in ("dataset", "contract"))
    return (
        f"{layer}: {of_all}{_number(len(verdicts), 'rule')} passed on "
        f"{_number(len(tables), 'table')} of {_number(len(contracts), 'contract')}, "
        f"judged {at(max(row['judged_at'] for row in verdicts))} UTC"
    )


def unpassed(verdicts: Rows, width: int) -> Table | None:
    """Return the tables of which a rule did not pass, what blocks first; None where all passed."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in verdicts:
        if row["status"] != "passed":
            state = "warned" if row["severity"] != "error" else row["status"].replace("_", " ")
            counts[row["dataset"], row["owner"]][state] += 1
    if not counts:
        return None
    blocks = {
        place: bool(count["failed"] + count["not evaluated"]) for place, count in counts.items()
    }
    places = sorted(counts, key=lambda place: (not blocks[place], place))
    columns = [
        Column("table", [dataset for dataset, _ in places], is_number=False),
        Column("owner", [owner for _, owner in places], 1, is_number=False),
        Column(
            "rules",
            [
                ", ".join(
                    f"{counts[place][state]} {state}" for state in _STATES if counts[place][state]
                )
                for place in places
            ],
            is_number=False,
        ),
    ]
    return fit(columns, width, ["red" if blocks[place] else "" for place in places])[0]


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
