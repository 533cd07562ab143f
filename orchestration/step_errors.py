"""What an error says to a person, and whether a step failed or only contracts hold it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from contracts import CrossdockError
from decisions import DecisionError

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

LOAD = "load_definitions"  # what a job does before its first step
GATE, DECISION = "gate_", "decisions__"
# A step that ends in one of these did what it is for: what is broken is told by the contracts'
# own incidents. By name, as Dagster keeps no more of an error than that.
_OF_CONTRACTS = {"DagsterAssetCheckFailedError", "GateClosed", "ContractsBroken"}
_ROOMS = ("contracts", "connectors", "warehouse", "decisions", "orchestration", "estate")
_LONGEST = 600


def ours(error: BaseException) -> BaseException | None:
    """Return the outermost error of ours in a chain, which says what, where and the mend."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, CrossdockError | DecisionError):
            return link
        link = link.__cause__ or link.__context__
    return None


def told(error: BaseException) -> str:
    """Word an error in a line or a few: one of ours as it is, another with its class."""
    if (own := ours(error)) is not None:
        return str(own)
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:_LONGEST]


def cause(error: "SerializableErrorInfo | None") -> str | None:
    """Return what a step's error says: the outermost of ours, else the innermost of all.

    Our own errors say what, where and the mend; the class name in front of it tells nobody more.
    """
    links = list(_links(error))
    if not links:
        return None
    own = (link for link in links if link.message.partition(".")[0] in _ROOMS)
    text = next(own, links[-1]).message.strip()
    name, _, rest = text.partition(": ")
    return rest if rest and "." in name and " " not in name else text


def failed_at(step: str, error: "SerializableErrorInfo | None") -> str | None:
    """Return the step that an error is about; None where only contracts hold it.

    A decision whose gate could not judge failed at its gate, wherever that was asked.
    """
    kinds = {link.cls_name for link in _links(error)}
    if kinds & _OF_CONTRACTS:
        return None
    return gate_of(step) if "GateUnanswered" in kinds else step


def gate_of(step: str) -> str:
    """Return the gate that a decision asks before it starts; any other step as it is."""
    job = step.removeprefix(DECISION)
    return step if job == step else GATE + job


def _links(error: "SerializableErrorInfo | None") -> Iterator["SerializableErrorInfo"]:
    while error is not None:
        yield error
        error = error.cause
