"""Upkeep as jobs with schedules of their own: the lake stays small and sound unasked."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from orchestration.hub import Hub
from warehouse.upkeep.fsck import fsck
from warehouse.upkeep.maintain import Keep, maintain

SHOWN = 20


class Upkeep(dg.Component, dg.Model, dg.Resolvable):
    """When the lake is maintained and when it is checked (cron, in UTC)."""

    maintain_at: str
    fsck_at: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the two jobs, each with its schedule; a finding fails its run, which is told."""
        return dg.Definitions(
            jobs=[_maintain_job, _fsck_job],
            schedules=[
                _schedule("nightly", "maintain", self.maintain_at, "Compact, expire, clean up."),
                _schedule("weekly", "fsck", self.fsck_at, "Every file against its SHA-256."),
            ],
        )


def _schedule(name: str, job: str, cron: str, description: str) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=name,
        job_name=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        description=description,
        # It asks no source and changes no row, so nobody need start it.
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


@dg.op(name="maintain_lake", description="Compact tables, delete what nobody needs.")
def _maintain(context: dg.OpExecutionContext) -> None:
    hub = Hub.open()
    keep = Keep(timedelta(days=hub.settings.keep_days), hub.settings.keep_releases)
    account = maintain(hub.lake, datetime.now(UTC), keep, context.log.info)
    context.add_output_metadata(
        {
            "tables_compacted": len(account.compacted),
            "files_recorded": account.sealed,
            "releases_deleted": len(account.releases),
            "snapshots_expired": account.snapshots,
            "files_deleted": account.swept.scheduled + account.swept.orphans,
            "bytes_freed": account.swept.bytes,
        }
    )


@dg.op(name="check_files", description="Hold the lake against what it was when written.")
def _fsck(context: dg.OpExecutionContext) -> None:
    report = fsck(Hub.open().lake, datetime.now(UTC))
    metadata: dict[str, Any] = {"files": report.files, "bytes": report.bytes}
    metadata |= Counter(one.kind.value for one in report.findings)
    if report.errors:
        first = "; ".join(f"{e.kind} {e.where}: {e.what}" for e in report.errors[:SHOWN])
        more = len(report.errors) - SHOWN
        said = f"{first}; and {more} more" if more > 0 else first
        raise dg.Failure(f"{said}. `crossdock fsck` lists all, with the mend.", metadata=metadata)
    context.add_output_metadata(metadata)


@dg.job(name="maintain", description="Keep the lake small: compact, expire, clean up.")
def _maintain_job() -> None:
    _maintain()


@dg.job(name="fsck", description="Check every file of the lake against its SHA-256.")
def _fsck_job() -> None:
    _fsck()
