"""A lake that cannot be opened is told without it: incidents and their outbox are kept in the lake.

What is known of it stands in a file of the home, so that it is told once, and its end as well.
"""

import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

import decisions
from orchestration.alerts.alert import Alert
from orchestration.alerts.routes import routes
from orchestration.alerts.senders import NotDelivered, deliver
from orchestration.alerts.targets import Target
from orchestration.hub import Hub
from orchestration.incidents import Event
from orchestration.settings import Settings, load
from orchestration.step_errors import ours, told
from warehouse import durably
from warehouse.catalogs import LockBusy
from warehouse.errors import LakeError, is_damage

KEPT = "lake_out_of_reach.json"


def open_hub() -> Hub:
    """Open the hub; the operator is told if its lake cannot be opened, and when it can again."""
    try:
        hub = Hub.open()
    except Exception as error:
        if _is_out_of_reach(error):
            with suppress(Exception):  # what went wrong first is what the caller hears of
                _tell(load(), told(error))
        raise
    if (hub.settings.home / KEPT).exists():
        with suppress(Exception):  # nobody is kept from working by a message that can wait
            _tell(hub.settings, None)
    return hub


def _is_out_of_reach(error: Exception) -> bool:
    """Whether the lake is broken or away; not where only somebody else holds its lock."""
    own = ours(error)
    is_refused = isinstance(own, LakeError) and not isinstance(own.__cause__, LockBusy)
    return is_refused or is_damage(error)


def _tell(settings: Settings, why: str | None) -> None:
    """Tell each of the operator's targets once that the lake is away, or (None) is there again."""
    now, path, found = datetime.now(UTC), settings.home / KEPT, routes(settings)
    with FileLock(settings.home / "alerts.lock").acquire(timeout=0):
        kept = _read(path) or _begun(now, why)
        if why is not None:
            listed = found.to(f"#{settings.operator}", settings.operator)
            new = [target for target in listed if target.key not in kept["told"]]
            kept["told"] += _taken(new, _alert(settings, kept, "opened", now))
        else:
            heard = [target for key in kept["told"] if (target := found.find(key)) is not None]
            done = _taken(heard, _alert(settings, kept, "resolved", now))
            kept["told"] = [target.key for target in heard if target.key not in done]
        if why is None and not kept["told"]:
            path.unlink(missing_ok=True)
        else:
            durably.write(path, kept)


def _read(path: Path) -> dict[str, Any] | None:
    with suppress(FileNotFoundError, ValueError):
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found
    return None


def _begun(now: datetime, why: str | None) -> dict[str, Any]:
    incident = hashlib.sha256(f"lake{now.isoformat()}".encode()).hexdigest()[:8]
    return {"incident": incident, "since": now.isoformat(), "why": why or "", "told": []}


def _taken(targets: list[Target], alert: Alert) -> list[str]:
    """Send an alert; return the keys of the targets that took it, or never will."""
    keys = []
    for target in targets:
        try:
            deliver(alert, target)
        except NotDelivered as refused:
            if not refused.is_final:
                continue  # the next who opens the hub tries again
        keys.append(target.key)
    return keys


def _alert(settings: Settings, kept: dict[str, Any], event: Event, now: datetime) -> Alert:
    since = datetime.fromisoformat(kept["since"])
    return Alert(
        id=f"{kept['incident']}-{event}",
        incident=kept["incident"],
        event=event,
        severity="error",
        title="the lake cannot be opened",
        what=kept["why"],
        dataset="lake",
        rule="opens",
        owner=settings.operator,
        channel=f"#{settings.operator}",
        system="crossdock",
        since=since,
        blocked=() if event == "resolved" else ("release", *sorted(decisions.jobs())),
        mend="Mend what it says. Nothing is pulled, judged or decided until then.",
        occurred_at=now if event == "resolved" else since,
        sent_at=now,
    )
