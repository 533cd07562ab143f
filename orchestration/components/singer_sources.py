"""Sources as assets: one op a source, one asset a stream, derived from the source's contract."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

import contracts
from contracts import Contract, Table
from orchestration import pulling, sources
from orchestration.hub import Hub
from orchestration.settings import load
from orchestration.singer import StreamsNotPulled
from orchestration.tabulated import tabulated
from warehouse import accounts, held
from warehouse.mends import mend

_COUNTS = ("emitted", "inserted", "updated", "duplicate", "quarantined")
_REASONS = {"reason": "string", "units": "int", "since": "string", "mend": "string"}


class SingerSources(dg.Component, dg.Model, dg.Resolvable):
    """Every entry of the list of sources (CROSSDOCK_SOURCES), pulled by its Singer tap."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return one multi-asset a source."""
        return dg.Definitions(
            assets=[
                *(_source_assets(source) for source in sources.read(load().sources)),
                *_stewards_words(),
            ]
        )


def table_schema(table: Table) -> dg.TableSchema:
    """Return a contract's table as Dagster shows it."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.physical_type,
                description=column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=not column.required,
                    other=[column.classification] if column.classification else None,
                ),
            )
            for column in table.columns
        ]
    )


def _stewards_words() -> list[dg.AssetSpec]:
    """Return what stewards answer on the command line: nothing here makes it, models read it."""
    contract = contracts.read("sources/steward")
    return [
        dg.AssetSpec(
            key=[contract.name, table.name],
            group_name=contract.name,
            owners=[f"team:{contract.owner}"],
            description=table.description,
            metadata={"dagster/column_schema": table_schema(table)},
        )
        for table in contract.tables
    ]


def _spec(source: sources.Source, contract: Contract, table: Table) -> dg.AssetSpec:
    promised = [rule for rule in table.rules if rule.kind in ("freshness", "frequency")]
    window = min((float(rule.comparator[1]) for rule in promised), default=None)
    return dg.AssetSpec(
        key=[source.name, table.name],
        skippable=True,  # of a pull in which some streams failed, the others are there
        group_name=source.name,
        owners=[f"team:{contract.owner}"],
        kinds={"singer", source.tap.removeprefix("tap-"), "parquet"},
        description=table.description,
        # Of the pull; the rules of the contract look at the newest row itself.
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(seconds=window))
        if window
        else None,
        metadata={
            "dagster/column_schema": table_schema(table),
            "dagster/table_name": f"lake.{source.name}.{table.name}",
            "contract": f"{contract.name} {contract.version}",
            "key": ", ".join(table.primary_key),
            "replication_key": table.replication_key or "full table",
        },
    )


def _source_assets(source: sources.Source) -> dg.AssetsDefinition:
    contract = contracts.read(f"sources/{source.name}")

    @dg.multi_asset(
        name=_step(source),
        specs=[_spec(source, contract, table) for table in contract.tables],
        op_tags={"crossdock/source": source.name},
    )
    def _pull(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        hub = Hub.open()
        pulls = pulling.of_run(context.run.run_id, hub.settings, _pulled_in(context))
        pulled = pulls.wait(source.name, context.log.debug)
        failed = pulled.error.reasons if isinstance(pulled.error, StreamsNotPulled) else {}
        if pulled.error is not None and not failed:
            raise pulled.error
        with hub.lake.connect(read_only=True) as con:
            streams = {
                stream.stream: stream
                for run in accounts.runs(con, source=source.name, load_id=pulled.load_id)
                for stream in accounts.streams(con, run)
            }
            groups = held.groups(con, held.Choice(source=source.name))
        for table in contract.tables:
            if table.name in failed:
                continue
            counts = streams.get(table.name)
            yield dg.MaterializeResult(
                asset_key=[source.name, table.name],
                metadata={name: getattr(counts, name, 0) for name in _COUNTS}
                | {"load_id": pulled.load_id}
                | _held_now([group for group in groups if group.stream == table.name]),
            )
        context.log.info(
            "%s: %d records pulled in %.1f s, %d quarantined",
            source.name,
            sum(counts.emitted for counts in streams.values()),
            pulled.seconds,
            sum(counts.quarantined for counts in streams.values()),
        )
        if pulled.error is not None:
            raise pulled.error

    return _pull


def _held_now(groups: Sequence[held.Group]) -> dict[str, Any]:
    """Return what of a stream is in quarantine, also from earlier pulls, by its reasons."""
    metadata: dict[str, Any] = {"held_now": sum(group.open for group in groups)}
    if groups:
        metadata["held_reasons"] = tabulated(
            _REASONS,
            [
                (each.reason, each.open, f"{each.oldest:%Y-%m-%d %H:%M} UTC", mend(each.reason))
                for each in groups
            ],
        )
    return metadata


def _pulled_in(context: dg.AssetExecutionContext) -> list[sources.Source]:
    """Return the sources whose steps this process runs in this run."""
    plan = context.op_execution_context.get_step_execution_context().plan_data.execution_plan
    steps = set(plan.step_keys_to_execute)
    return [each for each in sources.read(load().sources) if _step(each) in steps]


def _step(source: sources.Source) -> str:
    return f"pull_{source.name}"
