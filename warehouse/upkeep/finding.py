"""What `fsck` finds: what is wrong, where, and the mend."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be wrong with a lake."""

    CATALOG = "catalog"
    MISSING = "missing file"
    ALTERED = "altered file"
    RELEASE = "altered release"
    OVERSIZE = "altered line"
    UNRECORDED = "unrecorded file"
    ORPHAN = "orphan"


MENDS = {
    Kind.CATALOG: "restore the catalog: `crossdock restore`",
    Kind.MISSING: "restore the file: `crossdock restore`",
    Kind.ALTERED: "restore the file: `crossdock restore`; until then trust no row of its table",
    Kind.RELEASE: "restore it: `crossdock restore`; or publish again: `crossdock release`",
    Kind.OVERSIZE: "restore the file: `crossdock restore`; or pull the source again",
    Kind.UNRECORDED: "none is needed: `crossdock maintain` records it",
    Kind.ORPHAN: "none is needed: `crossdock maintain` deletes it when it is a day old",
}
# A process that dies leaves these behind, and upkeep puts them right; readers never see them.
HARMLESS = frozenset({Kind.UNRECORDED, Kind.ORPHAN})


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be; `where` is a file or a place in the catalog."""

    kind: Kind
    where: str
    what: str

    @property
    def is_error(self) -> bool:
        """Whether somebody has to do something."""
        return self.kind not in HARMLESS

    @property
    def mend(self) -> str:
        """What to do about it."""
        return MENDS[self.kind]
