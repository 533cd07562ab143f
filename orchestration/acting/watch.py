"""People are told of what is stopped and of what waits for them: as incidents, one a cause."""

from collections.abc import Sequence
from datetime import UTC, datetime

from decisions.breaker import Breaker
from orchestration import decision_tables, incident_store, incidents
from orchestration.acting import breakers, checkpoint
from orchestration.hub import Hub
from orchestration.incidents import Change, Incident

_Found = dict[tuple[str, str], tuple[str, str, str]]


def watch(hub: Hub) -> None:
    """Open an incident for each open breaker and each job that a person is asked about.

    Each ends by itself when the breaker is closed or nothing waits any more.
    """
    contract = decision_tables.contract()
    owner = (contract.owner, contract.channel)
    now = datetime.now(UTC)
    with hub.lake.connect(read_only=True) as con:
        found = _stopped(breakers.listed(con))
        found |= _waiting(checkpoint.listed(con, "status = 'open'"))
        is_news = bool(incidents.watched(incident_store.standing(con), found, now, owner))
    if is_news:

        def changes(standing: Sequence[Incident]) -> list[Change]:
            return incidents.watched(standing, found, now, owner)

        incident_store.change(hub, changes, now, "record what is stopped and what waits")


def _stopped(known: Sequence[Breaker]) -> _Found:
    return {
        ("breaker", one.scope): (
            "error",
            f"The breaker of {one.scope} is open since {one.since:%Y-%m-%d %H:%M} UTC: "
            f"{one.reason}. Nothing is sent through it.",
            "Mend what it says. "
            + ("" if one.held_by else "It is probed by itself after its cool-down, if it may be; ")
            + f"`crossdock breakers close {one.scope} --reason …` closes it.",
        )
        for one in known
        if one.state == "open"
    }


def _waiting(asked: Sequence[checkpoint.Checkpoint]) -> _Found:
    by_job: dict[str, list[checkpoint.Checkpoint]] = {}
    for one in asked:
        by_job.setdefault(one.job, []).append(one)
    found: _Found = {}
    for job, waiting in by_job.items():
        first = min(waiting, key=lambda one: one.expires_at)
        count = f"{len(waiting)} decisions wait" if len(waiting) > 1 else "One decision waits"
        found["checkpoint", job] = (
            "warning",
            f"{count} for a person. The first, of {first.subject}, expires at "
            f"{first.expires_at:%Y-%m-%d %H:%M} UTC; what counts as said then: {first.on_expiry}.",
            "`crossdock checkpoints` lists them; approve or reject each.",
        )
    return found
