"""What somebody does wrong once, as opposed to what is shown wrong while a fault lasts."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from estate.world import World


class Deed(ABC):
    """A fault that is written into the books, and mended there; `line` is what is said of it."""

    line: str

    @abstractmethod
    def commit(self, connection: Connection, world: World, name: str, at: datetime) -> list[Any]:
        """Do it; the answer is what `mend` needs, as JSON has it.

        `connection` reads truth.sqlite. Raises EstateError where nothing lends itself.
        """

    @abstractmethod
    def mend(self, connection: Connection, world: World, targets: list[Any], at: datetime) -> None:
        """Put it right, at a time later than the deed."""
