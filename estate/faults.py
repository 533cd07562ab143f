"""Faults on request: how a source may show a row otherwise than it is, or book what is not so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from estate import identity_faults, swings
from estate.deeds import Deed
from estate.document_faults import DOCUMENTS
from estate.geography import OWN
from estate.mispostings import MISPOSTINGS
from estate.push_failure import PushFailure
from estate.renaming import RENAMINGS, Renaming
from estate.schema import TRUTH
from estate.stock_faults import FLOOR
from estate.store import Row
from estate.tracking_faults import TELLINGS, Telling
from estate.world import World

NOBODY = "ZZ-99999"


@dataclass(frozen=True)
class Bend:
    """`choose` picks the keys of the rows, `bend` gives the columns that these rows show instead.

    A fault that `silences` a system holds back all that the system would have shown; `always` bends
    each row that the system shows, from the day of the fault on. `kind` is the class of the
    discrepancy that a bent figure of stock is.
    """

    line: str
    system: str
    table: str | None
    choose: Callable[[Connection, World], list[list[Any]]]
    bend: Callable[[Row, World], Row]
    silences: str | None = None
    always: Callable[[Row], Row] | None = None
    only_sqlite: bool = False
    kind: str | None = None


def _stock_keys(
    connection: Connection, world: World, articles: int, at: int = 0
) -> list[list[Any]]:
    table = TRUTH["wms.stock"]
    query = (
        select(table.c.bin_id, table.c.item_id, table.c.lot_code)
        .where(table.c.facility_code == OWN[at].code, table.c.disposition == "available")
        .where(table.c.qty > 0)
        .order_by(table.c.item_id, table.c.bin_id, table.c.lot_code)
    )
    # Where a figure is wrong already, two causes could not be told apart.
    wrong = {
        world.catalogue.by_sku[sku].item_id
        for (node, sku), row in world.book.rows["net.discrepancies"].items()
        if node == OWN[at].code and not row["is_closed"]
    } | {world.catalogue.by_sku[sku].item_id for _, _, sku, _ in world.phantoms}
    rows = [list(row) for row in connection.execute(query) if row.item_id not in wrong]
    items = sorted({row[1] for row in rows})
    rng = world.rng("fault")
    chosen = set(rng.sample(items, min(articles, len(items))))
    return [row for row in rows if row[1] in chosen]


def _cost_keys(connection: Connection, world: World) -> list[list[Any]]:
    return [[world.rng("fault").choice(world.catalogue.products).sku]]


def _line_keys(connection: Connection, world: World) -> list[list[Any]]:
    table = TRUTH["erp.sales_order_lines"]
    query = (
        select(table.c.order_no, table.c.line_no)
        .where(table.c.status == "open")
        .order_by(table.c.order_no.desc(), table.c.line_no)
    )
    found = connection.execute(query).first()
    return [list(found)] if found else []


def _lot_keys(connection: Connection, world: World) -> list[list[Any]]:
    table = TRUTH["wms.stock"]
    query = (
        select(table.c.item_id, table.c.lot_code)
        .where(table.c.disposition == "available", table.c.qty > 0)
        .order_by(table.c.item_id, table.c.lot_code)
    )
    rows = [list(row) for row in connection.execute(query)]
    return [world.rng("fault:recall").choice(rows)] if rows else []


def recalled(world: World) -> set[tuple[str, str]]:
    """Article and code of the lots that are recalled."""
    targets = world.faults.get("lot_recalled", {}).get("targets", ())
    return {(world.catalogue.by_item[item].sku, lot) for item, lot in targets}


def _rate_keys(connection: Connection, world: World) -> list[list[Any]]:
    table = TRUTH["erp.freight_rates"]
    query = select(*table.primary_key).order_by(*table.primary_key)
    rows = [[plain(value) for value in row] for row in connection.execute(query)]
    return world.rng("fault:transit").sample(rows, min(5, len(rows)))


def plain(value: Any) -> Any:
    """A part of a key as JSON keeps it."""
    return value.isoformat() if isinstance(value, date) else value


MARKS = ("updated_at", "occurred_at", "picked_at")
"""Where a system writes down when it changed a row: each table has one of these."""


def _ahead(row: Row) -> Row:
    return {mark: row[mark] + timedelta(hours=3) for mark in MARKS if mark in row}


def _case_flip(row: Row, world: World) -> Row:
    # What an upgrade does that reads the unit of measure from the wrong column: cases for eaches.
    factor = world.catalogue.by_item[row["item_id"]].case_factor
    return {"qty": (Decimal(row["qty"]) / factor).quantize(Decimal("0.000001"))}


BENDS = {
    "case_flip": Bend(
        "The WMS reports stock of some 20 articles at one node in cases instead of eaches.",
        "wms",
        "wms.stock",
        lambda connection, world: _stock_keys(connection, world, 20),
        _case_flip,
        kind="pack_factor",
    ),
    "negative_on_hand": Bend(
        "A bin of the WMS holds -3 pieces, and no movement says why.",
        "wms",
        "wms.stock",
        lambda connection, world: _stock_keys(connection, world, 1, at=1)[:1],
        lambda row, world: {"qty": Decimal(-3)},
        kind="unexplained",
    ),
    "text_in_number": Bend(
        "An article's unit cost in the ERP is a remark (SQLite takes text in a numeric column).",
        "erp",
        "erp.products",
        _cost_keys,
        lambda row, world: {"unit_cost": "See ASN-93 (ID#:1281)"},
        only_sqlite=True,
    ),
    "orphan_sku": Bend(
        "An open order line in the ERP names an article that nobody knows.",
        "erp",
        "erp.sales_order_lines",
        _line_keys,
        lambda row, world: {"sku": NOBODY},
    ),
    "lot_recalled": Bend(
        "A lot of which the WMS still holds units is recalled, while shipments wait to be picked.",
        "wms",
        "wms.lots",
        _lot_keys,
        lambda row, world: {"status": "recalled"},
    ),
    "negative_transit": Bend(
        "Some of the ERP's freight rates promise -2 days of transit.",
        "erp",
        "erp.freight_rates",
        _rate_keys,
        lambda row, world: {"transit_days": -2},
    ),
    "gtins_swapped": Bend(
        "Two items of the WMS carry each other's GTIN.",
        "wms",
        "wms.items",
        identity_faults.swapped_keys,
        identity_faults.swapped,
    ),
    "gtin_reused": Bend(
        "A listing of the shop carries the GTIN of an article that is being discontinued.",
        "shop",
        "shop.listings",
        identity_faults.reused_keys,
        identity_faults.reused,
    ),
    "clock_ahead": Bend(
        "The clock of the WMS is three hours ahead since this morning.",
        "wms",
        None,
        lambda connection, world: [],
        lambda row, world: {},
        always=_ahead,
    ),
    "stale_wms": Bend(
        "The WMS stops changing from now on, while all others go on.",
        "wms",
        None,
        lambda connection, world: [],
        lambda row, world: {},
        silences="wms",
    ),
}

Fault = Bend | Deed | Telling | Renaming | swings.Swing
FAULTS: Mapping[str, Fault] = {
    **BENDS,
    **MISPOSTINGS,
    **TELLINGS,
    **DOCUMENTS,
    **FLOOR,
    **RENAMINGS,
    **identity_faults.IDENTITY,
    **swings.SWINGS,
    "shop_push_failed": PushFailure(
        "The ERP's push of stock no longer reaches some of the shop's listings."
    ),
}
