"""Sees a rate go up, day by day: the CUSUM of binomial log-likelihood ratios.

Page, Continuous inspection schemes (1954); for counts of varying size Reynolds and Stoumbos (1999).
Of a day with k of n late the score gains k ln(p1/p0) + (n - k) ln((1 - p1)/(1 - p0)), and never
falls below 0. While the rate is p0, the mean time to a false alarm is at least e^threshold days
(Lorden 1971): 7.6 gives one in five years at most. Decimals, so that every machine agrees.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

_PLACES = Decimal("0.000001")


def scores(days: Iterable[tuple[int, int]], usual: Decimal, raised: Decimal) -> Iterator[Decimal]:
    """Yield the score after each day of (late, all), for a rate gone from `usual` to `raised`.

    Raises ValueError unless 0 < usual < raised < 1.
    """
    if not 0 < usual < raised < 1:
        raise ValueError(f"A rate cannot rise from {usual} to {raised}.")
    late_gain = (raised / usual).ln()
    other_gain = ((1 - raised) / (1 - usual)).ln()
    score = Decimal(0)
    for late, everything in days:
        gain = late * late_gain + (everything - late) * other_gain
        score = max(Decimal(0), score + gain).quantize(_PLACES)
        yield score


def raised_by(usual: Decimal, odds_ratio: Decimal) -> Decimal:
    """The rate whose odds are so many times those of `usual`."""
    odds = usual / (1 - usual) * odds_ratio
    return odds / (1 + odds)
