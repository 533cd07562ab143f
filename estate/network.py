"""The estate as its users see it: create, open, advance, serve, tell the truth, break, mend."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, select

from estate import day, faults, identity_faults, server
from estate.outlet import Outlet
from estate.schema import SYSTEMS, TRUTH
from estate.shop import listing
from estate.sizes import SIZES
from estate.store import EstateError, Row
from estate.truth import read_truth
from estate.world import World, close_of

SETTINGS = "estate.json"


class Estate:
    """A simulated fulfilment network in a folder, its databases where their URLs say."""

    def __init__(self, home: Path, world: World, outlet: Outlet) -> None:
        self.home, self._world, self._outlet = home, world, outlet
        world.drop_folder = outlet.drop_folder

    @classmethod
    def create(
        cls,
        home: Path,
        *,
        seed: int = 7,
        size: str = "small",
        orders: int | None = None,
        days: int | None = None,
        products: int | None = None,
        erp_url: str | None = None,
        wms_url: str | None = None,
        shop_url: str | None = None,
        wild: bool = False,
    ) -> "Estate":
        """Simulate `days` days with `orders` orders over all of them, into an empty or new folder.

        What is not given is as `size` has it: one of `estate.sizes.SIZES`. Later days bring as
        many orders a day. A `wild` estate has what real ones have and a hub must live with: WMS
        items without a GTIN. Raises EstateError where an estate is already.
        """
        home = Path(home).resolve()
        if size not in SIZES:
            raise EstateError(f"There is no size '{size}'. There are: {', '.join(SIZES)}.")
        usual = SIZES[size]
        orders = usual.orders if orders is None else orders
        days = usual.days if days is None else days
        products = usual.products if products is None else products
        for name, value in {"orders": orders, "days": days, "products": products}.items():
            if value < 1:
                raise EstateError(f"An estate needs {name} of 1 or more, not {value}.")
        if (home / SETTINGS).exists():
            raise EstateError(f"{home} holds an estate already. Open it, or choose another folder.")
        if (home / "x12").exists() and not (home / "truth.sqlite").exists():
            raise EstateError(f"{home / 'x12'} is not an estate's. Choose another folder.")
        home.mkdir(parents=True, exist_ok=True)
        given = {"erp": erp_url, "wms": wms_url, "shop": shop_url}
        urls = {
            system: url or f"sqlite:///{home / f'{system}.sqlite'}" for system, url in given.items()
        }
        world = World(
            seed=seed, orders=orders, days=days, products=products, wild=wild,
            handovers=usual.handovers,
        )  # fmt: skip
        outlet = Outlet(home, urls)
        outlet.create_tables({system for system, url in given.items() if url})
        estate = cls(home, world, outlet)
        day.open_books(world)
        outlet.write(world)
        estate.advance(days)
        # Last, so that a creation that was cut short is not taken for an estate.
        # A URL may hold a password: nobody but the owner reads it.
        (home / SETTINGS).touch(mode=0o600)
        settings = {f"{system}_url": url for system, url in urls.items()}
        (home / SETTINGS).write_text(json.dumps(settings, indent=2), encoding="utf-8")
        return estate

    @classmethod
    def open(cls, home: Path) -> "Estate":
        """Continue where an estate was. Raises EstateError where there is none."""
        home = Path(home).resolve()
        if not (home / SETTINGS).exists():
            raise EstateError(f"{home} holds no estate. Make one: estate create --home {home}")
        settings = json.loads((home / SETTINGS).read_text(encoding="utf-8"))
        if missing := [name for name in SYSTEMS if f"{name}_url" not in settings]:
            raise EstateError(
                f"{home} is an estate of an earlier version, without {', '.join(missing)}."
                " Remove the folder, or make one in another: estate create --home FOLDER"
            )
        outlet = Outlet(home, {system: settings[f"{system}_url"] for system in SYSTEMS})
        with outlet.truth.connect() as connection:
            table = TRUTH["net.meta"]
            rows = connection.execute(select(table.c.name, table.c.value))
            world = World.from_meta({name: value for name, value in rows})
            world.book.load(connection)
        world.index()
        return cls(home, world, outlet)

    @property
    def day(self) -> int:
        """The number of the last day that closed, from 1."""
        return self._world.day

    @property
    def now(self) -> datetime:
        """The close of that day, UTC."""
        return close_of(self._world.day)

    @property
    def erp_url(self) -> str:
        """SQLAlchemy URL of the ERP's database."""
        return self._outlet.urls["erp"]

    @property
    def wms_url(self) -> str:
        """SQLAlchemy URL of the WMS's database."""
        return self._outlet.urls["wms"]

    @property
    def shop_url(self) -> str:
        """SQLAlchemy URL of the shop's database."""
        return self._outlet.urls["shop"]

    @property
    def drop_folder(self) -> Path:
        """Where X12 files lie: `inbound/` from the 3PL, `outbound/` from us."""
        return self._outlet.drop_folder

    def advance(self, days: int = 1) -> None:
        """Play and write as many days; what is not yet written is played again after a crash."""
        for _ in range(days):
            day.play(self._world)
            self._outlet.write(self._world)

    def truth(self) -> dict[str, list[Row]]:
        """Rows that the canonical tables must equal, by table; Decimal, str and aware datetimes."""
        world = self._world
        recalled = faults.recalled(world)
        tables = read_truth(self._outlet.truth, self.now, world.catalogue, recalled)
        tables["discrepancies"] += self._outlet.bent_stock(world)
        gone: dict[tuple[str, str], int] = {}
        for (node, _, sku, _), units in world.phantoms.items():
            gone[node, sku] = gone.get((node, sku), 0) + units
        tables["phantom_stock"] = [
            {"node_code": node, "sku": sku, "qty": Decimal(units)}
            for (node, sku), units in sorted(gone.items())
        ]
        tables["articles"] = [
            {"system": system, "source_key": str(key), "sku": product.sku}
            for product in world.catalogue.products
            for system, key in (
                ("wms", product.item_id),
                ("shop", listing(world.seed, product).listing_id),
            )
        ] + identity_faults.doubled(world)
        return tables

    def faults(self) -> Mapping[str, str]:
        """Faults that can be injected, each with a line about it."""
        return {name: fault.line for name, fault in faults.FAULTS.items()}

    @property
    def active_faults(self) -> tuple[str, ...]:
        """Faults that are in force."""
        return tuple(sorted(self._world.faults))

    def shown_url(self, system: str) -> str:
        """URL of `erp`, `wms` or `shop` without its password."""
        return make_url(self._outlet.urls[system]).render_as_string(hide_password=True)

    def inject(self, fault: str) -> None:
        """Break something in what the sources show; the truth stays as it is."""
        if fault not in faults.FAULTS:
            valid = ", ".join(sorted(faults.FAULTS))
            raise EstateError(f"There is no fault '{fault}'. There are: {valid}.")
        if fault in self._world.faults:
            return
        self._outlet.inject(self._world, fault)

    def clear(self) -> None:
        """Mend every fault: the sources show the truth again, under a new `updated_at`."""
        self._outlet.clear(self._world)

    @contextmanager
    def serve(self, port: int = 0, **options: Any) -> Iterator[str]:
        """Run the carriers' API on loopback; gives its base URL, as EasyPost's with `/v2`.

        `options` are those of `estate.server.Settings`.
        """
        settings = server.Settings(**options)
        with server.running(self.home / "truth.sqlite", port, settings) as url:
            yield url
