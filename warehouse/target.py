"""The front door: `target-crossdock`, a Singer target that loses nothing and alters nothing."""

import gc
import json
import logging
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import click
from pydantic import ValidationError

from contracts import CrossdockError
from warehouse.errors import LandingError, is_damage
from warehouse.lake import Lake
from warehouse.landing.load import Load
from warehouse.landing.settings import Settings

log = logging.getLogger("target-crossdock")


@click.command(epilog="Example: tap-sql --config erp.json | target-crossdock --config target.json")
@click.option(
    "--config",
    "configs",
    multiple=True,
    help="A JSON file of settings, or ENV for the environment (TARGET_CROSSDOCK_*).",
)
@click.option(
    "--input",
    "input_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of Singer messages; standard input otherwise.",
)
@click.option("--about", is_flag=True, help="Describe the target and its settings as JSON.")
@click.version_option(version("crossdock"), prog_name="target-crossdock")
def main(configs: tuple[str, ...], input_path: Path | None, about: bool) -> None:
    """Land a Singer stream in the lake: each record loaded exactly, or quarantined with a reason.

    Prints each STATE once its rows are committed.
    """
    sys.meta_path.insert(0, _NoPandas())
    # A batch makes many objects that live to its commit, and no cycles worth looking for.
    gc.set_threshold(200_000)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    if about:
        click.echo(json.dumps(describe(), indent=2))
        return
    try:
        settings = read_settings(configs)
        if input_path is None:
            land(settings, sys.stdin.buffer)
        else:
            with input_path.open("rb") as file:
                land(settings, file)
    except CrossdockError as error:
        log.error("%s", error)
        sys.exit(1)
    except Exception as error:
        if os.environ.get("CROSSDOCK_DEBUG"):
            raise
        if _is_full(error):
            log.error(
                "There is no space left on the disk of the lake or of temporary files; what was "
                "committed before stays. Make room and run again."
            )
            sys.exit(1)
        if is_damage(error):
            log.error(
                "The lake's catalog is damaged. Look with `crossdock fsck`; `crossdock restore` "
                "brings a backup back."
            )
            sys.exit(1)
        # The text of an unforeseen error may quote data, so only its kind is said.
        log.error(
            "An unforeseen %s ended the load; what was committed before stays. Run again; with "
            "CROSSDOCK_DEBUG=1 the place is shown (it may show data).",
            type(error).__name__,
        )
        sys.exit(1)


class _NoPandas(MetaPathFinder):
    """Says that there is no pandas: DuckDB and Arrow import it, in 0.2 s, to know its values."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        """Raise ModuleNotFoundError for pandas, leave other modules to other finders."""
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def _is_full(error: Exception) -> bool:
    """Say whether an error is that of a full disk, as the system, DuckDB and SQLite tell it."""
    said = str(error)
    return "No space left on device" in said or "database or disk is full" in said


def land(settings: Settings, stream: BinaryIO) -> None:
    """Land a stream under `settings`, printing committed STATE to standard output."""
    lake = Lake(settings.home).create()
    totals = Load(lake, settings, click.echo).run(stream)
    log.info(
        "load %s of %s into %s: %d units, %d loaded, %d quarantined",
        settings.load_id,
        settings.source,
        lake.catalog.where,
        totals.emitted,
        totals.loaded,
        totals.quarantined,
    )


def read_settings(configs: tuple[str, ...]) -> Settings:
    """Read settings from JSON files, later ones winning; the environment fills what is left."""
    given: dict[str, Any] = {}
    for config in configs:
        if config == "ENV":
            continue
        try:
            values = json.loads(Path(config).read_text("utf-8"))
        except (OSError, ValueError) as error:
            kind = type(error).__name__
            raise LandingError(f"The config {config} cannot be read ({kind}).") from None
        if not isinstance(values, dict):
            raise LandingError(f"The config {config} is no JSON object.")
        given |= values
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        )
        valid = ", ".join(Settings.model_fields)
        raise LandingError(f"The target's settings: {problems}. Valid are: {valid}.") from None


def describe() -> dict[str, Any]:
    """Return the target's name, version, capabilities and settings, as `--about` prints them."""
    return {
        "name": "target-crossdock",
        "description": "Singer target for the Crossdock lake (DuckLake).",
        "version": version("crossdock"),
        "sdk_version": None,
        "capabilities": ["about", "activate-version", "batch", "hard-delete"],
        "settings": Settings.model_json_schema(by_alias=False),
    }


if __name__ == "__main__":
    main()
