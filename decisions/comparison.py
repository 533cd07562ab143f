"""What two runs decided otherwise, and what the difference costs."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from decisions.record import RunResult

_NOTHING = "not decided"


@dataclass(frozen=True)
class Changed:
    """A subject that was decided otherwise: the labels chosen, and what each costs.

    `regret` is what the first choice costs more than the second, both priced by the second run;
    None where that run did not price the first choice.
    """

    subject: str
    before: str
    after: str
    cost_before: Decimal | None
    cost_after: Decimal | None
    regret: Decimal | None


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side; every mapping has (first, second) by name, amounts as decided."""

    subjects: int
    changed: tuple[Changed, ...]
    costs: Mapping[str, tuple[Decimal, Decimal]]
    autonomy: Mapping[str, tuple[int, int]]
    reasons: Mapping[str, tuple[int, int]]

    @property
    def regret(self) -> Decimal:
        """What all first choices that were priced again cost more than the second."""
        return sum((one.regret for one in self.changed if one.regret is not None), Decimal(0))


def compare(first: RunResult, second: RunResult) -> Comparison:
    """Compare two runs of one job, subject by subject; subjects of either run count."""
    runs = _Run(first), _Run(second)
    subjects = sorted(runs[0].decided.keys() | runs[1].decided.keys())
    changed = []
    for uid in subjects:
        labels = [run.choice(uid) for run in runs]
        if labels[0] == labels[1]:
            continue
        before, after = (run.cost(uid, label) for run, label in zip(runs, labels, strict=True))
        again = runs[1].cost(uid, labels[0])
        regret = None if again is None or after is None else again - after
        known = runs[0].decided.get(uid) or runs[1].decided[uid]
        changed.append(Changed(known["subject_label"], labels[0], labels[1], before, after, regret))
    return Comparison(
        subjects=len(subjects),
        changed=tuple(changed),
        costs=_both([run.costs() for run in runs], Decimal(0)),
        autonomy=_both([Counter(d["autonomy"] for d in run.decided.values()) for run in runs], 0),
        reasons=_both([run.reasons() for run in runs], 0),
    )


class _Run:
    """A run's decisions by subject, and their options by label."""

    def __init__(self, result: RunResult) -> None:
        rows = result.decision.to_pylist()
        self.decided: dict[str, dict[str, Any]] = {row["subject_uid"]: row for row in rows}
        subject_of = {row["decision_uid"]: row["subject_uid"] for row in rows}
        self._options: dict[str, dict[str, dict[str, Any]]] = {uid: {} for uid in self.decided}
        for option in result.decision_option.to_pylist():
            self._options[subject_of[option["decision_uid"]]][option["label"]] = option

    def choice(self, uid: str) -> str:
        """The label that was chosen; why not where nothing was."""
        if uid not in self.decided:
            return _NOTHING
        for label, option in self._options[uid].items():
            if option["is_chosen"]:
                return label
        return str(self.decided[uid]["autonomy"])

    def cost(self, uid: str, label: str) -> Decimal | None:
        """What an option costs in this run; None where it was not priced."""
        option = self._options.get(uid, {}).get(label)
        return None if option is None else option["cost"]

    def costs(self) -> Mapping[str, Decimal]:
        """The cost of all that was chosen, by part."""
        found: dict[str, Decimal] = {}
        for options in self._options.values():
            for option in options.values():
                if option["is_chosen"]:
                    for part, cost in json.loads(option["cost_parts"]).items():
                        found[part] = found.get(part, Decimal(0)) + Decimal(cost)
        return found

    def reasons(self) -> Mapping[str, int]:
        """How often each reason code was given."""
        return Counter(code for row in self.decided.values() for code in row["reason_codes"])


def _both(given: list[Mapping[str, Any]], nothing: Any) -> dict[str, tuple[Any, Any]]:
    names = sorted(given[0].keys() | given[1].keys())
    return {name: (given[0].get(name, nothing), given[1].get(name, nothing)) for name in names}
