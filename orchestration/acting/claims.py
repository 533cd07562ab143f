"""What actions have claimed of stock and demand, so that all that is sent fits the release.

A claim stands from the moment its action is about to be sent until the release shows what became
of it, the receiver refuses it, or it expires. It is taken under the lake's lock: whoever competes
for the last unit, one gets it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

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
        self._of: dict[str, Decimal] = defaultdict(Decimal)
        rows = con.execute(
            f"select resource, sum(qty) from {_TABLE} where status = 'standing' group by resource"  # noqa: S608
        ).fetchall()
        self._of.update((resource, Decimal(qty)) for resource, qty in rows)

    def too_much(self, action: Mapping[str, Any]) -> str | None:
        """Say what an action wants too much of; None where it may have it all."""
        for claim in json.loads(action["claims"] or "[]"):
            wanted, limit = Decimal(claim["qty"]), Decimal(claim["limit"])
            left = max(limit - self._of[claim["resource"]], Decimal(0))
            if wanted > left:
                return (
                    f"{claim['resource']}: {_plain(wanted)} wanted, {_plain(left)} left of "
                    f"{_plain(limit)} beside what was sent before"
                )
        return None

    def take(self, action: Mapping[str, Any], expires_at: datetime) -> None:
        """Claim all that an action wants."""
        for claim in json.loads(action["claims"] or "[]"):
            self._of[claim["resource"]] += Decimal(claim["qty"])
            self._con.execute(
                f"insert into {_TABLE} (resource, idempotency_key, qty, limit_qty, status, "  # noqa: S608
                "claimed_at, expires_at) values (?, ?, ?, ?, 'standing', ?, ?)",
                [
                    *(claim["resource"], action["idempotency_key"]),
                    *(Decimal(claim["qty"]), Decimal(claim["limit"])),
                    *(self._now, expires_at),
                ],
            )


def give_back(con: duckdb.DuckDBPyConnection, key: str) -> None:
    """Return what an action claimed: its receiver refused it."""
    con.execute(
        f"update {_TABLE} set status = 'returned' "  # noqa: S608
        "where status = 'standing' and idempotency_key = ?",
        [key],
    )


def standing_keys(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the keys whose claims stand."""
    rows = con.execute(
        f"select distinct idempotency_key from {_TABLE} where status = 'standing' order by all"  # noqa: S608
    ).fetchall()
    return [str(row[0]) for row in rows]


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
