"""What became of decisions in a few lines: what was sent, what waits, what is stopped."""

from collections import Counter
from collections.abc import Iterator

import duckdb

from orchestration.acting import breakers, checkpoint, outbox

_SAID = {
    "accepted": "accepted",
    "sending": "to be sent again",
    "proposed": "not sent yet",
    "refused": "refused",
    "failed": "given up",
    "conflict": "in conflict",
}


def lines(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield a line on the outbox, on open checkpoints and on open breakers, where there are any."""
    every = outbox.listed(con)
    counts = Counter(action["status"] for action in every)
    said = [f"{counts[status]:,} {words}" for status, words in _SAID.items() if counts[status]]
    if said:
        yield f"[bold]Outbox[/] {', '.join(said)}; `crossdock outbox` tells why."
    asked = checkpoint.listed(con, "status = 'open'")
    if asked:
        first = min(one.expires_at for one in asked)
        yield (
            f"[bold]A person is asked[/] about {len(asked):,}, the first until "
            f"{first:%Y-%m-%d %H:%M} UTC: `crossdock checkpoints`."
        )
    for one in breakers.listed(con):
        if one.state != "closed":
            yield f"[red]Breaker {one.scope} is {one.state}[/]: {one.reason}. `crossdock breakers`"
