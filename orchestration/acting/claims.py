"""What actions have claimed of stock and demand, so that all that is sent fits the release.

A claim stands from the moment its action is about to be sent until the release shows what became
of it, the receiver refuses it, or it expires. It is taken under the lake's lock: whoever competes
for the last unit, one gets it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from decisions.schemas import AFTERWARDS

_TABLE = "lake.decisions.claim"


class Claims:
    """What is claimed of each resource, at one instant, within the caller's transaction."""

    def __init__(self, con: duckdb.DuckDBPyConnection, now: datetime, shown: Iterable[str]) -> None:
        """Give back what expired, and what the release shows: `shown` are idempotency keys."""
        con.execute(
            f"update {_TABLE} set status = 'shown' where status = 'standing' "  # noqa: S608
            "and list_contains(?, idempotency_key)",
            [list(shown)],
        )
        con.execute(
            f"update {_TABLE} set status = 'expired' "  # noqa: S608
            "where status = 'standing' and expires_at <= ?",
            [now],
        )
        self._con, self._now = con, now
        self._taken: list[dict[str, Any]] = []
        self._of: dict[str, Decimal] = defaultdict(Decimal)
        self._own: dict[tuple[str, str], Decimal] = {}
        rows = con.execute(
            f"select resource, idempotency_key, qty from {_TABLE} where status = 'standing'"  # noqa: S608
        ).fetchall()
        for resource, key, qty in rows:
            self._of[resource] += qty
            self._own[resource, key] = qty

    def too_much(self, action: Mapping[str, Any]) -> str | None:
        """Say what an action wants too much of; None where it may have it all.

        What was claimed under its own key, by a try that was given up, is its own.
        """
        for claim in json.loads(action["claims"] or "[]"):
            wanted, limit = Decimal(claim["qty"]), Decimal(claim["limit"])
            own = self._own.get((claim["resource"], action["idempotency_key"]), Decimal(0))
            left = max(limit - self._of[claim["resource"]] + own, Decimal(0))
            if wanted > left:
                return (
                    f"{claim['resource']}: {_plain(wanted)} wanted, {_plain(left)} left of "
                    f"{_plain(limit)} beside what was sent before"
                )
        return None

    def take(self, action: Mapping[str, Any], expires_at: datetime) -> None:
        """Claim all that an action wants; `write` keeps it."""
        for claim in json.loads(action["claims"] or "[]"):
            place = (claim["resource"], action["idempotency_key"])
            if place in self._own:
                continue
            self._own[place] = Decimal(claim["qty"])
            self._of[claim["resource"]] += Decimal(claim["qty"])
            self._taken.append(
                {
                    "resource": claim["resource"],
                    "idempotency_key": action["idempotency_key"],
                    "qty": Decimal(claim["qty"]),
                    "limit_qty": Decimal(claim["limit"]),
                    "status": "standing",
                    "claimed_at": self._now,
                    "expires_at": expires_at,
                }
            )

    def write(self) -> None:
        """Keep what was taken, in one statement."""
        if not self._taken:
            return
        self._con.register("taken", pa.Table.from_pylist(self._taken, AFTERWARDS["claim"]))
        self._con.execute(f"insert into {_TABLE} by name from taken")
        self._con.unregister("taken")
        self._taken.clear()


def give_back(con: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> None:
    """Return what actions claimed: their receivers refused them."""
    if not keys:
        return
    con.execute(
        f"update {_TABLE} set status = 'returned' "  # noqa: S608
        "where status = 'standing' and list_contains(?, idempotency_key)",
        [list(keys)],
    )


def standing_keys(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the keys whose claims stand."""
    rows = con.execute(
        f"select distinct idempotency_key from {_TABLE} where status = 'standing' order by all"  # noqa: S608
    ).fetchall()
    return [str(row[0]) for row in rows]


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
