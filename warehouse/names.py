"""Names of streams that may be shown: what a broken line claims as its stream may be anything."""

from collections import defaultdict

import duckdb

from warehouse import contracted
from warehouse.landing.reasons import CLAIMED

PLAIN = "[A-Za-z_][A-Za-z0-9_.$-]{0,99}"
HIDDEN = "<unreadable>"


def known(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Return the streams of each source that the hub met: landed, in a contract, or understood."""
    rows = con.execute(
        """SELECT source, stream FROM lake.hub.stream
        UNION SELECT source, stream FROM lake.hub.quarantine
            WHERE NOT list_contains($claimed, reason) AND regexp_full_match(stream, $plain)
        UNION SELECT source, '' FROM lake.hub.ledger""",
        {"claimed": sorted(CLAIMED), "plain": PLAIN},
    ).fetchall()
    found: dict[str, set[str]] = defaultdict(set)
    for source, stream in rows:
        found[source].update([stream] if stream else [])
    for source, streams in found.items():
        contract = contracted.read(source)
        streams.update(table.name for table in (contract.tables if contract else ()))
    return dict(found)


def shown(stream: str, streams: set[str]) -> str:
    """Return a stream's name, or a mark in place of one that may be a piece of somebody's data."""
    return stream if not stream or stream in streams else HIDDEN
