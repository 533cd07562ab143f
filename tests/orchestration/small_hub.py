"""A hub of one source, one entity and one job, built without dbt, for tests of many steps."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import BaseModel

import contracts
import decisions
from decisions import Action, Decision, Job, Option, Outcome
from orchestration import build
from orchestration.hub import Hub
from tests.orchestration.killing import Kill
from warehouse import durably
from warehouse.lake import Lake

START = datetime(2026, 3, 11, 22, tzinfo=UTC)
ARTICLES = 40
_HEAD = """\
apiVersion: v3.1.0
kind: DataContract
id: test.{name}
name: {name}
version: 1.0.0
status: active
domain: {layer}
team: {{name: {name}-team}}
support: [{{channel: '#{name}', tool: slack}}]
"""
_STOCK = """\
schema:
  - name: stock
    logicalType: object
    physicalType: table
    properties:
      - {name: sku, logicalType: string, physicalType: VARCHAR, required: true, primaryKey: true}
      - {name: qty, logicalType: integer, physicalType: BIGINT, required: true, logicalTypeOptions: {minimum: 0}}
      - {name: note, logicalType: string, physicalType: VARCHAR, logicalTypeOptions: {pattern: '^ok$'}}
"""  # noqa: E501
_RAW = """\
      - {name: weight, logicalType: integer, physicalType: BIGINT, logicalTypeOptions: {minimum: 1}, customProperties: [{property: policy, value: quarantine}]}
      - {name: changed_at, logicalType: timestamp, physicalType: TIMESTAMPTZ, required: true}
slaProperties:
  - {property: freshness, value: 26, unit: h, element: stock.changed_at}
"""  # noqa: E501
_ORPHAN = """\
schema:
  - name: orphan
    logicalType: object
    physicalType: table
    properties:
      - {name: source_key, logicalType: string, physicalType: VARCHAR, primaryKey: true, required: true}
"""  # noqa: E501
_MODELS = {
    "stock": "select sku, qty, note from lake.shop.stock",
    "orphan": "select sku as source_key from lake.shop.stock where false",
}


class Policy(BaseModel):
    """The job has none."""


class SmallHub:
    """The hub with its clock, what was built and decided, and a kill that waits for its moment."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.now = START
        self.given: list[Mapping[str, int]] = []
        self.kill = Kill()
        self._write(home)
        patch.setenv("CROSSDOCK_CONTRACTS", str(home / "contracts"))
        patch.setenv("CROSSDOCK_SOURCES", str(home / "sources.yaml"))
        patch.setenv("CROSSDOCK_CHANNELS", str(home / "none.yaml"))
        patch.setenv("CROSSDOCK_HOME", str(home / "home"))
        reads = {"stock": ("sku", "qty")}
        job = Job("fill", "Asks for what lies there.", reads, Policy, self._decide)
        patch.setattr(decisions, "job", lambda _: job)
        patch.setattr(decisions, "jobs", lambda: {"fill": job})
        for owner, name in ((Lake, "commit"), (durably, "write"), (durably, "sync")):
            patch.setattr(owner, name, self.kill.around(getattr(owner, name)))
        self.hub = Hub.open()
        self.hub.settings.dbt_target.mkdir(exist_ok=True)
        (self.hub.settings.dbt_target / "manifest.json").write_text(json.dumps(_manifest()))
        with self.hub.lake.connect() as con:
            build.provide_tables(con)
        self.pass_time(0)
        rows = ", ".join(f"('A-{n:02}', {n}, 'ok', 5)" for n in range(ARTICLES))
        self.load(f"insert into lake.shop.stock (sku, qty, note, weight) values {rows}")

    def pass_time(self, hours: float) -> None:
        """Let the hub's clock go on."""
        self.now += timedelta(hours=hours)
        self.hub.settings.now = self.now

    def load(self, statement: str) -> None:
        """Change the source's rows as a load does, told now."""
        with self.hub.lake.lock(purpose="load"), self.hub.lake.connect() as con:
            con.execute("begin")
            con.execute(statement)
            con.execute(
                "update lake.shop.stock set changed_at = ?, _sdc_received_at = ?",
                [self.now, self.now],
            )
            count = con.execute("select count(*) from lake.hub.ledger").fetchone()
            con.execute(
                "insert into lake.hub.ledger (batch_id, source, stream, loaded) "
                "values (?, 'shop', 'stock', 1)",
                [f"b{(count or [0])[0]:06}"],
            )
            con.execute("commit")

    def build(self) -> None:
        """Do what dbt does: the source's rows but those held apart, in one commit."""
        with build.recorded(self.hub.lake, 10), self.hub.lake.connect() as con:
            con.execute("begin")
            con.execute("delete from lake.canonical.stock")
            con.execute(
                "insert into lake.canonical.stock select sku, qty, note from lake.shop.stock "
                "anti join (from lake.held.shop__stock where _healed_at is null) using (sku)"
            )
            self.hub.lake.commit(con)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Answer a query on the lake."""
        with self.hub.lake.connect(read_only=True) as con:
            return con.execute(query).fetchall()

    def _decide(self, tables: Mapping[str, pa.Table], *_: object) -> Outcome:
        stock = {row["sku"]: row["qty"] for row in tables["stock"].to_pylist()}
        self.given.append(stock)
        return Outcome(
            tuple(
                Decision(
                    "stock", sku, sku, (Option("ask", {"qty": qty}, Decimal(qty)),), Decimal(qty),
                    Decimal(0), "auto", ("asked",), f"{qty} of {sku}",
                    (Action("wms", "ask", {"sku": sku, "qty": qty}, basis=f"{sku}/{qty}"),),
                )
                for sku, qty in sorted(stock.items())[:3]
            )
        )  # fmt: skip

    @staticmethod
    def _write(home: Path) -> None:
        for layer in ("sources", "canonical"):
            (home / "contracts" / layer).mkdir(parents=True)
        house = Path(contracts.__file__).parent
        shutil.copy(house / "sources" / "steward.odcs.yaml", home / "contracts" / "sources")
        for layer, name, text in (
            ("sources", "shop", _STOCK + _RAW),
            ("canonical", "stock", _STOCK),
            ("canonical", "orphan", _ORPHAN),
        ):
            path = home / "contracts" / layer / f"{name}.odcs.yaml"
            path.write_text(_HEAD.format(name=name, layer=layer) + text)
        (home / "sources.yaml").write_text("sources: {shop: {tap: tap-sql}}\n")


def _manifest() -> dict[str, Any]:
    """What dbt would have written of the models, as far as it is read."""
    shared = {"resource_type": "model", "schema": "canonical", "config": {"materialized": "table"}}
    nodes = {
        f"model.{name}": {
            **shared, "name": name, "compiled_code": sql,
            "depends_on": {"nodes": ["source.shop.stock"]},
        }
        for name, sql in _MODELS.items()
    }  # fmt: skip
    return {"nodes": nodes, "sources": {"source.shop.stock": {"schema": "shop", "name": "stock"}}}


@contextmanager
def small_hub(home: Path) -> Iterator[SmallHub]:
    """Make one in a folder; the environment is as before afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        yield SmallHub(home, patch)
