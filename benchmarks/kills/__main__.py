"""Kill many: `python -m benchmarks.kills --kills 1000`, half in loads, half in maintenance."""

import sys
import tempfile
import time
from pathlib import Path
from random import Random

import click

from benchmarks.kills import killing
from benchmarks.kills.nursery import Nursery
from benchmarks.kills.trial import Tally, Trial


@click.command()
@click.option("--kills", default=1000, show_default=True, help="How many victims to kill.")
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same kills.")
@click.option("--minutes", default=60.0, show_default=True, help="Stop after so long at last.")
def main(kills: int, seed: int, minutes: float) -> None:
    """Kill loads and maintenance, half at random moments, half at system calls that write."""
    traced = killing.can_trace()
    if not traced:
        click.echo("strace may not trace here: all kills are at random moments.")
    draw, begun = Random(seed), time.monotonic()  # noqa: S311 - moments, not secrets
    tallies = {(what, how): Tally() for what in ("load", "upkeep") for how in (False, traced)}
    with tempfile.TemporaryDirectory() as folder, Nursery() as nursery:
        trials = {what: Trial(what, Path(folder) / what, nursery) for what in ("load", "upkeep")}
        for trial in trials.values():
            trial.prepare(traced=traced)
        while sum(tally.killed for tally in tallies.values()) < kills:
            if time.monotonic() - begun > 60 * minutes:
                break
            (what, how), tally = min(tallies.items(), key=lambda item: item[1].killed)
            trials[what].run(draw, tally, traced=how)
    for (what, how), tally in tallies.items():
        click.echo(
            f"{what}, {'at a system call' if how else 'at a moment'}: {tally.killed} killed, "
            f"{tally.survived} had ended, {len(tally.faults)} faults, slowest recovery "
            f"{tally.slowest_recovery_s:.1f} s"
        )
    faults = [fault for tally in tallies.values() for fault in tally.faults]
    for fault in faults[:20]:
        click.echo(fault, err=True)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
