"""The files of a BATCH message: which may be read, and their rows in portions.

The message is the Singer SDK's: `encoding` with `format` and `compression`, and `manifest`, a list
of file URLs (https://sdk.meltano.com/en/latest/batch.html).
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import LandingError
from warehouse.landing import lines
from warehouse.landing.gathered import Gathered, Portion
from warehouse.landing.lines import Line
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.settings import Settings
from warehouse.landing.shape import Shape
from warehouse.landing.strict_json import Object, plain

# Of a file, at most so many rows a commit; one of fewer may share its commit with other files.
ROWS = 100_000
FEW_ROWS = 10_000
FORMATS = {"parquet": {None, "none", "snappy", "gzip", "zstd"}, "jsonl": {None, "none", "gzip"}}


@dataclass(frozen=True)
class Manifest:
    """Files of one stream, all under the configured root."""

    format: str
    compression: str | None
    files: tuple[Path, ...]


def read(body: Object, root: Path | None) -> Manifest:
    """Read a BATCH message; raise HeldBackError when one of its files may not be read."""
    try:
        encoding, listed = plain(body.get("encoding")), plain(body.get("manifest"))
    except (ValueError, OverflowError):
        raise HeldBackError("unsupported_message", "a number out of range") from None
    if not isinstance(encoding, dict) or not isinstance(listed, list):
        raise HeldBackError("missing_field", "the BATCH has no 'encoding' or no 'manifest'")
    kind, compression = encoding.get("format"), encoding.get("compression")
    if not isinstance(kind, str) or compression not in FORMATS.get(kind, ()):
        known = "; ".join(
            f"{name} ({', '.join(sorted(filter(None, packed)))})"
            for name, packed in FORMATS.items()
        )
        raise HeldBackError("unsupported_message", f"an encoding is one of {known}")
    return Manifest(kind, compression, tuple(_path(one, root) for one in listed))


def _path(listed: Any, root: Path | None) -> Path:
    if root is None:
        raise HeldBackError("path_not_allowed", "no batch_root is set")
    address = urlsplit(listed) if isinstance(listed, str) else None
    if (
        address is None
        or address.scheme not in ("", "file")
        or address.netloc not in ("", "localhost")
    ):
        raise HeldBackError("path_not_allowed", "a manifest lists file:// addresses")
    try:
        path = Path(unquote(address.path) if address.scheme else str(listed)).resolve()
        is_inside = path.is_relative_to(root.resolve())
    except (OSError, ValueError):
        is_inside = False
    if not is_inside:
        raise HeldBackError("path_not_allowed", "a file outside batch_root")
    return path


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say which file cannot be read: its rows must come again, so the load does not go on."""
    try:
        yield
    except (OSError, EOFError, pa.ArrowException, gzip.BadGzipFile) as error:
        raise LandingError(
            f"The file {path.name} of a BATCH cannot be read ({type(error).__name__}). What came "
            "before it is committed, the STATE after it is not: pull again."
        ) from None


def digest(path: Path) -> bytes:
    """Return the SHA-256 of a file."""
    with readable(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def whole(manifest: Manifest, path: Path, message: int, line: int) -> Gathered | None:
    """Return the rows of a small Parquet file, the first with the number `line`; None of others.

    message: the line of the BATCH. Raises LandingError when the file cannot be read.
    """
    if manifest.format != "parquet" or len(manifest.files) > 1:
        return None
    with readable(path), pq.ParquetFile(path) as file:
        if file.metadata.num_rows > FEW_ROWS:
            return None
        gathered = Gathered()
        rows = file.read()
    if rows.num_rows:
        gathered.add_portion(Portion(rows, message, line, 1))
    return gathered


def portions(
    manifest: Manifest, path: Path, shape: Shape, line: int, settings: Settings
) -> Iterator[Gathered]:
    """Yield the rows of a file in portions for a commit each.

    line: that of the BATCH message. Raises LandingError when the file cannot be read to its end.
    """
    rows = min(settings.batch_rows, ROWS)
    if manifest.format == "jsonl":
        yield from _json_lines(manifest, path, shape, line, rows, settings)
        return
    first = 1
    with readable(path), pq.ParquetFile(path) as file:
        for portion in file.iter_batches(batch_size=rows):
            gathered = Gathered()
            gathered.add_portion(Portion(pa.Table.from_batches([portion]), line, line, first))
            yield gathered
            first += portion.num_rows


def _json_lines(
    manifest: Manifest, path: Path, shape: Shape, line: int, rows: int, settings: Settings
) -> Iterator[Gathered]:
    gathered, first, row = Gathered(origin=line, first_row=1), 1, 0
    with readable(path), path.open("rb") as plain_file:
        file = gzip.GzipFile(fileobj=plain_file) if manifest.compression == "gzip" else plain_file
        aside = settings.home / "lake" / "oversize"
        for block in lines.read(cast(BinaryIO, file), settings.max_line_bytes, aside):
            listed = [block] if isinstance(block, Line) else map(block.line, range(len(block)))
            for one in listed:
                row += 1
                if one.raw.strip():
                    _add(gathered, one._replace(number=line + row - first, offset=row), shape)
                if gathered.units >= rows:
                    yield gathered
                    first = row + 1
                    gathered = Gathered(origin=line, first_row=first)
    if gathered.units:
        yield gathered


def _add(gathered: Gathered, line: Line, shape: Shape) -> None:
    try:
        if line.oversize is not None:
            detail = f"{line.oversize.size} bytes, sha256 {line.oversize.name}"
            raise HeldBackError("too_large", detail)
        record = line.raw.decode("utf-8")
        # Alone it has to be JSON: around it, the message could mend what is broken.
        json.loads(record)
    except UnicodeDecodeError:
        gathered.hold(line, HeldBackError("invalid_utf8", "the record"))
    except ValueError:
        gathered.hold(line, HeldBackError("invalid_json", "the record"))
    except HeldBackError as error:
        gathered.hold(line, error)
    except RecursionError:
        gathered.hold(line, HeldBackError("too_deep", "the record"))
    else:
        gathered.add_line(line._replace(raw=wrapped(shape.stream, record).encode()))


def wrapped(stream: str, record: str) -> str:
    """Return a RECORD message around the JSON text of a record."""
    return f'{{"type": "RECORD", "stream": {json.dumps(stream)}, "record": {record}}}'
