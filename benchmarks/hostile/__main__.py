"""Land thousands of hostile streams: `python -m benchmarks.hostile --streams 10000`."""

import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

from benchmarks.hostile.drawn import MEMORY, Arena

STREAMS = 10  # an input holds so many
CHUNK = 20


@click.command()
@click.option("--streams", default=10_000, show_default=True, help="How many streams to land.")
@click.option("--first", default=0, show_default=True, help="The seed of the first input.")
@click.option("--processes", default=2, show_default=True, help="How many land at once.")
def main(streams: int, first: int, processes: int) -> None:
    """Land streams drawn by seed and hold each against the oracle; exit code 1 on any fault."""
    seeds = range(first, first + -(-streams // STREAMS))
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    failed = 0
    with (
        ProcessPoolExecutor(processes) as pool,
        click.progressbar(pool.map(_land, chunks), length=len(chunks), label="inputs") as done,
    ):
        for found in done:
            for seed, faults in found:
                failed += 1
                click.echo(f"\nseed {seed}: {'; '.join(faults[:5])}", err=True)
    click.echo(f"{len(seeds) * STREAMS:,} streams in {len(seeds):,} inputs, {failed} with a fault")
    sys.exit(1 if failed else 0)


def _land(seeds: range) -> list[tuple[int, list[str]]]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        return list(_faulty(Arena(Path(folder)), seeds))


def _faulty(arena: Arena, seeds: range) -> Iterator[tuple[int, list[str]]]:
    for seed in seeds:
        try:
            faults = arena.faults_of_seed(seed, STREAMS)
        except Exception as error:  # a load that fails is a fault like any other
            faults = [f"{type(error).__name__}: {error}"]
        if faults:
            yield seed, faults


if __name__ == "__main__":
    main()
