"""checkpoints: where a decision waits for a person."""

import getpass
import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from orchestration.cli import app, out
from orchestration.cli.fitting import Column, fit

if TYPE_CHECKING:
    from orchestration.acting.checkpoint import Checkpoint, Verdict

Uid = Annotated[str, typer.Argument(help="A checkpoint, or its first characters.")]
By = Annotated[str, typer.Option(help="Who; your login if not said.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the answer.")]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="An action's key, or its start: answer this one alone. Repeat it."),
]

checkpoints = typer.Typer(
    help="What waits for a person's word; approve or reject it.\n\n"
    "Example: `crossdock checkpoints`",
    invoke_without_command=True,
)
app.add_typer(checkpoints, name="checkpoints")


@checkpoints.callback()
def listed(
    context: typer.Context,
    is_all: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
) -> None:
    """List what waits for a person, the first to expire first; show, approve, reject, log.

    Example: `crossdock checkpoints`
    """
    if context.invoked_subcommand is not None:
        return
    from orchestration.acting import checkpoint
    from orchestration.hub import Hub

    with Hub.open().lake.connect(read_only=True) as con:
        found = checkpoint.listed(con, "true" if is_all else "status = 'open'")
    if not found:
        out.print("Nothing waits for a person.")
        return
    shown = sorted(found, key=lambda one: (one.status != "open", one.expires_at, one.subject))
    columns = [
        Column("checkpoint", [one.checkpoint_uid[:8] for one in shown], is_number=False),
        Column("job", [one.job for one in shown], 4, is_number=False),
        Column("subject", [one.subject for one in shown], is_number=False),
        Column("it is", [one.status for one in shown], 2, is_number=False),
        Column("because", [_because(one) for one in shown], 3, is_number=False),
        Column("actions", [str(len(one.keys)) for one in shown], 5),
        Column("expires", [f"{one.expires_at:%m-%d %H:%M}" for one in shown], 1, is_number=False),
        Column("then", [one.on_expiry for one in shown], 2, is_number=False),
    ]
    table, left_out = fit(columns, out.width)
    out.print(table)
    if left_out:
        out.print(f"Not shown for want of room: {', '.join(left_out)}.")
    out.print("`crossdock checkpoints show ID` gives the evidence of one.", markup=False)


@checkpoints.command()
def show(uid: Uid) -> None:
    """Show what is asked, on what evidence, what would be sent, and what was said of it.

    Example: `crossdock checkpoints show 3f9a`
    """
    from orchestration.acting import audit, checkpoint, outbox
    from orchestration.hub import Hub

    with Hub.open().lake.connect(read_only=True) as con:
        one = checkpoint.found(con, uid)
        actions = outbox.of_decision(con, one.decision_uid)
        is_other = "job = ? and subject = ? and checkpoint_uid <> ?"
        earlier = checkpoint.listed(con, is_other, [one.job, one.subject, one.checkpoint_uid])
        log = audit.entries(con, one.checkpoint_uid)
    out.print(f"[bold]{one.checkpoint_uid}[/] {one.job}, {escape(one.subject)}: {one.status}")
    out.print(f"asked because of {', '.join(one.triggers)}; opened {_at(one.opened_at)}")
    if one.status == "open":
        out.print(f"expires {_at(one.expires_at)}; what counts as said then: {one.on_expiry}")
    out.print(escape(one.evidence))
    for action in actions:
        said = action["status"]
        if action["idempotency_key"] in one.approved:
            said = f"approved, {said}"
        out.print(
            f"  {action['idempotency_key'][:8]} {action['verb']} to {action['target_system']}: "
            f"{said}\n    {escape(action['payload'])}"
        )
    for other in earlier:
        if other.decided_by is not None and other.status != "superseded":
            who, why = escape(other.decided_by), escape(other.reason or "")
            out.print(
                f"  Asked before, with other content: {other.status} by {who}: {why} "
                f"({other.checkpoint_uid[:8]})"
            )
    for entry in log:
        reason = json.loads(entry["entry"])["detail"].get("reason", "")
        said = f": {escape(reason)}" if reason else ""
        out.print(
            f"  {_at(entry['happened_at'])} {entry['kind']} by {escape(entry['actor'])}{said}"
        )
    out.print(
        f"`crossdock decide show {one.subject} --run {one.run_uid[:8]}` gives the options, what "
        "each costs, and why the others lost.",
        markup=False,
    )


@checkpoints.command()
def approve(uid: Uid, reason: Reason, by: By = "", only: Only = None) -> None:
    """Let what a checkpoint holds be sent; only the bytes that it shows.

    Example: `crossdock checkpoints approve 3f9a --reason "promised by phone"`
    """
    _answer(uid, "approve", by, reason, only or [])


@checkpoints.command()
def reject(uid: Uid, reason: Reason, by: By = "", only: Only = None) -> None:
    """Say no: what a checkpoint holds is not sent, nor the same bytes when decided again.

    Example: `crossdock checkpoints reject 3f9a --reason "customer cancelled"`
    """
    _answer(uid, "reject", by, reason, only or [])


@checkpoints.command()
def log() -> None:
    """Print the whole log of checkpoints, breakers and actions, and the hash that it ends with.

    Keep the last hash elsewhere and it proves that nothing before it was changed.

    Example: `crossdock checkpoints log`
    """
    from orchestration.acting import audit
    from orchestration.hub import Hub

    with Hub.open().lake.connect(read_only=True) as con:
        entries = audit.entries(con)
    for entry in entries:
        out.print(entry["entry"], soft_wrap=True, markup=False)
    out.print(f"{len(entries)} entries; the last hash is {entries[-1]['hash'] if entries else '-'}")


def _answer(uid: str, verdict: "Verdict", by: str, reason: str, only: list[str]) -> None:
    from orchestration.acting.checkpoints import answer
    from orchestration.hub import Hub

    one = answer(Hub.open(), uid, verdict, by=by or getpass.getuser(), reason=reason, only=only)
    out.print(_said(one))


def _said(one: "Checkpoint") -> str:
    counts = f"{len(one.approved)} approved, {len(one.rejected)} rejected"
    rest = f", {len(one.unanswered)} open" if one.unanswered else ""
    then = " `crossdock outbox send` sends what is approved." if one.approved else ""
    return f"{one.checkpoint_uid[:8]} {escape(one.subject)}: {one.status} ({counts}{rest}).{then}"


def _because(one: "Checkpoint") -> str:
    """The first reason; a checkpoint's own page has them all."""
    return one.triggers[0] if one.triggers else ""


def _at(instant: object) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
