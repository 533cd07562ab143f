"""Hold the lake against its contracts, and keep what was found."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import pyarrow as pa

import contracts
from contracts import Verdict
from orchestration import build, decision_tables
from orchestration.hub import Hub

TABLE = "hub.verdict"
_SHOWN = 3
_TEXT = (
    *("contract", "contract_version", "dataset", "column", "rule", "kind", "dimension"),
    *("severity", "status", "message", "owner", "channel", "mend"),
)
_SCHEMA = pa.schema(
    [
        ("layer", pa.string()),
        ("source_mark", pa.string()),
        ("build_id", pa.string()),
        ("judged_at", pa.timestamp("us", tz="UTC")),
        *((name, pa.string()) for name in _TEXT),
        ("failing", pa.int64()),
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
    verdicts: tuple[Verdict, ...]

    @property
    def blocking(self) -> tuple[Verdict, ...]:
        """The verdicts that stop a release."""
        return tuple(verdict for verdict in self.verdicts if verdict.blocks)


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
        if layer == "decisions":
            with hub.lake.lock(hub.settings.lock_timeout_s, "provide the decisions' tables"):
                decision_tables.provide(con)  # nothing may have been decided yet
        mark = build.source_mark(con)
        newest = build.newest(con)
        say(f"judging {layer}")
        verdicts = tuple(contracts.judge(con, hub.contracts(layer), now=hub.settings.clock()))
    judgement = Judgement(layer, mark, newest.build_id if newest else None, verdicts)
    _record(hub, judgement)
    if judgement.blocking and layer != "decisions":
        rules = [f"{verdict.dataset} {verdict.rule}" for verdict in judgement.blocking]
        more = f" and {len(rules) - _SHOWN} more" if len(rules) > _SHOWN else ""
        hub.releases.reject(
            judgement.blocking,
            now=datetime.now(UTC),
            reason=", ".join(rules[:_SHOWN]) + more,
        )
    return judgement


def _record(hub: Hub, judgement: Judgement) -> None:
    stamp = {
        "layer": judgement.layer,
        "source_mark": judgement.source_mark,
        "build_id": judgement.build_id,
        "judged_at": datetime.now(UTC),
    }
    rows = [stamp | asdict(v) | {"sample": list(v.sample)} for v in judgement.verdicts]
    hub.lake.replace(
        TABLE, pa.Table.from_pylist(rows, schema=_SCHEMA), where={"layer": judgement.layer}
    )


def newest(hub: Hub) -> dict[str, list[dict[str, object]]]:
    """Return the newest verdicts of each layer as rows; a layer never judged has none."""
    import duckdb

    with hub.lake.connect(read_only=True) as con:
        try:
            rows = con.execute(f"select * from lake.{TABLE}").to_arrow_table().to_pylist()  # noqa: S608 - a constant
        except duckdb.CatalogException:
            rows = []
    layers: dict[str, list[dict[str, object]]] = {"sources": [], "canonical": [], "decisions": []}
    for row in rows:
        layers[row["layer"]].append(row)
    return layers


def worst(verdicts: Sequence[Verdict]) -> str:
    """Return one line for a person: how many rules held, and the first that blocks."""
    failed = [v for v in verdicts if v.status != "passed"]
    blocking = [v for v in failed if v.blocks]
    line = f"{len(verdicts) - len(failed)} of {len(verdicts)} rules passed"
    return f"{line}; blocked by {blocking[0].dataset} {blocking[0].rule}" if blocking else line
