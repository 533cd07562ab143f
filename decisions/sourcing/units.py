"""Exact integers for money and quantities: fast, and the same on every machine.

Money is counted in ticks of 0.0001, quantities in millionths of a base unit, weight in
micrograms (grams a unit times millionths), as the contracts' DECIMAL(18,4) and DECIMAL(18,6).
"""

from decimal import Decimal

UNIT = 1_000_000
KILOGRAM = 1_000_000_000


def ticks(amount: Decimal) -> int:
    """Money as ticks of 0.0001."""
    return int(amount.scaleb(4))


def money(amount: int) -> Decimal:
    """Ticks as money with four places."""
    return Decimal(amount).scaleb(-4)


def millionths(qty: Decimal) -> int:
    """A quantity as millionths of a base unit."""
    return int(qty.scaleb(6))


def plain(qty: int) -> str:
    """Millionths as a plain number of base units, without idle zeros."""
    return f"{base_units(qty).normalize():f}"


def divide(numerator: int, denominator: int) -> int:
    """Divide non-negative integers, half up."""
    return (numerator + denominator // 2) // denominator


def base_units(qty: int) -> Decimal:
    """Millionths as base units with six places, as the contracts' DECIMAL(18,6)."""
    return Decimal(qty).scaleb(-6)
