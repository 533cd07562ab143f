"""X12 files as partners really send them: right in substance, careless in form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from estate.world import World

Segment = tuple[str, ...]
GROUPS = {"846": "IB", "940": "OW", "944": "RE", "945": "SW", "947": "AW", "856": "SH"}
US, THEM = "CROSSDOCK", "ATLTHREEPL"
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Habits:
    """How a file departs from the standard; none of it loses data."""

    end: str
    bom: bool
    drops_last_end: bool
    interchanges: int
    miscounts: bool
    resends: bool

    @classmethod
    def of(cls, number: int) -> "Habits":
        """Habits of the file with this number: every one occurs within a week of files."""
        return cls(
            end=("~", "~\n", "\n", "~\n", "~", "~\r\n", "~")[number % 7],
            bom=number % 17 == 3,
            drops_last_end=number % 13 == 5,
            interchanges=2 if number % 11 == 2 else 1,
            miscounts=number % 9 == 4,
            resends=number % 19 == 7,
        )


def clean(text: str) -> str:
    """Text that holds no delimiter."""
    return "".join(c if c not in "*~>\n\r|" else " " for c in text.upper())


def day_of(at: datetime) -> str:
    """CCYYMMDD."""
    return at.strftime("%Y%m%d")


def put_file(world: World, kind: str, sets: Sequence[Sequence[Segment]], sent_at: datetime) -> None:
    """Lay the transaction sets of one kind into the drop folder as one file of that time."""
    if not sets:
        return
    is_ours = kind == "940"
    folder = "outbound" if is_ours else "inbound"
    number = world.number("file")
    name = f"{folder}/{kind}_{sent_at:%Y%m%d_%H%M}_{number:05d}.edi"
    rng = world.rng(name)
    habits = Habits.of(number + world.seed)
    sender, receiver = (US, THEM) if is_ours else (THEM, US)
    parts = _share(sets, habits.interchanges)
    text = habits.end.join(
        habits.end.join(_interchange(world, kind, part, sent_at, sender, receiver, habits, rng))
        for part in parts
    )
    text += "" if habits.drops_last_end else habits.end
    content = (BOM if habits.bom else b"") + text.encode("ascii")
    world.files[name] = content
    if habits.resends:
        world.files[name.replace(".edi", "_resent.edi")] = content


def _share(sets: Sequence[Sequence[Segment]], parts: int) -> list[Sequence[Sequence[Segment]]]:
    half = (len(sets) + 1) // 2
    return [sets[:half], sets[half:]] if parts == 2 and len(sets) > 1 else [sets]


def _interchange(
    world: World,
    kind: str,
    sets: Sequence[Sequence[Segment]],
    at: datetime,
    sender: str,
    receiver: str,
    habits: Habits,
    rng: Random,
) -> list[str]:
    control, group = f"{world.number('interchange'):09d}", str(world.number("group"))
    isa = (
        "ISA", "00", " " * 10, "00", " " * 10, "ZZ", f"{sender:<15}", "ZZ", f"{receiver:<15}",
        f"{at:%y%m%d}", f"{at:%H%M}", "U", "00401", control, "0", "P", ">",
    )  # fmt: skip
    gs = (
        "GS", GROUPS[kind], sender, receiver, day_of(at), f"{at:%H%M}", group, "X", "004010",
    )  # fmt: skip
    segments: list[Segment] = [isa, gs]
    for place, body in enumerate(sets, start=1):
        number = f"{place:04d}"
        count = len(body) + 2
        if habits.miscounts and rng.random() < 0.3:
            count += rng.choice((-1, 1, 2))
        segments += [("ST", kind, number), *body, ("SE", str(count), number)]
    segments += [("GE", str(len(sets)), group), ("IEA", "1", control)]
    return ["*".join(segment).rstrip("*") for segment in segments]
