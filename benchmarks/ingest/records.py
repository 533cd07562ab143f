"""Write the benchmark's Singer stream, the same bytes for the same recipe, as singer-sdk writes it.

Example: python -m benchmarks.ingest.records --records 1000000 --bad 0.01 /tmp/stream.singer
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from benchmarks.ingest.streams import STREAMS, Stream

SHARES = {"orders": 0.4, "stock": 0.3, "events": 0.3}
STATE_EVERY = 10_000
NODES = 25
CHANNELS = ("web", "marketplace", "shop", "edi")
STATUSES = ("open", "allocated", "picked", "packed", "shipped", "delivered")
# What careless loaders change: an empty text, one that reads like null, a number or a time, one
# in need of quoting, of escapes, of spaces kept, one outside ASCII (escaped, as simplejson does).
NOTES = (
    '""', "null", '"NULL"', '"0042"', '"2024-01-05"', '"Leave at the door, ring twice"',
    r'"say \"hello\", please"', r'"two\nlines\tand a \\"', '" kept spaces "',
    r'"sch\u00f6n verpackt \ud83d\udce6"', '"1e5"', '"true"',
)  # fmt: skip
KINDS = ("label", "pickup", "depart", "arrive", "out_for_delivery", "delivered", "exception")
MESSAGES = (
    "Arrived at the regional facility and sorted for the next leg of its route",
    "Departed on the evening line haul; the trailer was sealed and weighed at the gate",
    "Delivery attempted, nobody there; a card was left and a second attempt is planned",
    "Handed over to the last-mile partner, who confirmed piece count and condition",
)
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = [f"{BEGIN + timedelta(days=day):%Y-%m-%d}" for day in range(731)]
CLOCKS = [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(86_400)]
EXTRACTED = ',"time_extracted":"2026-01-05T06:00:00.123456+00:00"}\n'
# A wrong type, and a key left out, a stream.
UNTYPED = {"orders": '"total":[0-9.]+', "stock": '"qty":[0-9.]+', "events": '"duration_ms":[0-9]+'}
KEYS = {"orders": '"order_id":"[^"]*",', "stock": '"sku":"[^"]*",', "events": '"event_id":"[^"]*",'}


@dataclass(frozen=True)
class Recipe:
    """What a stream holds; equal recipes give equal bytes.

    records: RECORD lines, the updates and the bad ones included.
    updates: share of them that come last and send an earlier key again, changed.
    bad: share that no target may load: a wrong type, invalid JSON, no key, in turn.
    """

    records: int = 1_000_000
    updates: float = 0.05
    bad: float = 0.0
    seed: int = 1
    streams: tuple[str, ...] = tuple(SHARES)

    @property
    def name(self) -> str:
        """A file name that tells recipes apart."""
        streams = "" if self.streams == tuple(SHARES) else "-" + "+".join(self.streams)
        return f"{self.records}-u{self.updates:g}-b{self.bad:g}-s{self.seed}{streams}.singer"

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return a stream's new records and its updates."""
        total = sum(SHARES[stream] for stream in self.streams)
        left = self.records
        counts = {}
        for stream in self.streams:
            last = stream == self.streams[-1]
            share = left if last else min(left, round(self.records * SHARES[stream] / total))
            left -= share
            updates = int(share * self.updates)
            counts[stream] = (share - updates, updates)
        return counts


def write(recipe: Recipe, path: Path) -> Path:
    """Write the stream to `path`, whole or not at all."""
    aside = path.with_suffix(".part")
    with aside.open("w", encoding="ascii", buffering=1 << 20, newline="\n") as file:
        file.writelines(messages(recipe))
    return aside.replace(path)


def messages(recipe: Recipe) -> Iterator[str]:
    """Yield the stream's lines: stream after stream, then the updates in the same order."""
    counts = recipe.counts()
    sent = 0
    for version in (0, 1):
        for name, (new, updates) in counts.items():
            stream = STREAMS[name]
            yield schema(stream)
            numbers: Iterable[int] = range(new)
            if version:
                # Spread over the whole table: no key twice, since the step is below the stride.
                step = max(1, new // max(1, updates))
                numbers = (k * step + (k * 7919 + recipe.seed) % step for k in range(updates))
            lines = records(name, numbers, version, recipe.seed)
            for line in _spoiled(name, lines, recipe.bad) if recipe.bad else lines:
                yield line
                sent += 1
                if sent % STATE_EVERY == 0:
                    yield state(name, sent)
    yield state("end", sent)


def records(stream: str, numbers: Iterable[int], version: int, seed: int = 1) -> Iterator[str]:
    """Yield RECORD lines of the rows `numbers` of a stream, as they are at `version`."""
    make = _MAKERS[stream]
    head = f'{{"type":"RECORD","stream":"{stream}","record":'
    for number in numbers:
        # Two rounds of multiplying and shifting (as in MurmurHash3's finaliser) spread the bits.
        mixed = (number * 0x9E3779B97F4A7C15 + seed * 0xC2B2AE3D27D4EB4F) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 33)) * 0xFF51AFD7ED558CCD) & 0xFFFFFFFFFFFFFFFF
        yield f"{head}{make(number, mixed ^ (mixed >> 29), version)}{EXTRACTED}"


def schema(stream: Stream) -> str:
    """Return the SCHEMA line of a stream."""
    return _line(
        type="SCHEMA", stream=stream.name, schema=stream.schema, key_properties=list(stream.keys)
    )


def state(stream: str, sent: int) -> str:
    """Return a STATE line that says how many records came before it."""
    return _line(type="STATE", value={"bookmarks": {stream: {"records": sent}}})


def _line(**message: object) -> str:
    return json.dumps(message, separators=(",", ":")) + "\n"


def _spoiled(stream: str, lines: Iterable[str], share: float) -> Iterator[str]:
    untyped, key = re.compile(UNTYPED[stream]), re.compile(KEYS[stream])
    due, spoiled = 0.0, 0
    for line in lines:
        due += share
        if due < 1:
            yield line
            continue
        due -= 1
        kind, spoiled = spoiled % 3, spoiled + 1
        if kind == 0:
            yield untyped.sub(lambda found: found[0].split(":")[0] + ':"unknown"', line, count=1)
        elif kind == 1:
            yield line[: len(line) // 2] + "\n"
        else:
            yield key.sub("", line, count=1)


def _order(number: int, mixed: int, version: int) -> str:
    day, clock = DAYS[number // 700 % 731], CLOCKS[mixed % 86_400]
    lines = ",".join(
        f'{{"line":{k},"sku":"SKU-{(mixed >> 5 * k) % 40_000:05d}","qty":{1 + (mixed >> k) % 4},'
        f'"unit_price":{(mixed >> 7 + k) % 200}.{(mixed >> 11 + k) % 100:02d}}}'
        for k in range(1, 2 + mixed % 3)
    )
    return (
        f'{{"order_id":"SO-{number:09d}","channel":"{CHANNELS[mixed >> 8 & 3]}",'
        f'"status":"{STATUSES[((mixed >> 10) + version) % 6]}",'
        f'"note":{NOTES[((mixed >> 13) + version) % 12]},"currency":"USD",'
        f'"total":{(mixed >> 17) % 2000 + version}.{(mixed >> 23) % 100:02d},'
        f'"tax":{(mixed >> 19) % 90}.{(mixed >> 27) % 10_000:04d},'
        f'"is_gift":{"true" if mixed & 16 else "false"},'
        f'"ordered_at":"{day}T{clock}-05:00",'
        f'"updated_at":"{day}T{CLOCKS[(mixed >> 9) % 86_400]}.{(mixed >> 21) % 1_000_000:06d}Z",'
        f'"lines":[{lines}],'
        f'"address":{{"street":"{(mixed >> 12) % 900 + 1} Main Street","city":"Springfield",'
        f'"postcode":"{(mixed >> 15) % 100_000:05d}","country":"US"}}}}'
    )


def _stock(number: int, mixed: int, version: int) -> str:
    day = DAYS[mixed % 731]
    return (
        f'{{"node":"DC-{number % NODES:02d}","sku":"SKU-{number // NODES:06d}",'
        f'"qty":{(mixed >> 9) % 5000 + version}.{(mixed >> 21) % 1000:03d},'
        f'"reserved":{(mixed >> 31) % 40},"is_sellable":{"true" if mixed & 7 else "false"},'
        f'"counted_at":"{day}T{CLOCKS[(mixed >> 11) % 86_400]}+00:00",'
        f'"updated_at":"{day}T{CLOCKS[(mixed >> 17) % 86_400]}.{(mixed >> 7) % 1000:03d}+00:00"}}'
    )


def _event(number: int, mixed: int, version: int) -> str:
    day = DAYS[mixed % 731]
    return (
        f'{{"event_id":"{mixed & 0xFFFFFFFF:08x}-{number:08x}",'
        f'"kind":"{KINDS[(mixed >> 5) % 7]}","parcel":"1Z{mixed % 10**16:016d}",'
        f'"occurred_at":"{day}T{CLOCKS[(mixed >> 3) % 86_400]}-06:00",'
        f'"recorded_at":"{day}T{CLOCKS[(mixed >> 8) % 86_400]}.{(mixed >> 25) % 1000:03d}+00:00",'
        f'"received_at":"{day}T{CLOCKS[(mixed >> 13) % 86_400]}.{(mixed >> 22) % 1_000_000:06d}Z",'
        f'"duration_ms":{(mixed >> 30) % 90_000 + version},'
        f'"message":"{MESSAGES[(mixed >> 33) & 3]} ({(mixed >> 35) % 1000})"}}'
    )


_MAKERS: dict[str, Callable[[int, int, int], str]] = {
    "orders": _order,
    "stock": _stock,
    "events": _event,
}


@click.command(help=__doc__)
@click.option("--records", "count", default=1_000_000, show_default=True, help="RECORD lines.")
@click.option("--updates", default=0.05, show_default=True, help="Share sent again, changed.")
@click.option("--bad", default=0.0, show_default=True, help="Share that none may load; 1 is all.")
@click.option("--seed", default=1, show_default=True, help="Another seed, other values.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def main(count: int, updates: float, bad: float, seed: int, path: Path) -> None:
    """Write one stream."""
    write(Recipe(count, updates, bad, seed), path)
    click.echo(f"{path}: {count:,} records, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
