"""Where a node's name of an article is doubted, the difference is its own, and names its task."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.slow
def test_a_doubted_name_makes_its_system_the_suspect_and_names_the_task(
    tmp_path: Path, world: dict[str, Any], new_hub: Callable[..., Any]
) -> None:
    hub = new_hub(tmp_path)
    hub.load(world)
    (item,) = [row for row in world["wms.items"] if row["item_id"] == 501]
    hub.load({"wms.items": [{**item, "description": "Garden hose 25 m, green"}]})
    hub.dbt("run", "--select", "+recon_inventory", "+steward_task", "+node", "+product")

    ((task,),) = hub.rows(
        "SELECT task_uid FROM canonical.steward_task WHERE kind = 'name_disagrees' "
        "AND source_system = 'wms' AND source_key = '501'"
    )
    told = {
        node: rest
        for node, *rest in hub.rows(
            "SELECT n.node_code, winner_source, suspect, explanation, next_step "
            "FROM canonical.recon_inventory JOIN canonical.node AS n USING (node_uid) "
            "JOIN canonical.product USING (product_uid) WHERE sku = 'AA-00001'"
        )
    }
    winner, suspect, explanation, next_step = told["RNO"]
    assert (winner, suspect) == ("erp", "wms")
    assert explanation.startswith(
        "The article that wms calls 501 may be another one (name disagrees)."
    )
    assert next_step == f"Settle first which article it is: crossdock tasks show {task}"
    # The 3PL's own name of the article is doubted by nobody.
    winner, suspect, explanation, next_step = told["ATL"]
    assert winner == "threepl" and suspect == "erp"
    assert "501" not in explanation and "tasks" not in next_step

    ((source, evidence, step),) = hub.rows(
        "SELECT source_system, evidence, next_step FROM canonical.steward_task "
        "WHERE kind = 'stock_difference' AND source_key = 'RNO/AA-00001'"
    )
    assert source == "wms" and step.endswith(task)
    assert "may be another one" in evidence
