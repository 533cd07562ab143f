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


RESTORE = "restore it from a backup, `crossdock restore FOLDER`"
MENDS = {
    Kind.CATALOG: f"{RESTORE}; warehouse/UPKEEP.md says what else there is",
    Kind.MISSING: RESTORE,
    Kind.ALTERED: f"{RESTORE}; until then trust no row of its table",
    Kind.RELEASE: f"{RESTORE}; or delete its folder, and `crossdock release`",
    Kind.OVERSIZE: RESTORE,
    Kind.UNRECORDED: "none is needed, `crossdock maintain` records it",
    Kind.ORPHAN: "none is needed, `crossdock maintain` deletes it when it is a day old",
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
