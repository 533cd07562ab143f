"""Let processes compete for the last units through claims, and count what was sold twice.

Each trial claims one to three units of one of twenty articles, as the outbox does before it sends.
Every article has five units, which come back when their claims expire; so units are always short.

Example: python -m benchmarks.oversell --trials 10000
"""

import json
import multiprocessing
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import click

from orchestration import decision_tables
from orchestration.acting.claims import Claims
from warehouse.lake import Lake

ARTICLES, UNITS = 20, 5
# About as long as it takes to claim all there is, so that claims expire and others get the units.
STANDS = timedelta(seconds=8)


@click.command(help=__doc__)
@click.option("--trials", default=10_000, show_default=True)
@click.option("--processes", default=8, show_default=True)
def main(trials: int, processes: int) -> None:
    """Print what was claimed, refused and oversold; exit code 1 if anything was oversold."""
    with tempfile.TemporaryDirectory(prefix="crossdock-oversell-") as folder:
        began = time.monotonic()
        claimed, refused, oversold = measure(Path(folder), trials, processes)
        seconds = time.monotonic() - began
    click.echo(
        f"{trials:,} trials by {processes} processes in {seconds:.0f} s: {claimed:,} claimed, "
        f"{refused:,} refused, {oversold:,} oversold"
    )
    sys.exit(1 if oversold else 0)


def measure(home: Path, trials: int, processes: int) -> tuple[int, int, int]:
    """Return how many claims were granted, how many refused, how many units were sold twice."""
    lake = Lake(home).create()
    with lake.lock(), lake.connect() as con:
        con.execute("begin")
        decision_tables.provide(con)
        lake.commit(con)
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes) as pool:
        parts = [(home, number, range(number, trials, processes)) for number in range(processes)]
        results = pool.starmap(_compete, parts)
    with lake.connect(read_only=True) as con:
        granted = con.execute(
            "select resource, qty, claimed_at, expires_at from lake.decisions.claim "
            "order by claimed_at"
        ).fetchall()
    claimed = sum(claimed for claimed, _ in results)
    if claimed != len(granted):
        raise SystemExit(f"{claimed} claims were granted and {len(granted)} are kept.")
    return claimed, sum(refused for _, refused in results), _oversold(granted)


def _oversold(granted: list[tuple[str, Decimal, datetime, datetime]]) -> int:
    """Units above what there are, summed over the instants at which something was claimed."""
    standing: dict[str, list[tuple[Decimal, datetime]]] = {}
    above = 0
    for resource, qty, claimed_at, expires_at in granted:
        rest = [each for each in standing.get(resource, []) if each[1] > claimed_at]
        standing[resource] = [*rest, (qty, expires_at)]
        above += max(0, int(sum(each[0] for each in standing[resource])) - UNITS)
    return above


def _compete(home: Path, number: int, trials: range) -> tuple[int, int]:
    lake = Lake(home)
    chance = random.Random(number)  # noqa: S311 - a trial, not a secret
    claimed = refused = 0
    for trial in trials:
        resource = f"stock/N1/{chance.randrange(ARTICLES)}"
        claim = {"resource": resource, "qty": str(chance.randint(1, 3)), "limit": str(UNITS)}
        action = {"idempotency_key": f"k{trial}", "claims": json.dumps([claim])}
        with lake.lock(), lake.connect() as con:
            con.execute("begin")
            now = datetime.now(UTC)
            claims = Claims(con, now, ())
            if claims.too_much(action) is None:
                claims.take(action, now + STANDS)
                claims.write()
                claimed += 1
            else:
                refused += 1
            lake.commit(con)
    return claimed, refused


if __name__ == "__main__":
    main()
