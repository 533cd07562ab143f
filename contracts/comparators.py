"""Whether a number is as an ODCS comparator wants it."""

from __future__ import annotations

from typing import Any


def holds(comparator: tuple[str, Any], number: float) -> bool:
    """Whether a number satisfies an ODCS comparator, such as ``("mustBeLessThan", 5)``."""
    name, value = comparator
    match name:
        case "mustBe":
            return bool(number == value)
        case "mustNotBe":
            return bool(number != value)
        case "mustBeGreaterThan":
            return bool(number > value)
        case "mustBeGreaterOrEqualTo":
            return bool(number >= value)
        case "mustBeLessThan":
            return bool(number < value)
        case "mustBeLessOrEqualTo":
            return bool(number <= value)
        case "mustBeBetween":
            return bool(value[0] <= number <= value[1])
        case "mustNotBeBetween":
            return not value[0] <= number <= value[1]
        case other:
            raise NotImplementedError(f"No comparison is known for '{other}'.")
