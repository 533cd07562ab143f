"""A kill that comes before or after a write that lasts."""

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """What stands for a kill: nothing of ours catches it."""


class Kill:
    """A kill that waits for its moment: the so-manieth call of what it was put around."""

    def __init__(self) -> None:
        self._at: tuple[int, bool] | None = None

    def at(self, call: int, *, is_after: bool) -> None:
        """Let it come before or after a call, counted from 0 and from now."""
        self._at = call, is_after

    def spare(self) -> bool:
        """Take it back if it has not come; whether there was one."""
        waited, self._at = self._at is not None, None
        return waited

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Put it around a function."""

        def killable(*args: Any, **named: Any) -> Any:
            if self._at is None:
                return real(*args, **named)
            left, is_after = self._at
            self._at = (left - 1, is_after) if left else None
            if left == 0 and not is_after:
                raise Killed
            done = real(*args, **named)
            if left == 0:
                raise Killed
            return done

        return killable
