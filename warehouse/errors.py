"""What goes wrong in the warehouse, named by what a person can do about it."""

from contracts import CrossdockError


class WarehouseError(CrossdockError):
    """Anything that the warehouse refuses or fails to do."""


class LakeError(WarehouseError):
    """The lake cannot be created, opened, locked or written."""


class LandingError(WarehouseError):
    """A load cannot go on; what it committed before stays."""


class ReleaseError(WarehouseError):
    """A release cannot be published or opened."""


def is_damage(error: BaseException) -> bool:
    """Tell whether an error of SQLite, or of DuckDB through it, means that a catalog is damaged."""
    said = str(error)
    return "malformed" in said or "is not a database" in said
