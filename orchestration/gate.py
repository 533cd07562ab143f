"""Whether decisions may start: on a release that passed, is not aged, and is fresh."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts import Contract, CrossdockError
from orchestration.hub import Hub
from orchestration.publishing import freshness_rules
from warehouse.release import Release


class GateClosed(CrossdockError):
    """No decision may start now; the message says why and what opens the gate."""


def open_gate(hub: Hub) -> Release:
    """Return the release that decisions may act on. Raises GateClosed.

    The facts live in the lake and beside the releases, not in a run, so that the gate holds for
    whoever starts a decision: a schedule, the UI, or the command line after a failed run.
    """
    release = hub.releases.current()
    if release is None:
        raise GateClosed("There is no release to decide on. Run `crossdock run`.")
    if release.aged is not None:
        raise GateClosed(
            f"Release {release.release_id} is aged since {release.aged.since:%Y-%m-%d %H:%M} UTC: "
            f"a newer candidate failed its contracts ({release.aged.reason}). Decisions start "
            "again when a candidate passes: mend the source, then `crossdock run` "
            "(in the demo: `make demo`)."
        )
    for contract in hub.contracts():
        was = release.contract_versions.get(contract.key)
        if was != contract.version:
            raise GateClosed(
                f"Contract {contract.key} is at {contract.version}, the release was judged by "
                f"{was or 'none'}. Run `crossdock run` to judge by today's contracts."
            )
    _refuse_stale(hub.contracts("sources"), release, hub.settings.clock())
    return release


def _refuse_stale(listed: Sequence[Contract], release: Release, now: datetime) -> None:
    for contract in listed:
        for rule in freshness_rules(contract):
            allowed = timedelta(seconds=float(rule.comparator[1]))
            text = release.as_of_marks.get(contract.name)
            mark = datetime.fromisoformat(text) if text else None
            if mark is None or now - mark > allowed:
                age = "unknown" if mark is None else str(now - mark)
                raise GateClosed(
                    f"Source {contract.name} is stale: {rule.table}.{rule.column} is {age} old, "
                    f"its SLA allows {allowed}. Ask {contract.owner} ({contract.channel}), or pull "
                    "it again with `crossdock run`."
                )
