"""The network as its databases hold it at the last close, with the requests that still wait."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from estate.judging import OpenLine
from estate.request import Request
from estate.request_page import Page

INDEXES = (
    "create index if not exists net_stock_sku on net_stock (sku, node)",
    "create index if not exists net_shipment_lines_open on net_shipment_lines (sku)"
    " where is_closed = 0",
)
"""What a view of truth.sqlite needs so that an answer does not cost a scan of all stock."""


class StoreView:
    """truth.sqlite as `estate.judging.View`; `connection` must stand on one snapshot."""

    def __init__(self, connection: Connection, page: Page) -> None:
        self._connection, self._page = connection, page
        meta = dict(self._rows("select name, value from net_meta"))
        self.day, self.is_led = int(meta["day"]), meta.get("led") == "1"
        faults = json.loads(meta["faults"])
        self._phantoms = faults.get("phantom_stock", {}).get("targets", ())

    def lines(self, request: Request) -> Mapping[int, OpenLine] | None:
        """Lines by number, less what waiting requests will take."""
        number = request.order_no
        if not self._rows("select 1 from erp_sales_orders where order_no = :o", o=number):
            return None
        query = (
            "select n.line_no, n.sku, e.sku, n.ordered - n.cancelled - n.allocated - n.shipped"
            " from net_lines n join erp_sales_order_lines e using (order_no, line_no)"
            " where order_no = :o"
        )
        found = {}
        for line_no, sku, told, units in self._rows(query, o=number):
            left = units - self._page.pending_of_line(self.day, number, line_no)
            found[line_no] = OpenLine(sku, frozenset({sku, told}), left)
        return found

    def free(self, node: str, sku: str) -> int:
        """What the node's books hold; units that are gone unnoticed stand there still."""
        stock = (
            "select coalesce(sum(qty), 0) from net_stock"
            " where sku = :s and node = :n and disposition = 'available'"
        )
        promised = (
            "select coalesce(sum(ordered), 0) from net_shipment_lines"
            " join net_shipments using (shipment_no)"
            " where net_shipment_lines.is_closed = 0 and sku = :s and node = :n"
        )
        gone = sum(units for at, _, what, _, units in self._phantoms if (at, what) == (node, sku))
        held, asked = (int(self._rows(q, s=sku, n=node)[0][0]) for q in (stock, promised))
        return held + int(gone) - asked - self._page.pending_at(self.day, node, sku)

    def shipment(self, shipment_no: str) -> tuple[str, str] | None:
        """Node and status, `released` also where a waiting request asks for it."""
        seq, is_cancelled = self._page.pending(self.day, shipment_no)
        query = "select node, status from net_shipments where shipment_no = :n"
        known = [(str(node), str(status)) for node, status in self._rows(query, n=shipment_no)]
        if not known and seq is not None:
            known = [(self._page.effects_of(seq)[0][2], "released")]
        if not known:
            return None
        ((node, status),) = known
        return node, "cancelled" if is_cancelled and status == "released" else status

    def lines_of_shipment(self, shipment_no: str) -> list[tuple[str, int, str, int, int]]:
        """Order, line, article, base units asked for and shipped, by line number."""
        query = (
            "select order_no, line_no, sku, ordered, shipped from net_shipment_lines"
            " where shipment_no = :n order by line_no"
        )
        return [(r[0], r[1], r[2], r[3], r[4]) for r in self._rows(query, n=shipment_no)]

    def outcome(self, key: str) -> tuple[str, str | None, str | None] | None:
        """What a day made of a request by the API: status, reason and detail."""
        query = "select status, reason, detail from net_requests where channel = 'wms' and key = :k"
        found = self._rows(query, k=key)
        return (found[0][0], found[0][1], found[0][2]) if found else None

    def _rows(self, query: str, **values: Any) -> list[Any]:
        return list(self._connection.execute(text(query), values))
