"""The dbt project as assets: staging, intermediate and canonical models with their contracts."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

import contracts
from contracts.dbt import stale
from contracts.static import compare
from orchestration import build, increment
from orchestration.column_lineage import column_lineage
from orchestration.components.singer_sources import table_schema
from orchestration.hub import Hub
from orchestration.settings import Settings
from orchestration.source_fields import lineage

# Tells which project and contracts were compiled last.
STAMP = "compiled.sha256"


class _Translator(DagsterDbtTranslator):
    """Adds what the canonical contracts know: owner, description, columns."""

    def __init__(self) -> None:
        super().__init__()
        self._canonical = {contract.name: contract for contract in contracts.read_all("canonical")}

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        schema, name = spec.key.path[-2:]
        spec = spec.replace_attributes(group_name=schema, kinds={"dbt", "duckdb"})
        if schema != "canonical":
            return spec
        contract = self._canonical[name]
        table = contract.table(name)
        return spec.replace_attributes(
            owners=[f"team:{contract.owner}"],
            description=table.description,
        ).merge_attributes(
            metadata={
                "dagster/column_schema": table_schema(table),
                "contract": f"{contract.name} {contract.version}",
            }
        )


class Transforms(dg.Component, dg.Model, dg.Resolvable):
    """The dbt project in transforms/, built under the lake's lock."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the dbt models as one multi-asset and the dbt command as a resource."""
        hub = Hub.open()
        project = _project(hub.settings)
        _compile(project, hub.settings)

        @dbt_assets(
            manifest=project.manifest_path,
            project=project,
            name="build_tables",
            dagster_dbt_translator=_Translator(),
        )
        def _unify(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
            hub = Hub.open()
            home, models = hub.settings.home, (hub.settings.dbt_target / STAMP).read_text()
            with build.recorded(hub.lake, hub.settings.lock_timeout_s):
                is_whole = not context.is_subset
                span = increment.begin(hub.lake, home, models, is_whole=is_whole)
                what = "everything" if span.since is None else "what changed"
                context.log.info(f"Building {what}: {span.why}.")
                kinds = ["--resource-type", "model", "--resource-type", "snapshot"]
                with increment.exported(span):
                    running = dbt.cli(["build", *kinds], context=context)
                yield from _counted(hub, context, running.stream())
                if is_whole:
                    increment.finish(home, models, span)

        return dg.Definitions(
            assets=[_unify], resources={"dbt": DbtCliResource(project_dir=project)}
        )


def _counted(hub: Hub, context: dg.AssetExecutionContext, events: Iterator[Any]) -> Iterator[Any]:
    """Add row counts and column lineage to dbt's events, while dbt builds the next table.

    dagster-dbt's own `fetch_row_counts` asks through dbt's adapter in threads and was seen to wait
    for ever on its scratch database. Its `fetch_column_metadata` needs a catalog of the warehouse;
    our lineage reads the compiled SQL, of all models in a second or two.
    """
    traced = lineage(hub)
    with hub.lake.connect(read_only=True) as con:
        for event in events:
            if isinstance(event, dg.Output):
                key = context.asset_key_for_output(event.output_name)
                schema, table = key.path[-2:]
                added: dict[str, Any] = {"dagster/column_lineage": column_lineage(traced, key)}
                if schema == "canonical":  # staging is views: counting them is reading the lake
                    row = con.execute(f'select count(*) from lake.canonical."{table}"').fetchone()  # noqa: S608
                    added |= {"dagster/row_count": row[0]} if row else {}
                event = event.with_metadata({**event.metadata, **added})
            yield event


def _project(settings: Settings) -> DbtProject:
    """Return the dbt project, its artefacts kept under the hub's home."""
    return DbtProject(
        project_dir=settings.transforms,
        profiles_dir=settings.transforms,
        target_path=settings.dbt_target,
        # Compiled, because static judgement and lineage read the SQL.
        prepare_project_cli_args=["compile", "--quiet"],
    )


def _compile(project: DbtProject, settings: Settings) -> None:
    """Compile the project and hold it against the contracts, when either changed (it costs ~8 s).

    Raises ContractError when a model does not give what its contract promises: nothing has run.
    """
    stamp = settings.dbt_target / STAMP
    now = _fingerprint(settings.transforms, *(c.path for c in contracts.read_all()))
    if project.manifest_path.exists() and stamp.exists() and stamp.read_text() == now:
        return
    if old := stale():
        raise contracts.ContractError(
            f"{', '.join(map(str, old))} in transforms/ no longer say what the contracts say. "
            "Run `python -m contracts.dbt --write`."
        )
    stamp.unlink(missing_ok=True)
    settings.dbt_target.mkdir(parents=True, exist_ok=True)
    project.preparer.prepare(project)
    manifest = json.loads(project.manifest_path.read_text("utf-8"))
    if problems := compare(manifest, contracts.read_all()):
        raise contracts.ContractError("\n".join(str(problem) for problem in problems))
    stamp.write_text(now)


def _fingerprint(folder: Path, *files: Path) -> str:
    digest = hashlib.sha256()
    made = (p for p in folder.rglob("*") if p.suffix in {".sql", ".yml", ".csv"})
    for path in sorted([*made, *files]):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()
