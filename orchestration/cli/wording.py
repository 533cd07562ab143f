"""How times, sizes and texts of unknown origin are written on a terminal."""

from datetime import UTC, datetime, timedelta

from orchestration.settings import Settings

_UNITS = ("B", "kB", "MB", "GB", "TB")


def at(instant: datetime, *, to_second: bool = False) -> str:
    """Write an instant in UTC; the zone stands in the table's header or title."""
    return f"{instant.astimezone(UTC):{'%Y-%m-%d %H:%M:%S' if to_second else '%Y-%m-%d %H:%M'}}"


def clocks(settings: Settings) -> str | None:
    """Say which times are whose where the hub has a simulated clock; None where all are one's."""
    if settings.now is None:
        return None
    return (
        "Two clocks: pulls, verdicts, incidents and messages bear this machine's times "
        f"({at(datetime.now(UTC))} UTC now), data and releases those of the simulated network "
        f"({at(settings.clock())} UTC now)."
    )


def lasting(span: timedelta) -> str:
    """Write a duration in its two largest units: 3 d 4 h, 12 min, 8 s."""
    seconds = max(0, int(span.total_seconds()))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number or parts:
            parts.append(f"{number} {unit}" if number else "")
    return " ".join(part for part in parts[:2] if part) or "0 s"


def size(number: int) -> str:
    """Write a number of bytes in decimal units: 12 B, 3.4 MB."""
    amount = float(number)
    for unit in _UNITS:
        if amount < 999.95 or unit == _UNITS[-1]:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{number} B"


def printable(text: str) -> str:
    """Escape what a terminal would obey or hide: control characters, marks of direction."""
    return "".join(
        character
        if character.isprintable() or character in "\n"
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def units(number: int) -> str:
    """Write a number of units with its word."""
    return f"{number:,} unit{'' if number == 1 else 's'}"
