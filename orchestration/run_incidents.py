"""A step that fails is an incident until it ends well; broken contracts are incidents already.

A gate that cannot judge is such a step; one that is closed has judged.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from orchestration import incident_store, incidents
from orchestration.hub import Hub
from orchestration.incidents import RUN, Change, Incident
from orchestration.step_errors import GATE, LOAD, gate_of


def note(hub: Hub, job: str, failed: Mapping[str, str], ended_well: Iterable[str]) -> bool:
    """Keep what a run means for incidents, and return whether it means anything for them.

    failed: step -> message. Steps that only contracts hold did not fail: they are among those
    that ended well.
    """
    good = {step for ended in ended_well for step in (ended, gate_of(ended))} - set(failed)
    now = datetime.now(UTC)

    def changes(standing: Sequence[Incident]) -> list[Change]:
        mine = [one for one in standing if one.contract == RUN and one.rule not in good]
        held = _held(mine, failed)
        folded = {step for others in held.values() for step in others}
        told = {step: text for step, text in failed.items() if step not in folded}
        found = incidents.ran(standing, job, told, good, now, lambda step: _owner(hub, step))
        return [_with(change, job, held.get(change.incident.rule)) for change in found]

    with hub.lake.connect(read_only=True) as con:
        is_news = bool(changes(incident_store.standing(con)))
    if is_news:
        incident_store.change(hub, changes, now, "record a failed run")
    return is_news


def _held(standing: Sequence[Incident], failed: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the gates that one cause keeps from judging, as the one that is told -> the others.

    The same cause ends the message alike, but for the name of the job whose gate it is. What
    keeps definitions from loading keeps gates from judging too.
    """
    texts = {one.rule: _text(one.rule, one.found) for one in standing}
    texts |= {step: _text(step, message) for step, message in sorted(failed.items())}
    held: dict[str, list[str]] = {}
    for step, text in texts.items():
        if step.startswith((GATE, LOAD)):
            alike = (root for root in held if _is_end_of_other(text, texts[root]))
            if (root := next(alike, step)) in held:
                held[root].append(step)
            else:
                held[step] = []
    return held


def _text(step: str, message: str) -> str:
    return re.sub(rf"\b{re.escape(step.removeprefix(GATE))}\b", "", message)


def _is_end_of_other(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)


def _with(change: Change, job: str, others: Sequence[str] | None) -> Change:
    if others is None:  # no gate, or one that answers
        return change
    echoes = tuple(f"{job} {other}" for other in others)
    return replace(change, incident=replace(change.incident, echoes=echoes))


def _owner(hub: Hub, step: str) -> tuple[str, str]:
    """Return whose a step is: a pull its source's, anything else the hub's operator's."""
    source = step.removeprefix("pull_")
    for contract in hub.contracts("sources") if source != step else ():
        if contract.name == source:
            return contract.owner, contract.channel
    return hub.settings.operator, f"#{hub.settings.operator}"
