"""What a decision job is, and what it hands back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

import pyarrow as pa
from pydantic import BaseModel

Autonomy = Literal["auto", "notify", "hold", "refuse"]
Mode = Literal["live", "shadow"]
Policy = TypeVar("Policy", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Option:
    """One way to decide: its plan, what each part of it costs, and why it lost if it did.

    `cost` is None for an option that was eliminated before it was priced.
    """

    label: str
    plan: Mapping[str, Any]
    cost: Decimal | None = None
    cost_parts: Mapping[str, Decimal] = field(default_factory=dict)
    eliminated_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A part of something finite that an action uses up: stock at a node, open units of a line.

    `resource` names it alike in every run and job; `limit` is all of it that the release has, in
    the unit of `qty`. Actions that are sent never claim more than the limit together.
    """

    resource: str
    qty: Decimal
    limit: Decimal


@dataclass(frozen=True, slots=True)
class Action:
    """Something that another system is asked to do.

    `basis` names the demand that the action answers: two actions with one basis are the same
    action, whichever run proposed them, so its hash is the idempotency key. `scopes` are what a
    breaker may stop it by, as `kind:name`, beside its job and its target system. It is sent when
    the receivers of all `after` have accepted; if it then cannot be, `undo` of those is sent.
    """

    target_system: str
    verb: str
    payload: Mapping[str, Any]
    basis: str
    scopes: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    after: tuple["Action", ...] = ()
    undo: "Action | None" = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of one subject.

    `options` come best first; the first is the chosen one unless the job refused.
    `lower_bound` is what no plan could undercut, in the unit of `objective`.
    """

    subject_type: str
    subject_uid: str
    subject_label: str
    options: tuple[Option, ...]
    objective: Decimal | None
    lower_bound: Decimal | None
    autonomy: Autonomy
    reason_codes: tuple[str, ...]
    summary: str
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a job decided in one run, in the order in which it decided."""

    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Job(Generic[Policy]):
    """A decision job: a name, what it reads, its policy and a pure function.

    `reads` maps a canonical entity to the columns that the job needs: the gate, the lineage and
    the tables handed to `decide` all derive from it. `decide(tables, policy, now, seed)` gets
    exactly these columns, and neither clock nor environment. `reference` are entities of these
    that describe how things are rather than how they stood at an instant: what is corrected in
    them later was so before as well.
    """

    name: str
    description: str
    reads: Mapping[str, tuple[str, ...]]
    policy: type[Policy]
    decide: Callable[[Mapping[str, pa.Table], Policy, datetime, int], Outcome]
    reference: frozenset[str] = frozenset()
