"""What every tap of ours shares: its manners on the command line."""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from types import FrameType
from typing import Any, ClassVar

import click
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError, FatalSyncError
from singer_sdk.helpers.capabilities import (
    CapabilitiesEnum,
    PluginCapabilities,
    TapCapabilities,
)
from singer_sdk.plugin_base import SingerCommand

MASK = "****"
# Who runs a tap knows by this code, and by these lines of its log, which streams failed alone.
STREAMS_FAILED = 3
FAILED_STREAM = re.compile(r"Stream '(.+?)' failed: (.*)")


class StreamsFailed(FatalSyncError):
    """Some streams failed and the others are whole; the log has a line for each that failed."""


class OneLineCommand(SingerCommand):
    """A tap's command that ends an error with one line and exit code 1, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it without the SDK's hook, which would log the traceback."""
        return click.Command.invoke(self, ctx)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command; see `click.Command.main`."""
        logging.captureWarnings(capture=True)
        warnings.simplefilter("ignore", DeprecationWarning)  # for whoever writes code, not here
        try:
            return super().main(*args, **kwargs)
        except ConfigValidationError as error:
            self.logger.error("%s", "; ".join(error.errors) or error)
        except StreamsFailed as error:
            self.logger.error("%s", error)
            sys.exit(STREAMS_FAILED)
        except Exception as error:
            self.logger.error("%s", one_line(error))
        sys.exit(1)


class CrossdockTap(Tap):
    """A Singer tap that hides secrets, refuses unknown settings and ends errors in one line."""

    package_name = "crossdock"
    failed: dict[str, Exception] | None = None
    # No stream maps, flattening or batches: a record is passed on as the source has it.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def sync_all(self) -> None:  # type: ignore[misc]
        """Sync every stream, also after one that failed, where the SDK would stop.

        Raises StreamsFailed at the end, when some failed; the first one's error, when all did.
        """
        failed = self.failed = {}
        super().sync_all()
        asked = sum(stream.selected for stream in self.streams.values())
        if len(failed) == asked:
            for error in failed.values():
                raise error
        for name, error in failed.items():
            self.logger.error("Stream '%s' failed: %s", name, one_line(error))
        if failed:
            raise StreamsFailed(
                f"{len(failed)} of {asked} streams failed, each with a line above: "
                f"{', '.join(failed)}. The others are whole. What failed keeps its "
                "bookmark, and the next run goes on from there."
            )

    def may_go_on(self, stream: str, error: Exception) -> bool:
        """Note that a stream failed; whether others follow, which a test of one has not."""
        if self.failed is None:
            return False
        self.failed[stream] = error
        return True

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Build the command of the tap."""
        command = super().get_singer_command()
        command.__class__ = OneLineCommand
        return command

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add nothing: the SDK would add the settings of capabilities that we leave out."""

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Add unknown settings to the SDK's checks, and keep secret values out of the messages."""
        errors: list[str] = []
        try:
            super()._validate_config(raise_errors=True)
        except ConfigValidationError as error:
            errors = [self._mended(message) for message in error.errors]
        known = self.config_jsonschema["properties"]
        for name in sorted(set(self._config) - set(known)):
            errors.append(f"{self.name} has no setting '{name}'. It has: {', '.join(known)}.")
        if errors and raise_errors:
            raise ConfigValidationError("Config validation failed", errors=errors)
        return errors

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End as killed: the SDK would write a state in the middle of a line and exit with 0.

        A signal that is heard inside a callback of the garbage collector raises where Python
        drops what is raised (SQLAlchemy has such callbacks), and the sync would go on to its end.
        """
        code = 128 + signum
        sys.unraisablehook = lambda dropped: (
            os._exit(code)
            if isinstance(dropped.exc_value, SystemExit)
            else sys.__unraisablehook__(dropped)
        )
        sys.exit(code)

    def _mended(self, message: str) -> str:
        for name, setting in self.config_jsonschema["properties"].items():
            if setting.get("secret") and self._config.get(name) is not None:
                message = message.replace(repr(self._config[name]), MASK)
            if message == f"'{name}' is a required property":
                variable = f"{self._env_var_prefix}{name.upper()}"
                message = (
                    f"{self.name} needs the setting '{name}'. Give it in --config FILE, "
                    f"or as {variable} with --config=ENV."
                )
        return message


def one_line(error: BaseException) -> str:
    """Say an error in one line: its own first line, or its kind when it says nothing."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    lines = str(error.args[0] if error.args else error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
