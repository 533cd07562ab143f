"""The rules by which dbt-project-evaluator judges a project, over the manifest that dbt wrote.

The package itself needs dbt's hub. Its rules: https://dbt-labs.github.io/dbt-project-evaluator/latest/rules/
What `test_project.py` (names, folders, who reads a source) and the contracts (keys, columns) hold
already is not asked twice. An exception stands in a table here with its reason, and goes stale
loudly: one that is no longer needed fails as well.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import contracts

pytestmark = pytest.mark.filterwarnings(
    # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
    "ignore:open_text is deprecated:DeprecationWarning"
)

ROOTS = {
    "int_code__published": "vocabularies that others publish, written down",
    "int_region__zoned": "the time zones of regions, written down",
    "survivorship_rule": "shows the rules of dbt_project.yml",
}
MANY_PARENTS = {
    "int_source__marked": "the newest mark of every stream: a branch a stream",
    "int_orphan__collected": "the orphans of every model: a branch a model",
    "int_task__raised": "the questions of every kind: a branch a kind",
    "int_article__claimed": "every stream that names an article: a branch a stream",
    "int_node__matched": "every stream that names a node: a branch a stream",
    "int_stock__positioned": "everybody who says what lies where: a branch a source",
    "int_movement__unified": "everything that moves stock: a branch a document",
    "int_ship_notice__settled": "two documents, and the masters that their codes name",
    "inventory_atp": "a term of the sum a parent",
    "int_order__touched": "what an order hangs on: a branch a way to be touched",
    "int_shipment__changed": "what a shipment hangs on: a branch a way to be touched",
}
REJOINS = {
    ("int_stock__positioned", "int_stock_report__settled"): "settling an 846 is a rule with a test",
    ("int_movement__unified", "int_adjustment__settled"): "settling a 947 is a rule of its own",
}
LEAVES_AT_MOST = 3
PARENTS_BELOW = 7  # as the package counts joins
VIEWS_IN_A_ROW_BELOW = 4
NO_FRESHNESS = {"steward": "people answer when they are asked"}


class Project:
    """A dbt project as its manifest has it; models by their name."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        nodes = manifest["nodes"].values()
        self.models = {n["name"]: n for n in nodes if n["resource_type"] == "model"}
        self.sources = list(manifest["sources"].values())
        self.exposures = list(manifest["exposures"].values())
        self.child_map = manifest["child_map"]

    def parents(self, name: str) -> set[str]:
        """The models and sources that a model reads, by their last names.

        Not those that say which rows an increment looks at: they add nothing to any row.
        """
        named = {node.split(".", 2)[2] for node in self.models[name]["depends_on"]["nodes"]}
        return {parent for parent in named if not parent.endswith("__touched")}

    def children(self, unique_id: str) -> list[str]:
        """The models that read a node."""
        found = self.child_map[unique_id]
        return [child.split(".", 2)[2] for child in found if child.startswith("model.")]

    def layer(self, name: str) -> str:
        """Staging, intermediate or canonical."""
        return str(self.models[name]["fqn"][1])


@pytest.fixture(scope="module")
def project(hub: Any) -> Project:
    return Project(json.loads((hub.home / "dbt" / "manifest.json").read_text("utf-8")))


def test_each_source_is_staged_once(project: Project) -> None:
    staged = {s["unique_id"].split(".", 2)[2]: project.children(s["unique_id"])
              for s in project.sources}  # fmt: skip
    assert {name for name, models in staged.items() if not models} == set(), "sources without use"
    assert {name for name, models in staged.items() if len(models) > 1} == set(), "staged twice"


def test_models_lean_on_what_comes_before_them_only(project: Project) -> None:
    before = {"staging": set(), "intermediate": {"staging", "intermediate"}}
    before["canonical"] = {"staging", "intermediate", "canonical"}
    wrong = [
        (name, parent)
        for name in project.models
        for parent in project.parents(name) & project.models.keys()
        if project.layer(parent) not in before[project.layer(name)]
    ]
    assert wrong == []


def test_a_model_without_parents_says_why(project: Project) -> None:
    unfed = {c.name for c in contracts.read_all("canonical") if not c.table(c.name).fed}
    roots = {name for name in project.models if not project.parents(name)}
    assert roots == ROOTS.keys() | unfed


def test_no_model_names_a_relation_by_hand(project: Project) -> None:
    by_hand = re.compile(r"(?<!distinct )\b(from|join)\s+\w+\.\w+", re.IGNORECASE)
    found = {n: by_hand.findall(m["raw_code"]) for n, m in project.models.items()}
    assert {name for name, hits in found.items() if hits} == set()


def test_a_model_of_many_parents_is_a_list_of_branches(project: Project) -> None:
    many = {name for name in project.models if len(project.parents(name)) >= PARENTS_BELOW}
    assert many == MANY_PARENTS.keys()


def test_a_concept_is_not_split_off_to_be_joined_back(project: Project) -> None:
    rejoined = {
        (name, parent)
        for name in project.models
        for parent in project.parents(name) & project.models.keys()
        if project.children(project.models[parent]["unique_id"]) == [name]
        and project.parents(parent) & project.parents(name) & project.models.keys()
    }
    assert {pair for pair in rejoined if project.layer(pair[1]) != "staging"} == REJOINS.keys()


def test_what_a_rule_is_needed_for_by_many_leaves_is_not_left_to_each_of_them(
    project: Project,
) -> None:
    def leaves(name: str) -> list[str]:
        found = project.children(project.models[name]["unique_id"])
        return [c for c in found if not project.child_map[project.models[c]["unique_id"]]]

    assert {n: leaves(n) for n in project.models if len(leaves(n)) > LEAVES_AT_MOST} == {}


def test_everything_is_described(project: Project) -> None:
    def bare() -> Iterator[str]:
        yield from (n for n, m in project.models.items() if not m["description"])
        for name, model in project.models.items():
            columns = model["columns"].values()
            yield from (f"{name}.{c['name']}" for c in columns if not c["description"])
        yield from (s["name"] for s in project.sources if not s["description"])
        yield from (s["source_name"] for s in project.sources if not s["source_description"])
        yield from (e["name"] for e in project.exposures if not e["description"])

    assert list(bare()) == []


def test_sources_promise_how_fresh_they_are(project: Project) -> None:
    promised = {
        contract.name
        for contract in contracts.read_all("sources")
        for table in contract.tables
        if any(rule.kind == "freshness" for rule in table.rules)
    }
    assert {s["source_name"] for s in project.sources} - promised == NO_FRESHNESS.keys()


def test_views_are_not_stacked_and_what_is_read_outside_is_a_table(project: Project) -> None:
    @cache
    def stacked(name: str) -> int:
        if project.models[name]["config"]["materialized"] != "view":
            return 0
        return 1 + max(
            (stacked(p) for p in project.parents(name) if p in project.models), default=0
        )

    assert max(map(stacked, project.models)) < VIEWS_IN_A_ROW_BELOW
    for exposure in project.exposures:
        for node in exposure["depends_on"]["nodes"]:
            model = project.models[node.split(".", 2)[2]]
            assert model["config"]["materialized"] in ("table", "incremental"), model["name"]


def test_who_reads_from_outside_reads_what_has_a_contract(project: Project) -> None:
    enforced = {n for n, m in project.models.items() if m["config"]["contract"]["enforced"]}
    assert enforced == {n for n in project.models if project.layer(n) == "canonical"}
    for exposure in project.exposures:
        assert exposure["owner"]["name"]
        read = {node.split(".", 2)[2] for node in exposure["depends_on"]["nodes"]}
        assert read <= enforced, exposure["name"]
