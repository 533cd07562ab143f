"""decide: run the decision jobs, show why, run one again."""

from typing import Annotated

import typer

from contracts import CrossdockError
from orchestration.cli import app, out

_RUN = "A run, or its first characters; the newest if not said."

decide = typer.Typer(
    help="Decide on the current release; show why; run a decision again.\n\n"
    "Example: `crossdock decide`",
    invoke_without_command=True,
)
app.add_typer(decide, name="decide")


@decide.callback()
def all_jobs(context: typer.Context) -> None:
    """Decide on the current release, if the gate is open; show why; run a decision again.

    Example: `crossdock decide`
    """
    if context.invoked_subcommand is None:
        from orchestration.cli.work import work

        work("decide")


@decide.command()
def show(
    order: Annotated[str, typer.Argument(help="An order number.")],
    run: Annotated[str | None, typer.Option(help=_RUN)] = None,
) -> None:
    """Show a decision: its options, what each part costs, and why the others lost.

    Example: `crossdock decide show SO-000123`
    """
    from decisions import explain
    from orchestration.deciding import recorded
    from orchestration.hub import Hub

    out.print(explain(recorded(Hub.open(), run), order))


@decide.command()
def replay(
    run: Annotated[str | None, typer.Argument(help=_RUN)] = None,
) -> None:
    """Run a recorded run again on its release and compare the bytes.

    Example: `crossdock decide replay 3f9a`
    """
    from orchestration.deciding import replay as again
    from orchestration.hub import Hub

    result = again(Hub.open(), run)
    same = result["recorded"] == result["replayed"]
    out.print(
        f"run      {result['run_uid']}\nrelease  {result['release_id']}\n"
        f"recorded {result['recorded']}\nreplayed {result['replayed']} "
        f"({len(result['bytes']):,} bytes)"
    )
    if not same:
        raise CrossdockError("The bytes differ: the job is not a pure function of its release.")
    out.print("[green]the same bytes[/]")
