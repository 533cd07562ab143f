"""Where DuckDB finds its extensions, so that nothing is downloaded at run time."""

import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb

from warehouse.errors import LakeError

NAMES = ("ducklake", "postgres_scanner", "sqlite_scanner")


def directory() -> Path:
    """Return a DuckDB `extension_directory` that holds our extensions, making it when needed.

    The extensions come as wheels (`duckdb-extension-*`); DuckDB wants them under
    `<directory>/v<version>/<platform>/`, so this is a folder of links to the wheels' files.
    `CROSSDOCK_EXTENSIONS` names another folder. Raises LakeError when a wheel is absent.
    """
    for root in _candidates():
        try:
            _fill(root)
        except OSError:
            continue
        return root
    places = ", ".join(str(root) for root in _candidates())
    raise LakeError(
        f"No folder for DuckDB's extensions can be written. Tried: {places}. "
        "Set CROSSDOCK_EXTENSIONS to a folder that can."
    )


def _candidates() -> list[Path]:
    named = os.environ.get("CROSSDOCK_EXTENSIONS")
    if named:
        return [Path(named).resolve()]
    # A virtual environment may be read-only in a container; the user's temporary folder is not.
    mine = Path(tempfile.gettempdir()) / f"crossdock-extensions-{os.getuid()}"
    return [Path(sys.prefix) / "share" / "crossdock" / "extensions", mine]


def _fill(root: Path) -> None:
    version = f"v{duckdb.__version__}"
    row = duckdb.execute("PRAGMA platform").fetchone()
    folder = root / version / (row[0] if row else "unknown")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if root.stat().st_uid != os.getuid():
        # Native code is loaded from here: a folder that another user made is not ours to trust.
        raise PermissionError(f"{root} belongs to another user")
    for name in NAMES:
        source = _wheel_file(name, version)
        target = folder / source.name
        if target.exists() and target.samefile(source):
            continue
        # Written aside and renamed: two processes may start at once.
        aside = folder / f".{source.name}.{os.getpid()}"
        aside.unlink(missing_ok=True)
        try:
            aside.symlink_to(source)
        except OSError:
            shutil.copyfile(source, aside)
        aside.replace(target)


def _wheel_file(name: str, version: str) -> Path:
    package = f"duckdb_extension_{name}"
    spec = importlib.util.find_spec(package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / "extensions" / version / f"{name}.duckdb_extension"
        if path.is_file():
            return path
    wheel = package.replace("_", "-")
    raise LakeError(
        f"DuckDB {version} needs the extension '{name}', which is not installed. "
        f"Install {wheel}=={duckdb.__version__} (it must equal DuckDB's version)."
    )
