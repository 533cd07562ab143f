"""Each job's newest run in a few lines."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Group
from rich.table import Table

from decisions import RunResult
from orchestration.deciding import recorded
from orchestration.hub import Hub

_SHOWN = 6


def summary(hub: Hub, jobs: Sequence[str]) -> Group:
    """Return of each job how many subjects were decided, how, and the first with their reasons."""
    return Group(
        *(_of(recorded(hub, job=job)) for job in jobs),
        "`crossdock decide show ORDER` gives every option, its cost parts and why it lost.",
    )


def _of(result: RunResult) -> Group:
    made = result.decision.to_pylist()
    autonomy = Counter(row["autonomy"] for row in made)
    reasons = Counter(code for row in made for code in row["reason_codes"])
    table = Table(title="Decisions (the first)", title_justify="left")
    subject = str(made[0]["subject_type"]).rpartition("_")[2] if made else "subject"
    for name in (subject, "what", "why"):
        table.add_column(name)
    for row in made[:_SHOWN]:
        codes = ", ".join(row["reason_codes"])
        table.add_row(row["subject_label"], row["autonomy"], f"{row['summary']} ({codes})")
    counts = ", ".join(f"{count} {name}" for name, count in autonomy.most_common())
    codes = ", ".join(f"{code} {count}" for code, count in reasons.most_common(6))
    return Group(
        f"[bold]{result.header.job}[/] on {result.header.release_id}: "
        f"{len(made)} decisions ({counts})",
        f"reasons: {codes or '-'}; run {result.header.run_uid}",
        table,
    )
