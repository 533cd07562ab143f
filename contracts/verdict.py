"""A verdict: one rule held against one table, worded for the person who must act on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.model import Contract, Rule
from contracts.promises import PROMISES, question, unkept

PASSED, FAILED, NOT_EVALUATED = "passed", "failed", "not_evaluated"
REDACTED = "[redacted]"


@dataclass(frozen=True)
class Verdict:
    """What came of one rule; a rule that could not be held against its table counts as failed.

    `held` of the `failing` rows are held apart; where all are, and few, the severity is warning.
    """

    contract: str
    contract_version: str
    dataset: str
    column: str | None
    rule: str
    kind: str
    dimension: str
    severity: str
    policy: str
    status: str
    failing: int | None
    held: int | None
    evaluated: int | None
    sample: tuple[str, ...]
    message: str
    owner: str
    channel: str
    mend: str | None
    cost_s: float

    @property
    def blocks(self) -> bool:
        """Whether it stops a release: an error that is not known to hold."""
        return self.severity == "error" and self.status != PASSED


def verdict(
    contract: Contract,
    rule: Rule,
    status: str,
    *,
    what: str,
    severity: str | None = None,
    failing: int | None = None,
    held: int | None = None,
    evaluated: int | None = None,
    sample: Sequence[str] = (),
    cost_s: float = 0.0,
) -> Verdict:
    """Word a verdict; ``what`` says what is wrong, and is only used when the rule did not pass."""
    dataset = contract.dataset(rule.table)
    mend = rule.mend or _mend(contract, rule, status)
    message = f"{dataset}: {rule.id} holds."
    if status != PASSED:
        rest = _rest(sample, contract.owner, contract.channel, mend)
        message = f"{_where(dataset, rule.column)}: {what}{rest}"
    return Verdict(
        contract=contract.key,
        contract_version=contract.version,
        dataset=dataset,
        column=rule.column,
        rule=rule.id,
        kind=rule.kind,
        dimension=rule.dimension,
        severity=severity or rule.severity,
        policy=rule.policy,
        status=status,
        failing=failing,
        held=held,
        evaluated=evaluated,
        sample=tuple(sample),
        message=message,
        owner=contract.owner,
        channel=contract.channel,
        mend=mend,
        cost_s=round(cost_s, 4),
    )


def reason(of: Verdict) -> str:
    """Return of a message what is wrong, without where, examples, owner and mend.

    For who shows those apart. Of a verdict that another version worded it may be the whole message.
    """
    rest = _rest(of.sample, of.owner, of.channel, of.mend)
    return of.message.removeprefix(f"{_where(of.dataset, of.column)}: ").removesuffix(rest)


def _where(dataset: str, column: str | None) -> str:
    return f"{dataset}.{column}" if column else dataset


def _rest(sample: Sequence[str], owner: str, channel: str, mend: str | None) -> str:
    shown = f" For example {'; '.join(sample[:3])}." if sample else ""
    return f"{shown} Owner: {owner} ({channel}). {mend}"


def broken(rule: Rule, failing: int | None, evaluated: int | None, measured: object) -> str:
    """Say what is wrong with a rule that failed, in one sentence."""
    if measured is not None or failing is None:
        if rule.kind in PROMISES:
            return unkept(rule, None if measured is None else float(str(measured)))
        unit = " %" if rule.unit == "percent" else ""
        return f"{rule.id} is {measured}{unit}; it must be {wanted(rule)}.{_because(rule)}"
    rows = f"{failing} of {evaluated} rows" if evaluated is not None else f"{failing} rows"
    value = rule.arguments.get("value")
    match rule.kind:
        case "required" | "nullValues":
            return f"{rows} have no {rule.column}."
        case "primary_key" | "unique" | "duplicateValues":
            listed = rule.arguments.get("properties") or [rule.column]
            return f"{failing} values of {', '.join(map(str, listed))} occur more than once."
        case "references":
            table, column = rule.arguments["to"]
            return f"{rows} have a {rule.column} that no {table}.{column} knows."
        case "retention":
            age = f"{rule.arguments['value']:g} {rule.arguments['unit']}"
            return f"{rows} have a {rule.column} that is older than {age}."
        case "sql" | "greatExpectations":
            broken_by = "1 row breaks" if failing == 1 else f"{failing} rows break"
            return f"{broken_by} {rule.id}.{_because(rule)}"
        case "invalidValues" | "missingValues":
            details = "; ".join(f"{k}: {v}" for k, v in rule.arguments.items())
            return f"{rows} have a {rule.column} that is not allowed ({details})."
        case kind:
            return f"{rows} have a {rule.column} that breaks {kind} {value}."


def wanted(rule: Rule) -> str:
    """Return what a rule's number is held against: ``at most 5 %``."""
    name, value = rule.comparator
    return f"{_WORDS[name]} {value}{' %' if rule.unit == 'percent' else ''}"


_WORDS = {
    "mustBe": "exactly",
    "mustNotBe": "anything but",
    "mustBeGreaterThan": "above",
    "mustBeGreaterOrEqualTo": "at least",
    "mustBeLessThan": "below",
    "mustBeLessOrEqualTo": "at most",
    "mustBeBetween": "within",
    "mustNotBeBetween": "outside",
}


def _because(rule: Rule) -> str:
    return f" {rule.description}" if rule.description else ""


def _mend(contract: Contract, rule: Rule, status: str) -> str:
    """Suggest a mend where the contract gives none: whom to ask, and for what."""
    field = f"{rule.table}.{rule.column}" if rule.column else rule.table
    if contract.layer != "sources":
        return (
            f"Look which source field {field} comes from (`crossdock check` names it), mend it "
            f"there, or mend the model in transforms/, then run again."
        )
    match "type" if status == NOT_EVALUATED else rule.kind:
        case "exists" | "type":
            asked = "whether it was renamed or retyped, then mend the contract or the source"
        case kind if said := question(kind):
            asked = said
        case "rowCount":
            asked = "whether it still writes, and look at the last pull's log"
        case _:
            asked = "to mend these rows at the source; the next pull brings them in"
    return f"Ask {contract.owner} about {contract.name}'s {field}: {asked}."
