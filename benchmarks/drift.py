"""How often the watch on a carrier's late rate alarms falsely, and how soon it sees a rise.

Streams of parcels with a late rate of 8 %, 50 due a day, are watched day by day as the job
`watch_carriers` does, the usual rate taken from the days before. False alarms are counted over
years in which nothing changes; the delay is from the day on which the rate goes to 20 %.

Example: python -m benchmarks.drift --years 200 --rises 400
"""

import random
from datetime import date, timedelta

import click

from decisions.watch_carriers import Days, WatchPolicy, rise

POLICY = WatchPolicy()
START = date(2026, 1, 1)
HISTORY = POLICY.usual_days + POLICY.watched_days


@click.command(help=__doc__)
@click.option("--years", default=100, show_default=True, help="Years without a change.")
@click.option("--rises", default=200, show_default=True, help="Streams in which the rate rises.")
@click.option("--due", default=50, show_default=True, help="Parcels due a day.")
@click.option("--usual", default=0.08, show_default=True, help="The late rate before.")
@click.option("--raised", default=0.20, show_default=True, help="The late rate after.")
def main(years: int, rises: int, due: int, usual: float, raised: float) -> None:
    """Print false alarms a year, and the delays' median and 95th percentile."""
    alarms = sum(_false_alarms(random.Random(seed), due, usual) for seed in range(years))  # noqa: S311
    delays = sorted(_delay(random.Random(-seed - 1), due, usual, raised) for seed in range(rises))  # noqa: S311
    click.echo(f"{alarms / years:.3f} false alarms a year ({alarms} in {years})")
    click.echo(
        f"{delays[len(delays) // 2]} days until a rise is seen, 95th percentile "
        f"{delays[int(len(delays) * 0.95)]}, the latest {delays[-1]}"
    )


def _day(chance: random.Random, due: int, rate: float) -> tuple[int, int]:
    return sum(chance.random() < rate for _ in range(due)), due


def _history(chance: random.Random, due: int, rate: float) -> Days:
    return {START + timedelta(days=n): _day(chance, due, rate) for n in range(HISTORY)}


def _false_alarms(chance: random.Random, due: int, usual: float) -> int:
    """Alarms in a year; one that goes on, or is seen again from another day on, counts once."""
    days = _history(chance, due, usual)
    alarms, was_up = 0, False
    for n in range(HISTORY, HISTORY + 365):
        today = START + timedelta(days=n)
        is_up = rise(days, POLICY, today).alarm is not None
        alarms += is_up and not was_up
        was_up = is_up
        days[today] = _day(chance, due, usual)
        days.pop(today - timedelta(days=HISTORY), None)
    return alarms


def _delay(chance: random.Random, due: int, usual: float, raised: float) -> int:
    """Days with the raised rate until the alarm; 60 where it never comes."""
    days = _history(chance, due, usual)
    for n in range(HISTORY, HISTORY + 60):
        today = START + timedelta(days=n)
        days[today] = _day(chance, due, raised)
        if rise(days, POLICY, today + timedelta(days=1)).alarm is not None:
            return n - HISTORY + 1
    return 60


if __name__ == "__main__":
    main()
