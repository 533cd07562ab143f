"""Hold the lake against its contracts, and keep what was found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

import contracts
from contracts import Verdict
from orchestration import build, decision_tables, holding, incident_store, incidents
from orchestration.echoes import echoes
from orchestration.hub import Hub
from warehouse.release import is_blocking

TABLE = "hub.verdict"
_TEXT = (
    *("contract", "contract_version", "dataset", "column", "rule", "kind", "dimension"),
    *("severity", "policy", "status", "message", "owner", "channel", "mend"),
)
_SCHEMA = pa.schema(
    [
        ("layer", pa.string()),
        ("source_mark", pa.string()),
        ("build_id", pa.string()),
        ("judged_at", pa.timestamp("us", tz="UTC")),
        *((name, pa.string()) for name in _TEXT),
        ("failing", pa.int64()),
        ("held", pa.int64()),
        ("evaluated", pa.int64()),
        ("sample", pa.list_(pa.string())),
        ("cost_s", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Judgement:
    """The verdicts on one layer, and the state of the lake that they speak of."""

    layer: str
    source_mark: str
    build_id: str | None
    judged_at: datetime
    verdicts: tuple[Verdict, ...]

    @property
    def blocking(self) -> tuple[Verdict, ...]:
        """The verdicts that keep a release from readers."""
        return tuple(verdict for verdict in self.verdicts if verdict.blocks)

    def rows(self) -> list[dict[str, Any]]:
        """The verdicts as they are kept, a row a rule."""
        stamp = {
            "layer": self.layer,
            "source_mark": self.source_mark,
            "build_id": self.build_id,
            "judged_at": self.judged_at,
        }
        return [stamp | asdict(v) | {"sample": list(v.sample)} for v in self.verdicts]


def judge(hub: Hub, layer: str, say: Callable[[str], None] = lambda _: None) -> Judgement:
    """Judge all contracts of a layer ('sources', 'canonical', 'decisions') and record the verdicts.

    A failing judgement of what a release stands on marks the current one as aged at once: whatever
    happens to this run afterwards, no decision starts on it. One of decisions leaves it as it is:
    the release is sound, and deciding anew on it is the mend.
    """
    with hub.lake.connect() as con:
        if layer == "sources":
            with hub.lake.lock(hub.settings.lock_timeout_s, "provide the steward's table"):
                build.provide_tables(con, "steward")  # nobody may have been asked anything yet
                holding.hold(hub.lake, con, hub.contracts(layer))
        if layer == "decisions":
            with hub.lake.lock(hub.settings.lock_timeout_s, "provide the decisions' tables"):
                decision_tables.provide(con)  # nothing may have been decided yet
        mark = build.source_mark(con)
        newest = build.newest(con)
        say(f"judging {layer}")
        verdicts = tuple(contracts.judge(con, hub.contracts(layer), now=hub.settings.clock()))
    build_id = newest.build_id if newest else None
    judgement = Judgement(layer, mark, build_id, datetime.now(UTC), verdicts)
    if judgement.blocking and layer != "decisions":
        # Before anything is recorded: a kill in between leaves no gate open.
        hub.releases.reject(judgement.blocking, now=judgement.judged_at)
    _record(hub, judgement)
    return judgement


def _record(hub: Hub, judgement: Judgement) -> None:
    """Keep the verdicts, the incidents that follow, and what is to be told, in one commit."""
    rows = judgement.rows()
    found = pa.Table.from_pylist(rows, schema=_SCHEMA)
    lock = hub.lake.lock(hub.settings.lock_timeout_s, "record verdicts")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        incident_store.provide(con)
        con.register("found", found)
        con.execute(f"create table if not exists lake.{TABLE} as from found limit 0")
        for name in ("policy varchar", "held bigint"):  # a hub made before they were there
            con.execute(f"alter table lake.{TABLE} add column if not exists {name}")
        con.execute(f"delete from lake.{TABLE} where layer = ?", [judgement.layer])  # noqa: S608
        con.execute(f"insert into lake.{TABLE} by name from found")
        con.unregister("found")
        standing = incident_store.standing(con)
        now = judgement.judged_at
        changes = incidents.judged(standing, judgement.layer, rows, now, echoes(hub))
        incident_store.write(con, changes, now, hub.settings.now)
        hub.lake.commit(con)


def rows_since(
    hub: Hub, layer: str, began: datetime, say: Callable[[str], None] = lambda _: None
) -> list[dict[str, Any]]:
    """Return a layer's verdicts as rows: those recorded since an instant, else judged now."""
    rows = newest(hub)[layer]
    is_new = bool(rows) and all(row["judged_at"] >= began for row in rows)
    return rows if is_new else judge(hub, layer, say).rows()


def newest(hub: Hub) -> dict[str, list[dict[str, Any]]]:
    """Return the newest verdicts of each layer as rows; a layer never judged has none."""
    import duckdb

    with hub.lake.connect(read_only=True) as con:
        try:
            rows = con.execute(f"select * from lake.{TABLE}").to_arrow_table().to_pylist()  # noqa: S608 - a constant
        except duckdb.CatalogException:
            rows = []
    layers: dict[str, list[dict[str, Any]]] = {"sources": [], "canonical": [], "decisions": []}
    for row in rows:
        layers[row["layer"]].append(row)
    return layers


def worst(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return one line for a person: how many rules held, and the first that blocks."""
    failed = [row for row in rows if row["status"] != "passed"]
    blocking = [row for row in failed if is_blocking(row)]
    line = f"{len(rows) - len(failed)} of {len(rows)} rules passed"
    if not blocking:
        return line
    more = f" and {len(blocking) - 1} more" if len(blocking) > 1 else ""
    return f"{line}; broken: {blocking[0]['dataset']} {blocking[0]['rule']}{more}"
