"""A hub whose job acts: lake, policies, outbox, receiver are real; gate and release are given."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pydantic import BaseModel

from decisions import Action, Decision, Job, Option, Outcome
from decisions.frame import Claim
from orchestration import deciding, gate
from orchestration.acting import checkpoint, outbox
from orchestration.hub import Hub
from tests.orchestration.acting.receiver import Receiver, receiving
from tests.orchestration.killing import Kill
from warehouse.lake import Lake

START = datetime(2026, 3, 11, 22, tzinfo=UTC)
HELD = "A-03"
POLICIES = """\
jobs: {fill: {checkpoint: {expires_after: PT6H, on_expiry: reject}}}
breakers:
  system: {failures: 4, of: 10, cooldown: PT1H, probes: 1, clean_probes: 2}
  node: {failures: 3, of: 10, cooldown: PT1H, probes: 1, clean_probes: 2}
  job: {failures: 6, of: 10, cooldown: PT1H, closes: person}
outbox: {give_up_after: P2D, first_wait: PT1M, longest_wait: PT1H, reserve_for: P1D}
"""


class Policy(BaseModel):
    """The job can go round what is stopped."""

    stopped: tuple[str, ...] = ()


class ActingHub:
    """Asks `wms` to ship what is wanted of each article; of the last one a person is asked.

    `wanted` is by article, `decide` decides on the release of now, `shown` are the shipments that
    this release has, `closed` why the gate is not open, `broken` a rule that decisions break.
    """

    def __init__(self, home: Path, patch: pytest.MonkeyPatch, receiver: Receiver) -> None:
        (home / "policies.yaml").write_text(POLICIES)
        way = f"{{webhook: {{url: '{receiver.url}', timeout_s: 5}}}}"
        (home / "systems.yaml").write_text(f"systems: {{wms: {way}}}\n")
        for name in ("policies", "systems"):
            patch.setenv(f"CROSSDOCK_{name.upper()}", str(home / f"{name}.yaml"))
        patch.setenv("CROSSDOCK_HOME", str(home / "home"))
        self.receiver = receiver
        self.now, self.number, self.closed = START, 1, ""
        self.broken: str | None = None
        self.wanted = {"A-01": 1, "A-02": 2, HELD: 3}
        self.shown: list[str] = []
        self.held = {HELD}
        self.stands_on: set[str] = set()
        self._published: dict[int, datetime] = {}
        self.saga: tuple[Action, ...] = ()
        self.kill = Kill()
        job = Job("fill", "Ships what is wanted.", {}, Policy, self._decide)
        for module in ("decisions", "decisions.policies"):
            patch.setattr(f"{module}.job", lambda _: job)
            patch.setattr(f"{module}.jobs", lambda: {"fill": job})
        patch.setattr(gate, "standing", self._standing)
        patch.setattr(deciding, "open_gate", self._open_gate)
        patch.setattr(deciding, "_feeds", lambda *_: [])
        patch.setattr(outbox, "_broken", lambda _: self.broken)
        patch.setattr(Lake, "commit", self.kill.around(Lake.commit))
        self.hub = Hub.open()
        patch.setattr(self.hub.releases, "open", self._open_release)
        self.pass_time(0)

    def pass_time(self, hours: float) -> None:
        """Let the hub's clock go on."""
        self.now += timedelta(hours=hours)
        self.hub.settings.now = self.now

    def want(self, sku: str, qty: int) -> None:
        """Let the next release want something else."""
        self.wanted[sku] = qty
        self.number += 1
        self.pass_time(1 / 60)

    def decide(self) -> None:
        """Decide on the newest release."""
        deciding.decide(self.hub, "fill")

    def send(self) -> list[outbox.Sent]:
        """Send what may be sent."""
        return outbox.send(self.hub)

    def outbox(self, *statuses: str) -> list[dict[str, Any]]:
        """The outbox's rows."""
        with self.hub.lake.connect(read_only=True) as con:
            return outbox.listed(con, statuses)

    def statuses(self) -> dict[str, str]:
        """How far the action of each article is, of the newest run."""
        rows = reversed(self.outbox())
        return {json.loads(row["payload"])["sku"]: row["status"] for row in rows}

    def asked(self) -> list[checkpoint.Checkpoint]:
        """What waits for a person."""
        with self.hub.lake.connect(read_only=True) as con:
            return checkpoint.listed(con, "status = 'open'")

    def breaker(self, scope: str) -> tuple[str, str]:
        """A breaker's state, and why."""
        query = f"select state, reason from lake.decisions.breaker where scope = '{scope}'"
        ((state, reason),) = self.rows(query)
        return state, reason

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Answer a query on the lake."""
        with self.hub.lake.connect(read_only=True) as con:
            return con.execute(query).fetchall()

    def alter(self, statement: str) -> None:
        """Write into the lake past the hub."""
        with self.hub.lake.lock(), self.hub.lake.connect() as con:
            con.execute(statement)

    def _decide(self, _: Mapping[str, pa.Table], *__: object) -> Outcome:
        return Outcome(tuple(self._decision(*item) for item in sorted(self.wanted.items())))

    def _decision(self, sku: str, qty: int) -> Decision:
        payload = {"sku": sku, "qty": qty, "shipment_no": f"S-{sku}-{qty}"}
        claims = (Claim(f"stock/{sku}", Decimal(qty), Decimal(qty)),)
        action = Action(
            "wms", "ship", payload, f"{sku}/{qty}", ("node:N1",), claims, after=self.saga
        )
        actions = (*self.saga, action) if sku == "A-01" else (action,)
        return Decision(
            "stock", sku, sku, (Option("ship", payload, Decimal(qty)),), Decimal(qty), Decimal(0),
            "hold" if sku in self.held else "auto", ("asked",), f"{qty} of {sku}", actions,
        )  # fmt: skip

    def _release(self) -> Any:
        published_at = self._published.setdefault(self.number, self.now)
        return SimpleNamespace(release_id=f"r{self.number:04}", published_at=published_at)

    def _standing(self, hub: Hub, name: str) -> gate.Standing:
        reasons = (self.closed,) if self.closed else ()
        upstream: Any = SimpleNamespace(tables=self.stands_on)
        return gate.Standing(name, self._release(), upstream, reasons)

    def _open_gate(self, hub: Hub, name: str) -> Any:
        if self.closed:
            raise gate.GateClosed(self.closed)
        return self._release()

    @contextmanager
    def _open_release(self, _: str) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect() as con:
            con.execute("create schema canonical")
            con.execute("create table canonical.fulfilment_order (fo_no text)")
            con.executemany(
                "insert into canonical.fulfilment_order values (?)",
                [[number] for number in ("S-0", *self.shown)],
            )
            yield con


@contextmanager
def acting_hub(home: Path) -> Iterator[ActingHub]:
    """Make one in a folder, its receiver listening."""
    with pytest.MonkeyPatch.context() as patch, receiving() as receiver:
        yield ActingHub(home, patch, receiver)
