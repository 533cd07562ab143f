"""A run of decisions in a few lines."""

from collections import Counter

from rich.console import Group
from rich.table import Table

from orchestration.deciding import recorded
from orchestration.hub import Hub

_SHOWN = 6


def summary(hub: Hub) -> Group:
    """Return how many orders were sourced, how, and the first ones with their reasons."""
    result = recorded(hub)
    made = result.decision.to_pylist()
    autonomy = Counter(row["autonomy"] for row in made)
    reasons = Counter(code for row in made for code in row["reason_codes"])
    table = Table(title="Decisions (the first)", title_justify="left")
    for name in ("order", "what", "why"):
        table.add_column(name)
    for row in made[:_SHOWN]:
        codes = ", ".join(row["reason_codes"])
        table.add_row(row["subject_label"], row["autonomy"], f"{row['summary']} ({codes})")
    counts = ", ".join(f"{count} {name}" for name, count in autonomy.most_common())
    codes = ", ".join(f"{code} {count}" for code, count in reasons.most_common(6))
    return Group(
        f"[bold]{result.header.job}[/] on {result.header.release_id}: {len(made)} orders "
        f"({counts})",
        f"reasons: {codes or '-'}; run {result.header.run_uid}",
        table,
        "`crossdock decide show ORDER` gives every option, its cost parts and why it lost.",
    )
