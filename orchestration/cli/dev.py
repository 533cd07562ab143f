"""dev: Dagster's UI and daemon on this machine."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli import app, out
from orchestration.settings import ROOT


@app.command()
def dev(
    own: Annotated[
        bool, typer.Option(help="Use your own sources instead of the simulated network.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port on the loopback interface.")] = 3000,
) -> None:
    """Open Dagster's UI and daemon on loopback, over the simulated network or your own sources.

    Example: `crossdock dev --port 3333`
    """
    if own:
        raise typer.Exit(_dagster(port))
    from orchestration.cli.demo import simulated_network

    with simulated_network():
        code = _dagster(port)
    raise typer.Exit(code)


def _dagster(port: int) -> int:
    from orchestration.hub import Hub

    Hub.open()
    out.print(f"Dagster on http://127.0.0.1:{port} (Ctrl-C ends it)")
    command = [
        str(Path(sys.executable).parent / "dagster"),
        *("dev", "--host", "127.0.0.1", "--port", str(port), "-m", "orchestration.definitions"),
    ]
    with subprocess.Popen(command, cwd=ROOT) as dagster:  # noqa: S603 - our own command
        # Who ends this command ends Dagster's processes too, which would go on by themselves.
        signal.signal(signal.SIGTERM, lambda *_: dagster.send_signal(signal.SIGINT))
        try:
            return dagster.wait()
        except KeyboardInterrupt:
            dagster.wait()
            return 0
