"""Stewards' tasks and answers on a terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from orchestration.cli.fitting import Column, fit
from orchestration.cli.wording import at, printable
from orchestration.stewarding import ANSWERS, ASKED_AGAIN, WAITS, Task, Word

SHORT = 12
_STATES = {
    None: "open",
    WAITS: "answered; it counts from the next `crossdock unify` on (`crossdock tasks words`)",
    ASKED_AGAIN: "open: an answer was given before, and the question stands again"
    " (`crossdock tasks words`)",
}


def counted(every: Sequence[Task], width: int) -> Table:
    """Return how many tasks of each kind are open and how many rows wait for them."""
    tasks, rows = Counter[str](), Counter[str]()
    for task in every:
        tasks[task.kind] += 1
        rows[task.kind] += task.rows_affected
    kinds = [kind for kind, _ in tasks.most_common()]
    columns = [
        Column("kind", kinds, is_number=False),
        Column("tasks", [f"{tasks[kind]:,}" for kind in kinds]),
        Column("rows", [f"{rows[kind]:,}" for kind in kinds]),
    ]
    return fit(columns, width)[0]


def listed(tasks: Sequence[Task], states: Mapping[str, str], width: int) -> Table:
    """Return a task a row: its id, what it is about, the proposal, and what became of an answer.

    states: of tasks that were answered, by uid.
    """
    columns = [
        Column("id", [task.task_uid[:SHORT] for task in tasks], is_number=False),
        Column("kind", [task.kind for task in tasks], is_number=False),
        Column("about", [printable(_about(task)) for task in tasks], is_number=False),
        Column("proposal", [printable(task.proposal or "") for task in tasks], is_number=False),
        *_stated([states.get(task.task_uid, "open") for task in tasks]),
        Column("rows", [f"{task.rows_affected:,}" for task in tasks], 1),
        Column("since (UTC)", [at(task.since) for task in tasks], 2, is_number=False),
    ]
    return fit(columns, width)[0]


def _stated(states: Sequence[str]) -> list[Column]:
    """Return the column of states, in fewer words than of one task; none where all are open."""
    if set(states) <= {"open"}:
        return []
    shown = {WAITS: "answered", ASKED_AGAIN: "asked again"}
    return [Column("state", [shown.get(state, state) for state in states], is_number=False)]


def facts(task: Task, state: str | None) -> Table:
    """Return everything about a task; `state` where it was answered."""
    verbs = ", ".join(f"crossdock tasks {verb}" for verb in ANSWERS[task.kind])
    return _pairs(
        {
            "id": task.task_uid,
            "asked": task.kind,
            "about": _about(task),
            "state": _STATES[state],
            "identity": task.entity_uid or "none yet",
            "proposal": task.proposal or "none",
            "evidence": "\n".join(task.evidence.split("; ")),
            "rows": f"{task.rows_affected:,} wait for it",
            "since": f"{at(task.since)} UTC",
            "next step": task.next_step,
            "answers": verbs or "none here: it goes when its cause is mended",
        }
    )


def answers(words: Sequence[Word], width: int) -> Table:
    """Return an answer a row; one that was taken back says when."""
    columns = [
        Column("id", [word.word_id for word in words], is_number=False),
        Column("answer", [printable(_said(word)) for word in words], is_number=False),
        Column("why", [printable(word.reason) for word in words], is_number=False),
        Column("by", [printable(word.said_by) for word in words], 1, is_number=False),
        Column("at (UTC)", [at(word.said_at) for word in words], 2, is_number=False),
        Column(
            "taken back (UTC)",
            [at(word.undone_at) if word.undone_at else "" for word in words],
            is_number=False,
        ),
    ]
    return fit(columns, width)[0]


def _about(task: Task) -> str:
    return f"{task.source_system} {task.source_key}"


def _said(word: Word) -> str:
    return f"{word.verb} {word.source_system} {word.source_key} {word.target or ''}".rstrip()


def _pairs(said: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in said.items():
        table.add_row(name, Text(printable(text)))
    return table
