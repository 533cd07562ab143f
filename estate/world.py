"""The state of the simulated network on its way through a day."""

import json
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from estate.catalogue import Catalogue
from estate.store import Book, Row

FIRST_DAY = date(2026, 3, 2)
CLOSE = time(22, 0)
PATIENCE = 2


def close_of(day: int) -> datetime:
    """When a day closes, UTC; day 0 is the evening on which the books were opened."""
    return datetime.combine(FIRST_DAY + timedelta(days=day - 1), CLOSE, UTC)


class World:
    """Rows, clock, counters and chance. Times inside are naive UTC, as the databases keep them."""

    def __init__(
        self,
        *,
        seed: int,
        orders: int,
        days: int,
        products: int,
        wild: bool,
        handovers: bool = False,
    ) -> None:
        self.seed, self.orders, self.days, self.wild = seed, orders, days, wild
        self.handovers = handovers
        self.led = False
        """Whether nodes are told what others ask for, instead of what the own policy says."""
        self.patience: int | None = PATIENCE
        """Days that a led network waits for somebody to ask before it helps itself; None: ever."""
        self.catalogue = Catalogue(seed, products)
        self.book = Book()
        self.day = 0
        self.counters: dict[str, int] = defaultdict(int)
        self.faults: dict[str, dict[str, Any]] = {}
        self.phantoms: dict[tuple[str, ...], int] = {}
        """Base units that every system still tells of a position of `net.stock`, and are gone."""
        self.drop_folder = Path()
        """Where the documents lie that were exchanged up to now."""
        self.retold: dict[str, str] = {}
        """When the carriers last changed their tale of a parcel, by its running number."""
        self.files: dict[str, bytes | None] = {}
        self.packed: dict[str, list[Any]] = {}
        self.listings: dict[str, Any] = {}
        """The shop's `Listing` by article, as far as it was asked for: to derive one is slow."""
        self.positions: dict[tuple[str, str], list[Row]] = defaultdict(list)
        """Rows of `net.stock` by node and article."""
        self.allocated: dict[tuple[str, str], int] = defaultdict(int)
        """Base units that open shipments will take, by node and article."""

    @property
    def rate(self) -> Fraction:
        """Orders a day."""
        return Fraction(self.orders, self.days)

    @property
    def date(self) -> date:
        """The calendar day being played."""
        return FIRST_DAY + timedelta(days=self.day - 1)

    @property
    def close(self) -> datetime:
        """The naive UTC time at which the day closes."""
        return close_of(self.day).replace(tzinfo=None)

    def at(self, hour: int, minute: float = 0) -> datetime:
        """A time of the day being played; minutes may pass 60."""
        return datetime.combine(self.date, time(hour)) + timedelta(seconds=round(minute * 60))

    def rng(self, purpose: str) -> Random:
        """Chance that depends on nothing but seed, day and purpose, so that a day replays alike."""
        return Random(f"{self.seed}:{self.day}:{purpose}")  # noqa: S311 - a simulation, not a secret

    def number(self, counter: str) -> int:
        """The next number of a series, from 1."""
        self.counters[counter] += 1
        return self.counters[counter]

    def entered(self) -> datetime:
        """When the next piece of master data was typed in, in the month before the first day.

        One after the other, as people do it: rows that all bear one instant would come whole with
        every incremental pull, which has to ask for `>=` the newest that it knows.
        """
        return self.close - timedelta(days=30) + timedelta(seconds=37 * self.number("entered"))

    def index(self) -> None:
        """Find again, from rows just loaded, what is otherwise kept up as they change."""
        for row in self.book.all("net.stock"):
            self.positions[row["node"], row["sku"]].append(row)
        for *key, units in self.faults.get("phantom_stock", {}).get("targets", ()):
            self.phantoms[tuple(key)] = units
        for line in self.book.all("net.shipment_lines"):
            shipment = self.book.rows["net.shipments"][line["shipment_no"],]
            self.allocated[shipment["node"], line["sku"]] += line["ordered"]

    def available(self, node: str, sku: str) -> int:
        """Base units on the shelf that may be picked, allocated or not."""
        rows = self.positions[node, sku]
        return sum(row["qty"] for row in rows if row["disposition"] == "available")

    def to_meta(self) -> dict[str, str]:
        """What `from_meta` needs, by name."""
        return {
            "seed": str(self.seed),
            "orders": str(self.orders),
            "days": str(self.days),
            "wild": str(int(self.wild)),
            "handovers": str(int(self.handovers)),
            "led": str(int(self.led)),
            "patience": json.dumps(self.patience),
            "products": str(len(self.catalogue.products)),
            "day": str(self.day),
            "counters": json.dumps(dict(sorted(self.counters.items()))),
            "faults": json.dumps(self.faults, sort_keys=True),
            "retold": json.dumps(self.retold, sort_keys=True),
        }

    @classmethod
    def from_meta(cls, meta: dict[str, str]) -> "World":
        """A world without its rows: `book.load` brings them."""
        sizes = {name: int(meta[name]) for name in ("seed", "orders", "days", "products")}
        # An estate of an earlier version does not say.
        handovers = meta.get("handovers") == "1"
        world = cls(**sizes, wild=meta["wild"] == "1", handovers=handovers)
        world.led = meta.get("led") == "1"
        world.patience = json.loads(meta.get("patience", str(PATIENCE)))
        world.day = int(meta["day"])
        world.counters.update(json.loads(meta["counters"]))
        world.faults = json.loads(meta["faults"])
        world.retold = json.loads(meta.get("retold", "{}"))
        return world
