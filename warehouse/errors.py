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
