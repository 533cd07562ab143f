"""What people are told of an incident: whose it is, where it comes from, what it holds up."""

from datetime import datetime

import decisions
from contracts import CrossdockError
from orchestration.alerts.alert import Alert
from orchestration.gate import reads
from orchestration.hub import Hub
from orchestration.incidents import ACTING, RUN, Event, Incident
from orchestration.source_fields import lineage, reach
from orchestration.step_errors import GATE, gate_of


def alert(hub: Hub, one: Incident, alert_id: str, event: Event, at: datetime) -> Alert:
    """Return the alert on an event of an incident that happened at an instant."""
    fields = source_fields(hub, one)
    return Alert(
        id=alert_id,
        incident=one.incident_id,
        event=event,
        severity="error" if one.severity == "error" else "warning",
        title=_title(one),
        what=one.message.partition(" Owner: ")[0],  # which the message tells in its own places
        rows=one.failing,
        dataset=one.dataset,
        rule=one.rule,
        source_fields=fields,
        owner=one.owner,
        channel=one.channel,
        system=_system(one, fields),
        since=one.since,
        blocked=() if event == "resolved" else blocked(hub, one),
        mend=one.mend,
        link=_link(hub, one),
        occurred_at=at,
        also=one.echoes,
    )


def source_fields(hub: Hub, one: Incident) -> tuple[str, ...]:
    """Return the source fields that an incident is about; none where they are not known."""
    schema, _, table = one.dataset.partition(".")
    if one.contract == RUN or one.field is None:
        return ()
    if schema != "canonical":
        return (f"{one.dataset}.{one.field}",)
    try:
        return tuple(sorted(lineage(hub).sources_of(table, one.field) or ()))
    except CrossdockError:
        return ()


def blocked(hub: Hub, one: Incident) -> tuple[str, ...]:
    """Return what waits for its end: the release for readers, and the jobs that stand on it."""
    if one.contract == RUN:
        return _blocked_by_step(one)
    if one.contract == ACTING:
        return (f"what is sent through {one.rule}",) if one.dataset == "breaker" else ()
    if one.severity != "error" or one.layer == "decisions":
        return ()
    held = []
    for name, job in sorted(decisions.jobs().items()):
        try:
            is_held = reach(hub).upstream(reads(job)).is_reached_by(one.dataset, one.field)
        except CrossdockError:
            is_held = True
        held += [name] if is_held else []
    return ("release", *held)


def _blocked_by_step(one: Incident) -> tuple[str, ...]:
    """Return what a step that failed holds up: a gate, or a decision itself, its job only."""
    steps = [gate_of(step) for step in (one.rule, *(echo.split()[-1] for echo in one.echoes))]
    jobs = tuple(step.removeprefix(GATE) for step in steps if step.startswith(GATE))
    return jobs if steps[0].startswith(GATE) else ("release", *jobs)


def _title(one: Incident) -> str:
    if one.contract == RUN and one.rule.startswith(GATE):
        return f"the gate of {one.rule.removeprefix(GATE)} cannot judge"
    if one.contract == RUN:
        return f"{one.rule} failed in {one.dataset}"
    if one.contract == ACTING:
        is_stop = one.dataset == "breaker"
        return f"{one.rule} is stopped" if is_stop else f"{one.rule} waits for a person"
    where = one.dataset if one.field is None else f"{one.dataset}.{one.field}"
    return f"{where} breaks {one.rule.removeprefix(one.dataset.partition('.')[2] + '.')}"


def _system(one: Incident, fields: tuple[str, ...]) -> str:
    """Return whose data it is: the sources behind it, else the hub's own."""
    if one.layer == "sources":
        return one.contract.partition("/")[2]
    return ", ".join(sorted({field.partition(".")[0] for field in fields})) or "crossdock"


def _link(hub: Hub, one: Incident) -> str | None:
    if hub.settings.url is None:
        return None
    base = str(hub.settings.url).rstrip("/")
    if one.contract == RUN:
        return f"{base}/runs"
    if one.contract == ACTING:
        return f"{base}/assets/outbox"
    return f"{base}/assets/{one.dataset.replace('.', '/')}?view=checks"
