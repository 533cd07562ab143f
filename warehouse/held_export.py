"""Write units out: as JSON lines to read, or as exactly the lines that came."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from warehouse import masking
from warehouse.errors import LakeError, WarehouseError
from warehouse.held import Unit
from warehouse.lake import Lake
from warehouse.landing.strict_json import Number, Object, dump

BLOCK_BYTES = 1 << 20


def whole_file(lake: Lake, name: str) -> Path:
    """Return where a line over the limit is kept whole; `name` is its SHA-256."""
    return lake.paths.oversize / name


def refuse_hidden(units: Iterable[Unit]) -> None:
    """Raise WarehouseError at the first unit of which anything would have to be masked."""
    masks = masking.Masks()
    for unit in units:
        shown = masks.content(unit)
        if not shown.is_whole:
            why = shown.why or "some of its values are personal, or may be"
            raise WarehouseError(
                f"Unit {unit.short} may not be given out whole: {why}. Nothing was written. With "
                "--reveal all is given out, and who did it is recorded; without --raw what may "
                "be shown is given out."
            )


def write_raw(units: Iterable[Unit], lake: Lake, into: BinaryIO) -> int:
    """Write each unit's line as it came, whole, and a line feed; return how many.

    Raises LakeError when the file of a line over the limit is missing or altered.
    """
    count = 0
    for unit in units:
        if unit.overflow is None:
            into.write(unit.raw)
        else:
            _copy(whole_file(lake, unit.overflow), unit.overflow, into)
        into.write(b"\n")
        count += 1
    return count


def write_json(units: Iterable[Unit], into: BinaryIO, *, is_revealed: bool) -> int:
    """Write a JSON object a unit and line; return how many.

    `raw` (`raw_base64` where it is no UTF-8) is there when revealed or when nothing is personal;
    else `message` with masks, or null and `hidden` that says why.
    """
    count, masks = 0, masking.Masks()
    for unit in units:
        # Half a character, which UTF-8 cannot hold, comes out as the JSON escape that it is.
        account = _account(unit, masks.content(unit), is_revealed)
        into.write(dump(account).encode("utf-8", "backslashreplace") + b"\n")
        count += 1
    return count


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is not there yet, for its owner only; remove it when writing fails."""
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise WarehouseError(
            f"{path} is there already and stays as it is. Name another file, or remove it first."
        ) from None
    except OSError as error:
        raise WarehouseError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        with path.open("wb") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _account(unit: Unit, shown: masking.Content, is_revealed: bool) -> Object:
    pairs: list[tuple[str, Any]] = [
        ("quarantine_id", unit.quarantine_id),
        ("load_id", unit.load_id),
        ("source", unit.source),
        ("stream", unit.stream),
        ("line", Number(unit.line)),
        ("byte_offset", Number(unit.byte_offset)),
        ("reason", unit.reason),
        ("detail", unit.detail if is_revealed else masking.detail(unit.detail)),
        ("arrived_at", unit.arrived_at.isoformat()),
        ("healed_at", unit.healed_at and unit.healed_at.isoformat()),
        ("healed_by", unit.healed_by),
    ]
    if unit.overflow is not None:
        pairs.append(("overflow_sha256", unit.overflow))
    if is_revealed or shown.is_whole:
        pairs.append(_raw(unit.raw))
    else:
        pairs += [("message", shown.message), ("hidden", shown.why or "personal values")]
    return Object(pairs)


def _raw(raw: bytes) -> tuple[str, str]:
    try:
        return "raw", raw.decode("utf-8")
    except UnicodeDecodeError:
        return "raw_base64", base64.b64encode(raw).decode("ascii")


def _copy(path: Path, sha256: str, into: BinaryIO) -> None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != sha256:
                raise LakeError(
                    f"{path} is not as it was landed: its SHA-256 is {digest}. Restore it from a "
                    "backup, or let the source send the line again."
                )
            file.seek(0)
            while block := file.read(BLOCK_BYTES):
                into.write(block)
    except OSError as error:
        raise LakeError(
            f"{path}, which keeps a line over the limit whole, cannot be read: {error.strerror}. "
            "Restore it from a backup, or let the source send the line again."
        ) from None
