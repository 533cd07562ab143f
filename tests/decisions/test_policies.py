"""policies.yaml: every key that means nothing is refused with where it stands."""

from typing import Any

import jsonschema
import pytest

from decisions import DecisionError
from decisions.policies import read, schema


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"job": {}}, "p.yaml: job: There is no such key here."),
        ({"jobs": {"source_order": {}}}, "jobs has no 'source_order'. There are: source_orders"),
        ({"jobs": {"source_orders": {"polcy": {}}}}, "jobs.source_orders.polcy: There is no such"),
        (
            {"jobs": {"source_orders": {"policy": {"late": 1}}}},
            "jobs.source_orders.policy: Policy of job 'source_orders' has no key 'late'",
        ),
        ({"jobs": {"source_orders": {"checkpoint": {"on_expiry": "maybe"}}}}, "on_expiry"),
        ({"jobs": {"source_orders": {"checkpoint": {"expires_after": "soon"}}}}, "expires_after"),
        ({"jobs": {"source_orders": {"checkpoint": {"expires_after": "PT0S"}}}}, "expires_after"),
        ({"breakers": {"nod": {}}}, "breakers has no 'nod'. Kinds: job, system, node"),
        ({"breakers": {"node": {"failures": 0}}}, "breakers.node.failures"),
        ({"breakers": {"node": {"failures": 9, "of": 3}}}, "9 failures of the last 3 can never be"),
        ({"outbox": {"give_up_after": "-P1D"}}, "outbox.give_up_after"),
    ],
)
def test_what_means_nothing_is_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises(DecisionError) as error:
        read(document, "p.yaml")
    assert said in str(error.value)


def test_the_schema_refuses_what_is_no_key_and_takes_what_is_read() -> None:
    whole = schema()
    sound = {
        "jobs": {"source_orders": {"policy": {"late_per_day": 5}, "signals": {}}},
        "breakers": {"node": {"failures": 3, "cooldown": "PT1H"}},
    }
    jsonschema.validate(sound, whole)
    read(sound, "p.yaml")
    for path in (["jobs", "source_orders", "policy"], ["breakers", "node"], ["jobs"], []):
        document: dict[str, Any] = {}
        at = document
        for part in path:
            at = at.setdefault(part, {})
        at["nonsense"] = {}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, whole)
