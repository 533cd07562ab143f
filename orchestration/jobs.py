"""The workflow's stages as Dagster jobs; the command line's verbs run these."""

import dagster as dg

import decisions
from orchestration import sources
from orchestration.settings import load

_BUILT = ("staging", "intermediate", "canonical", "history")


def source_groups() -> list[str]:
    """Return the names of the sources, which are the groups of their assets."""
    return [source.name for source in sources.read(load().sources)]


def _rules() -> dg.AssetSelection:
    """Select the checks that show rules of contracts: not the release's, nor the gates'."""
    others = [["release"], *(["gate", name] for name in sorted(decisions.jobs()))]
    return dg.AssetSelection.all_asset_checks() - dg.AssetSelection.checks_for_assets(
        *(dg.AssetKey(key) for key in others)
    )


JOBS = [
    dg.define_asset_job(
        "run",
        selection=dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks(),
        description="Everything: pull, judge the sources, unify, judge the truth, release, decide.",
    ),
    dg.define_asset_job(
        "pull",
        selection=dg.AssetSelection.groups(*source_groups()).without_checks(),
        description="Pull what is new from every source into the lake.",
    ),
    dg.define_asset_job(
        "unify",
        selection=dg.AssetSelection.groups(*_BUILT).without_checks(),
        description="Build the canonical tables from what was pulled.",
    ),
    dg.define_asset_job(
        "check",
        selection=dg.AssetSelection.groups("verdict") | _rules(),
        description="Hold sources, canonical tables and decisions against their contracts.",
    ),
    dg.define_asset_job(
        "release",
        selection=dg.AssetSelection.groups("release"),
        description="Cut what was judged: a release for readers if every contract passed.",
    ),
    dg.define_asset_job(
        "decide",
        selection=dg.AssetSelection.groups("gate")
        | dg.AssetSelection.groups("decisions").without_checks(),
        description="Decide on the newest snapshot: each job whose gate is open.",
    ),
]
