"""outbox: what other systems are asked to do, and how far each of it is."""

from typing import Annotated

import typer
from rich.markup import escape

from contracts import CrossdockError
from orchestration.cli import app, err, out
from orchestration.cli.fitting import Column, fit

_SHOWN = 40

outbox = typer.Typer(
    help="What other systems are asked to do; send it.\n\nExample: `crossdock outbox`",
    invoke_without_command=True,
)
app.add_typer(outbox, name="outbox")


@outbox.callback()
def listed(
    context: typer.Context,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only these; repeat it.")
    ] = None,
) -> None:
    """Count the actions by system and status, and list what is not done, with why.

    Example: `crossdock outbox --status refused`
    """
    if context.invoked_subcommand is not None:
        return
    from collections import Counter

    from orchestration.acting import outbox as sending
    from orchestration.hub import Hub

    for name in status or ():
        if name not in sending.STATUSES:
            raise CrossdockError(
                f"'{name}' is no status of an action. There are: {', '.join(sending.STATUSES)}."
            )
    with Hub.open().lake.connect(read_only=True) as con:
        every = sending.listed(con, tuple(status or ()))
    if not every:
        such = (
            f"No action is {' or '.join(status)}." if status else "Nothing is asked of any system."
        )
        out.print(such)
        return
    counts = Counter((action["target_system"], action["status"]) for action in every)
    for (system, how), count in sorted(counts.items()):
        out.print(f"{system}: {count:,} {how}")
    chosen = every if status else [a for a in every if a["status"] not in ("accepted", "duplicate")]
    if not chosen:
        return
    shown = chosen[:_SHOWN]
    columns = [
        Column("key", [a["idempotency_key"][:8] for a in shown], is_number=False),
        Column("system", [a["target_system"] for a in shown], 3, is_number=False),
        Column("verb", [a["verb"] for a in shown], 4, is_number=False),
        Column("it is", [a["status"] for a in shown], is_number=False),
        Column("tries", [str(a["attempts"] or 0) for a in shown], 5),
        Column("why", [_why(a)[:60] for a in shown], 1, is_number=False),
    ]
    table, _ = fit(columns, out.width)
    out.print(table)
    if len(chosen) > len(shown):
        out.print(f"And {len(chosen) - len(shown):,} more.")
    for reason, count in Counter(_why(action) for action in chosen).most_common(5):
        if len(reason) > 60:
            out.print(f"{count:,} of them: {escape(reason)}")


@outbox.command()
def send() -> None:
    """Send what may be sent now; exit code 1 if a receiver took something not.

    Dagster's sensor `outbox` does so by itself.

    Example: `crossdock outbox send`
    """
    from collections import Counter

    from orchestration.acting import outbox as sending
    from orchestration.cli import acting_view
    from orchestration.hub import Hub

    hub = Hub.open()
    sent = sending.send(hub)
    if not sent:
        out.print("Nothing was sent.")
    for (system, outcome), count in sorted(
        Counter((one.action["target_system"], one.answer.outcome) for one in sent).items()
    ):
        out.print(f"{system}: {count:,} {_WORDS[outcome]}")
    with hub.lake.connect(read_only=True) as con:
        for line in acting_view.lines(con):
            out.print(line)
        waits = Counter(
            str(action["waits_for"])
            for action in sending.listed(con, ("proposed", "sending"))
            if action["waits_for"]
        )
    for reason, count in waits.most_common(3):
        out.print(f"{count:,} wait: {escape(reason)}")
    lost = [one for one in sent if one.answer.outcome != "accepted"]
    for one in lost:
        err.print(
            f"{one.action['idempotency_key'][:8]} {one.action['target_system']}: "
            f"{escape(one.answer.reason or '')}"
        )
    if lost:
        raise typer.Exit(1)


_WORDS = {"accepted": "accepted", "refused": "refused", "again": "to be tried again"}


def _why(action: dict[str, object]) -> str:
    if action["status"] == "held":
        return f"waits for checkpoint {str(action['checkpoint_uid'])[:8]}"
    return str(action["waits_for"] or action["last_error"] or "")
