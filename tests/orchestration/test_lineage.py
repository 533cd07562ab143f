"""Lineage as people ask for it and as Dagster shows it, over two small models."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from contracts.lineage import Lineage
from orchestration.column_lineage import column_lineage

HEAD = """\
apiVersion: v3.1.0
kind: DataContract
id: test.{name}
name: {name}
version: 1.0.0
status: active
domain: {layer}
team: {{name: {owner}}}
support: [{{channel: '#{owner}', tool: slack}}]
schema:
  - name: {table}
    properties:
"""
COLUMN = "      - {{name: {}, logicalType: integer, physicalType: BIGINT}}\n"
STAGED = "select qty, price, qty * price as total from lake.shop.sales"
OFFER = "select total, 1 as one, price from lake.staging.stg_shop__sales"
OPAQUE = "select * exclude (qty) from lake.shop.sales"


def contract(home: Path, layer: str, name: str, table: str, owner: str, *columns: str) -> None:
    (home / layer).mkdir(exist_ok=True, parents=True)
    text = HEAD.format(layer=layer, name=name, table=table, owner=owner)
    text += "".join(COLUMN.format(column) for column in columns)
    (home / layer / f"{name}.odcs.yaml").write_text(text)


def model(schema: str, name: str, sql: str, *upstream: str) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "name": name,
        "schema": schema,
        "compiled_code": sql,
        "config": {"materialized": "table"},
        "depends_on": {"nodes": list(upstream)},
    }


MANIFEST = {
    "nodes": {
        "stg": model("staging", "stg_shop__sales", STAGED, "sales"),
        "offer": model("canonical", "offer", OFFER, "stg"),
        "opaque": model("canonical", "opaque", OPAQUE, "sales"),
    },
    "sources": {"sales": {"resource_type": "source", "schema": "shop", "name": "sales"}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    contract(tmp_path, "sources", "shop", "sales", "shop-team", "qty", "price")
    contract(tmp_path, "canonical", "offer", "offer", "sales-team", "total", "one", "price")
    contract(tmp_path, "canonical", "opaque", "opaque", "sales-team", "price")
    return tmp_path


@pytest.fixture
def crossdock(folder: Path, command_on: Callable[..., Any]) -> Callable[..., str]:
    home = folder / "home"
    (home / "dbt").mkdir(parents=True)
    (home / "dbt" / "manifest.json").write_text(json.dumps(MANIFEST))
    run: Callable[..., str] = command_on(home, folder)
    return run


def test_a_column_is_followed_model_by_model_to_whom_to_ask(crossdock: Callable[..., str]) -> None:
    said = crossdock("lineage", "offer.total")
    inner = ["canonical.offer.total", "staging.stg_shop__sales.total", "shop.sales.price"]
    assert [said.index(field) for field in inner] == sorted(said.index(field) for field in inner)
    assert "shop.sales.qty  shop-team (#shop-team)" in said
    assert "offer.total comes from 2 source fields; ask shop-team (#shop-team)." in said
    assert "canonical/offer 1.0.0 is answered for by sales-team (#sales-team)." in said


def test_what_comes_from_nowhere_and_what_is_unknown_are_told_apart(
    crossdock: Callable[..., str],
) -> None:
    assert "offer.one comes from no source field" in crossdock("lineage", "offer.one")
    said = crossdock("lineage", "opaque.price")
    assert "could not be traced" in said
    assert "is unknown in part" in said


def test_an_entity_is_told_column_by_column(crossdock: Callable[..., str]) -> None:
    rows = [line.split() for line in crossdock("lineage", "canonical.offer").splitlines()]
    cells = [row for row in rows if len(row) > 3 and row[0] == row[2] == "│"]
    assert {row[1]: row[3] for row in cells} == {
        "total": "shop.sales.price",
        "one": "none",
        "price": "shop.sales.price",
    }


def test_an_unknown_entity_or_column_is_refused_with_the_valid_ones(
    crossdock: Callable[..., str],
) -> None:
    said = crossdock("lineage", "offr", code=1)
    assert "Did you mean 'offer'? Valid: offer, opaque." in said
    assert "has no column 'x'. It has: total, one, price." in crossdock(
        "lineage", "offer.x", code=1
    )


def test_nothing_compiled_is_nothing_to_trace(folder: Path, command_on: Callable[..., Any]) -> None:
    (folder / "empty").mkdir()
    run = command_on(folder / "empty", folder)
    assert "Run `crossdock unify`." in run("lineage", "offer.total", code=1)


def test_dagster_is_told_of_each_column_one_step_upstream(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSDOCK_CONTRACTS", str(folder))
    traced = Lineage.from_manifest(MANIFEST)
    staged = dg.AssetKey(["staging", "stg_shop__sales"])
    assert column_lineage(traced, dg.AssetKey(["canonical", "offer"])) == dg.TableColumnLineage(
        {
            "total": [dg.TableColumnDep(asset_key=staged, column_name="total")],
            "one": [],
            "price": [dg.TableColumnDep(asset_key=staged, column_name="price")],
        }
    )
    shop = dg.AssetKey(["shop", "sales"])
    assert [dep.asset_key for dep in column_lineage(traced, staged).deps_by_column["total"]] == [
        shop,
        shop,
    ]
