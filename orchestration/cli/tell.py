"""Send what is to be told of incidents, and say on the screen who was told."""

from collections import Counter

from rich.markup import escape

from contracts import CrossdockError
from orchestration import alert_outbox
from orchestration.cli import err, out
from orchestration.hub import Hub


def tell(hub: Hub) -> None:
    """Send what is to be told of incidents; what is not taken now is tried again."""
    try:
        sent = alert_outbox.send(hub)
    except CrossdockError as error:
        err.print(f"[bold yellow]crossdock:[/] nobody was told: {escape(str(error))}")
        return
    told = Counter((one.target, one.event) for one in sent if one.error is None)
    for (target, event), count in sorted(told.items()):
        out.print(f"Told {escape(target)}: {count} incident{'s' * (count > 1)} {event}.")
    for one in sent:
        if one.error is not None:
            err.print(f"[bold yellow]crossdock:[/] {escape(one.target)}: {escape(one.error)}")
    if unheard := alert_outbox.unheard(hub):
        out.print(
            f"Nobody was told of {unheard} incident{'s' * (unheard > 1)}: no channel is set for "
            "them (orchestration/ALERTS.md); `crossdock incidents` lists them."
        )
