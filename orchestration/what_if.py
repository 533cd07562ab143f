"""Decide once more on what was, by another policy or with what is known since; nothing is kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

import decisions
from contracts import CrossdockError
from decisions.comparison import Comparison, compare
from orchestration.acting.policies import policies
from orchestration.deciding import code_version, inputs, recorded
from orchestration.hub import Hub
from warehouse.release import Release


class WhatIfError(CrossdockError):
    """There is nothing to compare, or a setting means nothing."""


@dataclass(frozen=True)
class Compared:
    """A release, and what two runs on it decided otherwise."""

    release_id: str
    comparison: Comparison


def shadow(
    hub: Hub, name: str, changes: Mapping[str, Any], releases: int = 3
) -> Iterator[Compared]:
    """Run a job on its last releases by the policy in force and by a changed one, newest first.

    Both run in shadow mode: no action is proposed, nothing is recorded. Raises DecisionError for
    a policy that means nothing, WhatIfError where there is no release.
    """
    job = decisions.job(name)
    in_force = policies(hub.settings).of(name).policy
    found = hub.releases.list()[::-1][:releases]
    if not found:
        raise WhatIfError("There is no release to decide on. Run `crossdock run`.")
    for release in found:
        tables = inputs(hub, release, job)
        runs = [
            decisions.run(
                job,
                tables,
                release_id=release.release_id,
                now=release.published_at,
                code_version=code_version(),
                policy=policy,
                mode="shadow",
            )
            for policy in (in_force, {**in_force, **changes})
        ]
        yield Compared(release.release_id, compare(*runs))


def regret(hub: Hub, run_uid: str | None = None) -> Compared:
    """Decide a recorded run again with what is known since of the job's reference entities.

    Rows that came late or were mended since, such as a freight rate or an article's weight, were
    so when the run decided. What stood otherwise at another instant (stock, orders) stays as the
    run's own release has it. Raises RunError for no such run, ReleaseError if its release is gone.
    """
    was = recorded(hub, run_uid)
    job = decisions.job(was.header.job)
    then, since = hub.releases.get(was.header.release_id), _newest(hub)
    tables = inputs(hub, then, job)
    corrected = inputs(hub, since, job)
    tables |= {entity: corrected[entity] for entity in job.reference}
    again = decisions.replay(job, tables, was)
    return Compared(then.release_id, compare(was, again))


def settings_of(given: Sequence[str]) -> dict[str, Any]:
    """Read KEY=VALUE settings, each value as YAML has it. Raises WhatIfError."""
    found = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals or not key.strip():
            raise WhatIfError(f"'{each}' is no setting. Write KEY=VALUE, such as late_per_day=6.")
        try:
            found[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise WhatIfError(f"The value of '{each}' is not YAML.") from None
    return found


def _newest(hub: Hub) -> Release:
    release = hub.releases.current()
    if release is None:
        raise WhatIfError("There is no release to learn from. Run `crossdock run`.")
    return release
