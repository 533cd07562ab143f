"""Whose value counts is data: another rule, another winner; a rule that says nothing is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.transforms.conftest import PROJECT

pytestmark = pytest.mark.slow  # a run of dbt a rule
RULES = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))["vars"]["survivorship"]


def test_a_source_that_fell_silent_has_no_word_and_a_rule_that_says_nothing_is_refused(
    tmp_path: Path, new_hub: Callable[..., Any], world: dict[str, Any]
) -> None:
    hub = new_hub(tmp_path / "home")
    facility = {**world["wms.facilities"][0], "name": "Reno as the WMS has it"}
    hub.load({**world, "wms.facilities": [facility]})

    def name_by(**changed: Any) -> tuple[str, str]:
        rules = [
            rule | {"sources": ["wms", "erp"]} | changed
            if (rule["entity"], rule["attribute"]) == ("node", "name")
            else rule
            for rule in RULES
        ]
        said = json.dumps({"survivorship": rules})
        hub.dbt("run", "--select", "+node", "+attribute_source", "--vars", said)
        ((name, source),) = hub.rows(
            "SELECT name, winner_source FROM canonical.node "
            "JOIN canonical.attribute_source ON entity_uid = node_uid "
            "WHERE node_code = 'RNO' AND entity = 'node' AND attribute = 'name'"
        )
        return name, source

    assert name_by() == ("Reno as the WMS has it", "wms")
    later = {**world["erp.warehouses"][0], "updated_at": "2026-05-01T08:00:00Z"}
    hub.load({"erp.warehouses": [later]})
    assert name_by(max_age_h=10_000) == ("Reno as the WMS has it", "wms")
    assert name_by(max_age_h=26) == ("Reno", "erp")

    with pytest.raises(AssertionError, match="'max_age' says nothing"):
        name_by(max_age=26)
    with pytest.raises(AssertionError, match=r"survivorship of nodes.name: values survive of"):
        name_by(entity="nodes")
