"""GS1 keys with their check digits, so that a scanner would take every code in the estate."""

# GS1 keeps the prefix 952 for demonstrations and examples: no real article has such a number.
DEMO_PREFIX = "952"


def check_digit(body: str) -> str:
    """The digit that completes `body`: GS1 General Specifications 7.9, weights 3 and 1."""
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def gtin13(number: int) -> str:
    """GTIN-13 of the article with this running number."""
    body = f"{DEMO_PREFIX}0{number:08d}"
    return body + check_digit(body)


def gtin14(each: str, indicator: int) -> str:
    """GTIN-14 of a packing level of the article `each` (a GTIN-13); indicator 0 is the each."""
    body = f"{indicator}{each[:12]}"
    return body + check_digit(body)


def gln13(number: int) -> str:
    """Global Location Number of the place with this running number."""
    body = f"{DEMO_PREFIX}9{number:08d}"
    return body + check_digit(body)


def sscc18(serial: int) -> str:
    """Serial Shipping Container Code of the parcel with this running number."""
    body = f"0{DEMO_PREFIX}0001{serial:09d}"
    return body + check_digit(body)
