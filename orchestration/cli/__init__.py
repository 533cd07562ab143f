"""The crossdock command: the workflow's verbs, in its order."""

import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from orchestration.step_errors import ours
from warehouse.errors import is_damage

_MODULES = (
    *("stages", "quarantine", "apart", "ledger", "tasks", "release", "gate", "decide"),
    *("checkpoints", "outbox", "breakers", "status"),
    *("query", "incidents", "alerts", "lineage", "upkeep", "contract", "rehearse", "docs"),
    *("demo", "dev"),
)
_VERBS = (
    *("run", "pull", "quarantine", "ledger", "unify", "tasks", "check", "release", "gate"),
    *("decide", "checkpoints", "outbox", "breakers", "status", "incidents", "alerts"),
    *("sql", "lineage", "contract", "fsck"),
    *("maintain", "backup", "restore"),
    *("demo", "dev"),
)


class _WorkflowOrder(typer.core.TyperGroup):
    """Lists the verbs in the order of the work, not of the alphabet."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(self.commands, key=_VERBS.index)


app = typer.Typer(
    cls=_WorkflowOrder,
    name="crossdock",
    help="Crossdock: many systems in, one judged truth out, decisions only on what passed.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
# Bound to the streams as they are now: while a job runs, what libraries print goes to a log.
out = Console(file=sys.stdout, highlight=False)
err = Console(file=sys.stderr, highlight=False)


def load_commands() -> typer.Typer:
    """Register every verb and return the app."""
    for module in _MODULES:
        import_module(f"orchestration.cli.{module}")
    return app


def main() -> None:
    """Run the command; an error is one message and exit code 1, never a traceback."""
    try:
        load_commands()()
    except Exception as error:  # a person reads what follows; the traceback goes to the log
        err.print(f"[bold red]crossdock:[/] {escape(said(error))}", soft_wrap=True)
        sys.exit(1)


def said(error: BaseException) -> str:
    """Word an error for a person: ours as it is, wherever Dagster wrapped it; others with the log.

    The traceback of an error that is not ours is appended to crossdock.log in the home.
    """
    if (own := ours(error)) is not None:
        return str(own)
    last = error
    while (deeper := last.__cause__ or last.__context__) is not None:
        last = deeper
    log = logged(error)
    lines = [line for line in str(last).strip().splitlines() if line.strip()]
    said = f"{type(last).__name__}: {' '.join(lines[:6])[:600]} (all of it is in {log})"
    if is_damage(last):
        said += ". The catalog may be damaged: `crossdock fsck` looks, `crossdock restore` mends."
    return said


def logged(error: BaseException) -> Path:
    """Append the traceback of an error to crossdock.log in the home, and return where that is."""
    from orchestration.settings import load

    log = load().home / "crossdock.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    return log
