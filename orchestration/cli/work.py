"""Run a job with progress on the screen, then give the account of it."""

from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from textwrap import shorten

import dagster as dg
import typer
from rich.markup import escape

from orchestration import account
from orchestration.cli import err, out
from orchestration.cli.tell import tell
from orchestration.hub import Hub
from orchestration.lake_watch import open_hub
from orchestration.running import Step
from orchestration.running import run as run_job
from orchestration.sources import SourcesError, read

_BLOCKED = (
    "A contract is broken (see above). Readers stay on the last release that passed, and jobs "
    "that stand on what broke do not start: `crossdock gate` tells which."
)
_SAID = {
    "check_sources": _BLOCKED,
    "check_canonical": _BLOCKED,
    "check_decisions": "Recorded decisions break their contract (see above): send nothing of them. "
    "The release is sound; `crossdock decide` decides anew.",
}


def work(job: str, *, sources: Sequence[str] = ()) -> None:
    """Run a job, show it, print the account; exit code 1 unless all of it succeeded."""
    hub = open_hub()
    if job in {"run", "pull"}:
        _ask_for_settings(hub, sources)
    with out.status(f"loading Crossdock for {job}") as status:

        def ended(step: Step) -> None:
            mark = "[red]✗[/]" if step.error else "[green]✓[/]"
            name = step.name.replace("__", "/")
            out.print(f"{mark} {name:<24} {step.seconds:6.1f} s  {account.of_step(step)}")
            status.update("")

        log = hub.settings.home / "crossdock.log"
        with log.open("a", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
            try:
                result = run_job(
                    hub,
                    job,
                    assets=_assets(sources) or None,
                    started=lambda name: status.update(f"{name} …"),
                    ended=ended,
                )
            except KeyboardInterrupt:
                err.print("[bold red]crossdock:[/] interrupted; what was committed stays.")
                raise typer.Exit(130) from None
            except Exception:
                with suppress(Exception):  # what went wrong first is what the reader hears of
                    tell(hub)
                raise
    account.of_run(hub, job, result, out)
    tell(hub)
    if not result.success:
        listed = [_said(step) for step in result.steps if step.error]
        for said in dict.fromkeys(listed) or [_BLOCKED]:
            err.print(f"[bold red]crossdock:[/] {escape(said)}", soft_wrap=True)
        raise typer.Exit(1)


def _said(step: Step) -> str:
    """Return what is wrong in a sentence; what an account above tells at length is not repeated."""
    if step.name.startswith("gate_"):
        job = step.name.removeprefix("gate_")
        why = shorten(str(step.error), 200, placeholder=" …")
        return f"{job} does not start: {why} `crossdock gate {job}` tells all."
    return _SAID.get(step.name) or str(step.error)


def _ask_for_settings(hub: Hub, names: Sequence[str]) -> None:
    """Say at once, and together, which variables the sources still need."""
    missing = []
    for source in read(hub.settings.sources):
        if names and source.name not in names:
            continue
        try:
            source.resolved()
        except SourcesError as error:
            missing.append(str(error))
    if missing:
        raise SourcesError("\n".join(missing))


def _assets(names: Sequence[str]) -> list[dg.AssetKey]:
    import contracts
    from orchestration.jobs import source_groups

    known = source_groups()
    for name in names:
        if name not in known:
            raise SourcesError(f"There is no source '{name}'. There are: {', '.join(known)}.")
    return [
        dg.AssetKey([name, table.name])
        for name in names
        for table in contracts.read(f"sources/{name}").tables
    ]
