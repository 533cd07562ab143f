"""A step that fails is an incident until it ends well; broken contracts are incidents already."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from orchestration import incident_store, incidents
from orchestration.hub import Hub

# Steps that fail because a contract is broken: that is told by the contract's own incident.
_OF_CONTRACTS = ("check_", "gate_")


def note(hub: Hub, job: str, failed: Mapping[str, str], ended_well: Iterable[str]) -> None:
    """Keep what a run means for incidents; ``failed`` is step -> message."""
    told = {s: m for s, m in failed.items() if not s.startswith(_OF_CONTRACTS)}
    good = set(ended_well)
    now = datetime.now(UTC)

    def changes(standing: list[incidents.Incident]) -> list[incidents.Change]:
        return incidents.ran(standing, job, told, good, now, lambda step: _owner(hub, step))

    with hub.lake.connect(read_only=True) as con:
        is_nothing = not changes(incident_store.standing(con))
    if not is_nothing:
        incident_store.change(hub, changes, now, "record a failed run")


def _owner(hub: Hub, step: str) -> tuple[str, str]:
    """Return whose a step is: a pull its source's, anything else the hub's operator's."""
    source = step.removeprefix("pull_")
    for contract in hub.contracts("sources") if source != step else ():
        if contract.name == source:
            return contract.owner, contract.channel
    return hub.settings.operator, f"#{hub.settings.operator}"
