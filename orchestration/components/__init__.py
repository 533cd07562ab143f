"""Dagster components: each turns contracts, the dbt project or the jobs into definitions."""

from orchestration.components.action_outbox import ActionOutbox
from orchestration.components.contract_checks import ContractChecks
from orchestration.components.decision_jobs import DecisionJobs
from orchestration.components.published_release import PublishedRelease
from orchestration.components.singer_sources import SingerSources
from orchestration.components.transforms import Transforms
from orchestration.components.upkeep import Upkeep

__all__ = [
    "ActionOutbox",
    "ContractChecks",
    "DecisionJobs",
    "PublishedRelease",
    "SingerSources",
    "Transforms",
    "Upkeep",
]
