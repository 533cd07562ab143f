"""What Dagster loads: every component under defs/, on one executor."""

from pathlib import Path

import dagster as dg

from orchestration.hub import Hub
from orchestration.jobs import JOBS
from orchestration.sensors import SCHEDULES, SENSORS

Hub.open()  # dbt's profile and dagster.yaml read the environment that this sets

defs = dg.Definitions.merge(
    dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
    dg.Definitions(
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS,
        # One process: the lake has one writer, and a process a step costs 5-6 s each.
        executor=dg.in_process_executor,
    ),
)
