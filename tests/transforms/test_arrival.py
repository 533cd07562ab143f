"""The same facts give the same canonical tables, however they came: in any order, late, twice.

The compiled models run over tables in memory, which takes a second and not half a minute.
"""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import contracts
from contracts.compiled import Model, landed, models

pytestmark = [
    pytest.mark.slow,  # every model, some times
    pytest.mark.filterwarnings(
        # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
        "ignore:open_text is deprecated:DeprecationWarning"
    ),
]

World = Mapping[str, Sequence[Mapping[str, Any]]]
# Which delivery a row was read from, when it came, whether it was told twice: nothing else differs.
OF_THE_DELIVERY = {"loaded_at", "received_at", "lateness_s", "since", "source_key", "is_duplicate"}
START = datetime(2026, 3, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def compiled(hub: Any) -> tuple[Model, ...]:
    """The project's models as dbt compiled them, in building order."""
    return models(json.loads((hub.home / "dbt" / "manifest.json").read_text("utf-8")))


@pytest.fixture(scope="module")
def as_written(compiled: Sequence[Model], world: World) -> dict[str, Any]:
    """What the world gives in the order in which it is written."""
    return unified(compiled, {name: [(row, START) for row in rows] for name, rows in world.items()})


def unified(compiled: Sequence[Model], rows: Mapping[str, Any]) -> dict[str, Any]:
    """Build every model over (row, landed at) pairs; return the canonical tables as sorted rows."""
    with duckdb.connect() as con:
        con.execute(
            "SET TimeZone = 'UTC'; ATTACH ':memory:' AS lake; ATTACH ':memory:' AS workbench"
        )
        con.execute("USE lake")
        for dataset, columns in landed(contracts.read_all("sources")).items():
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {dataset.split('.')[0]}")
            listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            con.execute(f"CREATE TABLE {dataset} ({listed})")
            for row, at in rows.get(dataset, ()):
                stored = {**row, "_sdc_received_at": at}
                con.execute(
                    f"INSERT INTO {dataset} ({', '.join(stored)}) "
                    f"VALUES ({', '.join('?' for _ in stored)})",
                    [json.dumps(v) if isinstance(v, dict | list) else v for v in stored.values()],
                )
        for model in compiled:
            relation = f"{model.catalog}.{model.relation}"
            schema, _, name = relation.rpartition(".")
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            itself = ".".join(f'"{part}"' for part in relation.split("."))
            if itself in model.sql:  # empty at first
                con.execute(f"CREATE TABLE {relation} ({_columns(name)})")
                con.execute(f"INSERT INTO {relation} {model.sql}")
            else:
                con.execute(f"CREATE TABLE {relation} AS {model.sql}")
        return dict(_canonical(con))


def _columns(entity: str) -> str:
    columns = contracts.read(f"canonical/{entity}").table(entity).columns
    return ", ".join(f"{column.name} {column.physical_type}" for column in columns)


def _canonical(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Any]]:
    for contract in contracts.read_all("canonical"):
        columns = [column.name for column in contract.table(contract.name).columns]
        left = OF_THE_DELIVERY | ({"record_hash"} if "is_duplicate" in columns else set())
        kept = ", ".join(name for name in columns if name not in left)
        yield (
            contract.name,
            con.execute(f"SELECT {kept} FROM canonical.{contract.name} ORDER BY ALL").fetchall(),
        )


def delivered(world: World, chance: Random) -> dict[str, list[tuple[dict[str, Any], datetime]]]:
    """The world's facts in another order, at other times, some of them twice."""
    arrived = {}
    for name, rows in world.items():
        coming = [copy.deepcopy(dict(row)) for row in rows]
        if name.startswith("threepl."):
            # An interchange that is sent again comes as another file, whole.
            again = {row["file_sha256"] for row in coming if chance.random() < 0.3}
            coming += [
                {**row, "file_sha256": f"{row['file_sha256']}-again"}
                for row in coming
                if row["file_sha256"] in again
            ]
        if name == "carrier.trackers":
            for row in coming:
                told = row["tracking_details"]
                row["tracking_details"] = told + [d for d in told if chance.random() < 0.5]
        chance.shuffle(coming)
        arrived[name] = [(row, START + timedelta(hours=chance.randrange(72))) for row in coming]
    return arrived


def test_the_order_of_arrival_and_what_comes_twice_change_no_canonical_table(
    compiled: Sequence[Model], world: World, as_written: dict[str, Any]
) -> None:
    @settings(max_examples=20, deadline=None)
    @given(chance=st.randoms(use_true_random=True))
    def holds(chance: Random) -> None:
        found = unified(compiled, delivered(world, chance))
        for entity, rows in as_written.items():
            assert found[entity] == rows, entity

    holds()
