"""What the carriers' API knows and how it is asked for, as in EasyPost's reference."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, select

from estate import tracking_faults
from estate.easypost_shapes import Json, id_of, shipment_of, tracker_of
from estate.freight import SERVICES
from estate.schema import TRUTH
from estate.store import Row
from estate.world import close_of

PARCELS, SCANS, META = TRUTH["net.parcels"], TRUTH["net.scans"], TRUTH["net.meta"]
LARGEST_PAGE = 100
BEFORE = 900_000_000
"""From here on ids number the parcels that had a number before another, as that other does."""


class BadParameterError(Exception):
    """A query that EasyPost would refuse."""


class Records:
    """What the API knows at the estate's present close."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        rows = connection.execute(select(META.c.name, META.c.value))
        meta = {name: value for name, value in rows}
        self._now = close_of(int(meta["day"])).replace(tzinfo=None)
        self._faults = json.loads(meta["faults"])
        self._retold = {
            int(seq): datetime.fromisoformat(at)
            for seq, at in json.loads(meta.get("retold", "{}")).items()
        }

    def page(self, kind: str, query: Mapping[str, str]) -> Json | None:
        """A page of trackers or shipments, newest first; None where an id is not known."""
        size = _size(query.get("page_size", "20"))
        wanted = select(PARCELS).where(PARCELS.c.created_at <= self._now)
        order: ColumnElement[int] = PARCELS.c.seq.desc()
        for name in ("before_id", "after_id"):
            if name in query:
                seq = self._seq(kind, query[name])
                if seq is None:
                    return None
                at = _age(seq)
                wanted = wanted.where(
                    PARCELS.c.seq < at if name == "before_id" else PARCELS.c.seq > at
                )
        if "start_datetime" in query:
            wanted = wanted.where(PARCELS.c.created_at >= _time(query, "start_datetime"))
        if "end_datetime" in query:
            wanted = wanted.where(PARCELS.c.created_at <= _time(query, "end_datetime"))
        found = self._connection.execute(wanted.order_by(order).limit(size + 1)).mappings()
        rows = [dict(row) for row in found]
        shown = self._shown(kind, rows[:size])
        older = self._older(kind, query) if len(rows) <= size else []
        is_more = len(rows) > size or len(shown) + len(older) > size
        return {kind: (shown + older)[:size], "has_more": is_more}

    def one(self, kind: str, identifier: str) -> Json | None:
        """A tracker or shipment by its id."""
        seq = self._seq(kind, identifier)
        if seq and seq > BEFORE:
            return next((one for one in self._older(kind, {}) if one["id"] == identifier), None)
        query = select(PARCELS).where(PARCELS.c.seq == seq, PARCELS.c.created_at <= self._now)
        row = self._connection.execute(query).mappings().first() if seq else None
        return self._shown(kind, [dict(row)])[0] if row else None

    def carriers(self, query: Mapping[str, str]) -> Json:
        """The carriers' metadata; `carriers` and `types` narrow it, comma-separated."""
        names = query.get("carriers", "").split(",") if query.get("carriers") else None
        types = query.get("types", "").split(",") if query.get("types") else None
        carriers: dict[str, Json] = {}
        for service in SERVICES:
            name = service.metadata_carrier
            if names is not None and name not in names:
                continue
            carrier = carriers.setdefault(name, {"name": name, "human_readable": service.carrier})
            if types is None or "service_levels" in types:
                carrier.setdefault("service_levels", []).append({
                    "carrier": name,
                    "name": service.name,
                    "human_readable": service.title,
                    "description": None,
                    "max_weight": float(service.max_ounces),
                    "dimensions": ["Length + girth must be less than 108 inches"]
                    if service.carrier == "USPS"
                    else [],
                })  # fmt: skip
            for other in ("predefined_packages", "shipment_options", "supported_features"):
                if types is None or other in types:
                    carrier[other] = []
        return {"carriers": list(carriers.values())}

    def _seq(self, kind: str, identifier: str) -> int | None:
        # The parcel's number is in clear at the end of its id, so that no table of ids is needed.
        tail = identifier[-9:]
        seq = int(tail) if tail.isdigit() else None
        return seq if seq and identifier == id_of(kind, seq) else None

    def _shown(self, kind: str, rows: Sequence[Row]) -> list[Json]:
        numbers = [row["tracking_no"] for row in rows]
        query = select(SCANS).where(SCANS.c.tracking_no.in_(numbers), SCANS.c.known_at <= self._now)
        scans: dict[str, list[Row]] = {number: [] for number in numbers}
        for scan in self._connection.execute(query.order_by(SCANS.c.seq)).mappings():
            scans[scan["tracking_no"]].append(dict(scan))
        shown = []
        for row in rows:
            told = tracking_faults.told(self._faults, row, scans[row["tracking_no"]], self._now)
            since = max(row["created_at"], self._retold.get(row["seq"], row["created_at"]))
            shown.append((tracker_of if kind == "trackers" else shipment_of)(row, told, since))
        return shown

    def _older(self, kind: str, query: Mapping[str, str]) -> list[Json]:
        """Trackers of parcels that had a number before, the newest first; after all others."""
        seqs = tracking_faults.older(self._faults) if kind == "trackers" else []
        wanted = select(PARCELS).where(PARCELS.c.seq.in_(seqs)).order_by(PARCELS.c.seq.desc())
        found = []
        for row in self._connection.execute(wanted).mappings():
            old, scans = tracking_faults.predecessor(dict(row))
            place = BEFORE + old["seq"]
            at = old["created_at"]
            if (
                ("before_id" in query and _age(place) >= _age(int(query["before_id"][-9:])))
                or ("after_id" in query and _age(place) <= _age(int(query["after_id"][-9:])))
                or ("start_datetime" in query and at < _time(query, "start_datetime"))
                or ("end_datetime" in query and at > _time(query, "end_datetime"))
            ):
                continue
            tracker = tracker_of(old, scans, old["created_at"])
            found.append({**tracker, "id": id_of("trackers", place), "shipment_id": None})
        return found


def _age(seq: int) -> int:
    """The order in which parcels were made: those that had a number before come first."""
    return seq if seq < BEFORE else seq - 2 * BEFORE


def _size(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise BadParameterError(f"page_size must be a number from 1 to {LARGEST_PAGE}.")
    return int(text)


def _time(query: Mapping[str, str], name: str) -> datetime:
    try:
        at = datetime.fromisoformat(query[name])
    except ValueError as problem:
        raise BadParameterError(f"{name} must be an ISO 8601 time.") from problem
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(tzinfo=None)
