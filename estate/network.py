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
from estate.request import Request
from estate.request_book import RequestBook
from estate.schema import SYSTEMS, TRUTH
from estate.service_levels import service_levels
from estate.shop import listing
from estate.sizes import SIZES
from estate.store import EstateError, Row
from estate.truth import read_truth
from estate.wms_view import INDEXES
from estate.world import PATIENCE, World, close_of

SETTINGS = "estate.json"


class Estate:
    """A simulated fulfilment network in a folder, its databases where their URLs say."""

    def __init__(self, home: Path, world: World, outlet: Outlet) -> None:
        self.home, self._world, self._outlet = home, world, outlet
        world.drop_folder = outlet.drop_folder
        self._requests = RequestBook.beside(home / "truth.sqlite")

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
        led: bool = False,
        patience: int | None = PATIENCE,
    ) -> "Estate":
        """Simulate `days` days with `orders` orders over all of them, into an empty or new folder.

        What is not given is as `size` has it: one of `estate.sizes.SIZES`. Later days bring as
        many orders a day. A `wild` estate has what real ones have and a hub must live with: WMS
        items without a GTIN. A `led` one is led from the day after these on: see `lead`. Raises
        EstateError where an estate is already.
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
        estate._requests.remove()
        day.open_books(world)
        outlet.write(world)
        estate.advance(days)
        if led:
            estate.lead(patience=patience)
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
        outlet.bring_up_to_date()
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

    def lead(self, on: bool = True, patience: int | None = PATIENCE) -> None:
        """Let nodes carry out what they are asked for, by the WMS's API and in 940s of the hub.

        The own sourcing then is a plain fallback: it takes an order's lines of which something is
        still open `patience` days after they were placed, None for never. What was accepted is
        carried out also after `on=False`, which makes the network decide by itself again.
        Raises EstateError for a patience below 0.
        """
        if patience is not None and patience < 0:
            raise EstateError(f"Patience is 0 days or more, or None for ever, not {patience}.")
        if on:
            self._requests.create()
            self._world.patience = patience
        self._world.led = on
        self._outlet.save(self._world, *(INDEXES if on else ()))

    @property
    def is_led(self) -> bool:
        """Whether nodes do what they are asked for, rather than what the own policy says."""
        return self._world.led

    @property
    def patience(self) -> int | None:
        """Days after which a led network helps itself; None for never."""
        return self._world.patience

    def advance(self, days: int = 1) -> None:
        """Play and write as many days; what is not yet written is played again after a crash."""
        for _ in range(days):
            day.play(self._world, self._drawn())
            self._outlet.write(self._world)

    def _drawn(self) -> list[Request]:
        """What the coming day has to carry out: fixed once, so that a day replays alike."""
        if not self._requests.is_there:
            return []
        outbound = self.drop_folder / "outbound" if self.is_led else None
        return self._requests.draw(self.day + 1, outbound)

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

    def service_levels(self, *, foresee: bool = False) -> list[Row]:
        """What each order got and cost, by number: the figures to compare policies by.

        `order_no`, `priority`, `placed_at`, `promised_by`, `delivered_at`, `asked_by` (who asked
        for its shipments: hub, fallback, network), `shipments` and `parcels` that left,
        `freight_cost` in USD, and base units `units_ordered`, `units_shipped`, `units_cancelled`.
        `delivered_at` is None until nothing is open and each parcel has arrived; a journey is
        decided when it begins, so that `foresee` tells arrivals after the close as well.
        """
        return service_levels(self._outlet.truth, None if foresee else self.now)

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

        The WMS's API is beside it, at `estate.wms_api_url` of that. `options` are those of
        `estate.server.Settings`.
        """
        settings = server.Settings(**options)
        with server.running(self.home / "truth.sqlite", port, settings) as url:
            yield url
