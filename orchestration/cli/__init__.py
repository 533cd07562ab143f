"""The crossdock command: the workflow's verbs, in its order."""

import sys
from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from contracts import CrossdockError
from decisions import DecisionError

_MODULES = ("stages", "decide", "status", "query", "demo", "dev")
_VERBS = ("run", "pull", "unify", "check", "release", "decide", "status", "sql", "demo", "dev")


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
    """Run the command; an error of ours is one message and exit code 1, never a traceback."""
    try:
        load_commands()()
    except (CrossdockError, DecisionError) as error:
        err.print(f"[bold red]crossdock:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
