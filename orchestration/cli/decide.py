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
    subject: Annotated[str, typer.Argument(help="An order's number, a carrier's name.")],
    run: Annotated[str | None, typer.Option(help=_RUN)] = None,
) -> None:
    """Show a decision: its options, what each part costs, and why the others lost.

    Example: `crossdock decide show SO-000123`
    """
    from decisions import explain
    from orchestration.deciding import recorded
    from orchestration.hub import Hub

    result = recorded(Hub.open(), run, subject=subject)
    header = result.header
    out.print(
        f"{header.job} on {header.release_id}, as of {header.as_of:%Y-%m-%d %H:%M} UTC; run "
        f"{header.run_uid[:8]}"
    )
    out.print(explain(result, subject))


@decide.command()
def policies(
    is_schema: Annotated[
        bool, typer.Option("--schema", help="The JSON schema of policies.yaml, for an editor.")
    ] = False,
) -> None:
    """Print what the business allows each job, defaults included: the content of policies.yaml.

    Example: `crossdock decide policies`
    """
    import json

    import yaml

    import decisions
    from decisions.inputs import policy_of
    from decisions.policies import schema
    from orchestration.acting.policies import policies as read
    from orchestration.settings import load

    if is_schema:
        out.print_json(json.dumps(schema()))
        return
    terms = read(load())
    whole = terms.model_dump(mode="json")
    for name, job in decisions.jobs().items():
        own = terms.of(name)
        policy = policy_of(job, own.policy).model_dump(mode="json")
        whole["jobs"][name] = own.model_dump(mode="json") | {"policy": policy}
    out.print(yaml.safe_dump(whole, sort_keys=False), markup=False)


@decide.command()
def shadow(
    job: Annotated[str, typer.Argument(help="A job.")],
    changes: Annotated[
        list[str], typer.Option("--set", help="KEY=VALUE of the job's policy; repeat it.")
    ],
    releases: Annotated[int, typer.Option(min=1, help="Releases to decide on, newest first.")] = 3,
) -> None:
    """Say what another policy would have decided on past releases; nothing is recorded or sent.

    Example: `crossdock decide shadow source_orders --set late_per_day=6`
    """
    from orchestration import what_if
    from orchestration.cli import comparison_view
    from orchestration.hub import Hub

    given = what_if.settings_of(changes)
    for compared in what_if.shadow(Hub.open(), job, given, releases):
        out.print(comparison_view.shown(compared, ("in force", "changed"), out.width))


@decide.command()
def regret(
    run: Annotated[str | None, typer.Argument(help=_RUN)] = None,
) -> None:
    """Say what a run would have decided, had it known what was mended or came late since.

    Example: `crossdock decide regret 3f9a`
    """
    from orchestration import what_if
    from orchestration.cli import comparison_view
    from orchestration.hub import Hub

    compared = what_if.regret(Hub.open(), run)
    out.print(comparison_view.shown(compared, ("then", "known now"), out.width))
    out.print(
        f"Known then, what is known now would have saved {compared.comparison.regret:.2f}, where "
        "the old choice could be priced again."
    )


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
