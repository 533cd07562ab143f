"""Read units of the quarantine again, each source by the settings that its pulls have."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import ValidationError

from orchestration.hub import Hub
from orchestration.sources import SourcesError, read
from warehouse.landing.retry import Retried, retry
from warehouse.landing.settings import Settings


def by_source(hub: Hub, units: Iterable[tuple[str, str]]) -> Retried:
    """Retry units, given by source and quarantine id, under today's contract or schema."""
    chosen: dict[str, list[str]] = defaultdict(list)
    for source, unit in units:
        chosen[source].append(unit)
    done = [
        retry(hub.lake, _settings(hub, source), listed) for source, listed in sorted(chosen.items())
    ]
    return Retried(
        sum(one.tried for one in done),
        sum(one.healed for one in done),
        sum(one.held for one in done),
    )


def _settings(hub: Hub, source: str) -> Settings:
    """Return the target's settings of a source; one that is not listed has only the defaults."""
    listed = read(hub.settings.sources) if hub.settings.sources.exists() else ()
    own = next((each.target for each in listed if each.name == source), {})
    given = {
        "lock_timeout_s": hub.settings.lock_timeout_s,
        **own,
        "home": hub.settings.home,
        "source": source,
        "load_id": f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{source}-retry",
    }
    try:
        return Settings(**given)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SourcesError(f"{hub.settings.sources}: source {source}: target: {told}.") from None
