"""What EasyPost gives: trackers and shipments as they change, service levels as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors.stream import ContractStream, Record

if TYPE_CHECKING:
    from connectors.easypost.tap import TapEasyPost

_TERMINAL = frozenset({"delivered", "return_to_sender", "cancelled"})
_START = datetime.min.replace(tzinfo=UTC)


class EasyPostStream(ContractStream):
    """A stream whose records hold the contract's columns of what the API answers."""

    _tap: TapEasyPost

    def record(self, item: Mapping[str, Any]) -> Record:
        """Take the contracted columns of an answer, values unchanged."""
        return {column.name: item.get(column.name) for column in self.table.columns}


class ChangingStream(EasyPostStream):
    """A list of things that change after they were made, while the API finds them by making only.

    The state holds updated_at of the newest change, and `listed_from`: when the oldest thing was
    made that may still change. A run lists from there and emits what changed since the bookmark.
    Pages come newest first, so the state moves only once the list is complete.
    """

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[Record]:
        """Yield what changed at or after the bookmark."""
        state = self.get_context_state(None)
        bookmark = _moment(state.get("replication_key_value")) or _START
        # The SDK reads a number of a config file as Decimal, which timedelta refuses.
        lookback, settle = (float(self.config[name]) for name in ("lookback_days", "settle_days"))
        watch = Watch(lookback, settle, bookmark)
        params: dict[str, Any] = {"page_size": self.config["page_size"]}
        since = state.get("listed_from") or self.config.get("start_date")
        if since:
            params["start_datetime"] = since
        began: datetime | None = None
        for page in self._tap.api.pages(self.name, params):
            began = began or self._tap.api.answered_at
            for item in page:
                changed = watch.see(item)
                if changed is None or changed >= bookmark:
                    yield self.record(item)
        if watch.newest > _START:
            # What changed on a page already read, while later pages were, has yet to be seen.
            bookmark = min(watch.newest, began) if began else watch.newest
            state["replication_key"] = self.replication_key
            state["replication_key_value"] = bookmark.isoformat()
        if listed_from := watch.listed_from():
            state["listed_from"] = listed_from

    def _increment_stream_state(
        self, latest_record: Mapping[str, Any], *, context: Mapping[str, Any] | None = None
    ) -> None:
        """Leave the state: get_records writes it when the list is complete."""


class Trackers(ChangingStream):
    """Parcels on their way."""


class Shipments(ChangingStream):
    """Labels bought, with their rates."""

    def record(self, item: Mapping[str, Any]) -> Record:
        """Name the tracker, which the API nests."""
        tracker = item.get("tracker")
        found = tracker.get("id") if isinstance(tracker, dict) else None
        return super().record({"tracker_id": found} | dict(item))


class ServiceLevels(EasyPostStream):
    """Services of the carriers, whole each time."""

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[Record]:
        """Yield each carrier's services."""
        for carrier in self._tap.api.get("metadata/carriers").get("carriers") or []:
            for level in carrier.get("service_levels") or []:
                yield self.record({"carrier": carrier.get("name")} | level)


class Watch:
    """Remembers, while a list goes by, from when the next one has to begin.

    A thing may still change while its status is not terminal, and `settle_days` longer, since
    scans come late. Nothing made more than `lookback_days` before the newest thing is watched. Days
    are counted on the API's clock: from the newest change seen, not from this machine's time.
    """

    def __init__(self, lookback_days: float, settle_days: float, newest: datetime) -> None:
        self.lookback = timedelta(days=lookback_days)
        self.settle = timedelta(days=settle_days)
        self.newest = newest
        self._newest_made = _START
        self._open: list[datetime] = []
        self._ended: list[tuple[datetime, datetime]] = []

    def see(self, item: Mapping[str, Any]) -> datetime | None:
        """Take note of a thing; gives when it last changed, None where that cannot be read."""
        made, changed = _moment(item.get("created_at")), _moment(item.get("updated_at"))
        if changed:
            self.newest = max(self.newest, changed)
        if made:
            self._newest_made = max(self._newest_made, made)
            if item.get("status") in _TERMINAL and changed:
                self._ended.append((made, changed))
            else:
                self._open.append(made)
        return changed

    def listed_from(self) -> str | None:
        """When the oldest thing was made that may still change, else the newest of all."""
        if self._newest_made == _START:
            return None
        settled = self.newest - self.settle if self.newest > _START else self.newest
        watched = [*self._open, *(made for made, changed in self._ended if changed >= settled)]
        oldest = min([*watched, self._newest_made])
        oldest = max(oldest, self._newest_made - self.lookback)
        # Created *after* start_datetime, the API says, so a second earlier includes the instant.
        return (oldest - timedelta(seconds=1)).isoformat().replace("+00:00", "Z")


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found and found.tzinfo else None
