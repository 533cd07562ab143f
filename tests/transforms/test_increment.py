"""A build of what changed gives the tables that a build of everything gives."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import duckdb
import pytest

import contracts
from orchestration import increment

pytestmark = [
    pytest.mark.slow,  # two runs of dbt a round
    pytest.mark.filterwarnings(
        # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
        "ignore:open_text is deprecated:DeprecationWarning"
    ),
]

# What the keys of a build are, and how tables were before it, are the build's own.
OWN = ("__touched", "__changed", "__before")


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, world: dict[str, Any], new_hub: Callable[..., Any]
) -> Any:
    """A hub that was built whole, and says so."""
    hub = new_hub(tmp_path_factory.mktemp("increment"))
    hub.load(world)
    assert build(hub).since is None
    return hub


def build(hub: Any) -> increment.Span:
    """Build what changed, as `crossdock unify` does, however small the hub is."""
    span = increment.begin(hub.lake, hub.home, "test", small=0)
    with increment.exported(span):
        hub.dbt("run")
    increment.finish(hub.home, "test", span)
    return span


def everything(hub: Any) -> Mapping[str, list[Any]]:
    """The rows of all tables that models make."""
    with duckdb.connect(str(hub.home / increment.WORKBENCH), read_only=True) as con:
        names = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'intermediate'"
        ).fetchall()
        tables = {
            name: con.execute(f"from intermediate.{name} order by all").fetchall()
            for (name,) in names
            if not name.endswith(OWN)
        }
    return tables | hub.contents()


def shake(hub: Any, chance: Random, times: int) -> list[str]:
    """Change random rows: what another row says, taken away, marked as deleted."""
    told = []
    with hub.lake.connect() as con:
        tables = [
            (contract.dataset(table.name), table)
            for contract in contracts.read_all("sources")
            for table in contract.tables
            if con.execute(f"select 1 from lake.{contract.dataset(table.name)} limit 1").fetchone()
        ]
        for _ in range(times):
            name, table = chance.choice(tables)
            key = ", ".join(table.primary_key)
            rows = con.execute(f"select {key} from lake.{name} order by all").fetchall()
            if len(rows) < 2:
                continue
            one, other = chance.sample(rows, 2)
            where = " and ".join(f"{column} = ?" for column in table.primary_key)
            column = chance.choice([c.name for c in table.columns if c.name not in key.split(", ")])
            (value,) = con.execute(
                f"select {column} from lake.{name} where {where}", other
            ).fetchone()
            change, values = chance.choice(
                [
                    (f"update lake.{name} set {column} = ?, _sdc_received_at = now()", [value]),
                    (f"update lake.{name} set {column} = ?, _sdc_received_at = now()", [value]),
                    (f"update lake.{name} set _sdc_deleted_at = now()", []),
                    (f"delete from lake.{name}", []),
                ]
            )
            told.append(f"{change} {values} where {where} {one}")
            con.execute(f"{change} where {where}", [*values, *one])
    return told


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 20))]
)
def test_what_changed_alone_gives_what_everything_gives(built: Any, seed: int) -> None:
    told = shake(built, Random(seed), 12)  # noqa: S311 - not for secrets
    span = build(built)
    assert span.since is not None
    in_part = everything(built)
    built.dbt("run")
    whole = everything(built)
    # Everything stands: the next round goes on from here.
    increment.finish(built.home, "test", increment.begin(built.lake, built.home, "test"))
    for name, rows in whole.items():
        assert in_part[name] == rows, (name, told)
