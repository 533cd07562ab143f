"""Singer's BATCH as singer-sdk defines it: rows in Parquet files, their addresses in a message."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from singer_sdk.exceptions import ConfigurationError
from singer_sdk.helpers._batch import BaseBatchFileEncoding

ROWS = 100_000  # a file: the rows of one commit of the target
ENCODING = BaseBatchFileEncoding(format="parquet", compression="none")


@dataclass
class Batches:
    """A stream's files, one after the other in the folder that `batch_config` names."""

    folder: Path
    prefix: str
    schema: pa.Schema
    _writer: pq.ParquetWriter | None = None
    _path: Path = field(default_factory=Path)
    rows: int = 0
    _left: int = 0

    @classmethod
    def to(cls, config: Mapping[str, Any], stream: str, schema: pa.Schema) -> Batches:
        """Take the setting `batch_config`; raises ConfigurationError for what is not done here."""
        encoding, storage = config.get("encoding") or {}, config.get("storage") or {}
        if encoding.get("format") != "parquet" or encoding.get("compression") not in (None, "none"):
            raise ConfigurationError(
                "Setting 'batch_config.encoding' must be a 'format' of parquet, with no "
                "'compression': the files are compressed inside."
            )
        folder = _folder(storage.get("root"))
        # A stream's name never becomes a path.
        return cls(folder, f"{storage.get('prefix') or ''}{uuid.uuid4().hex}", schema)

    def __enter__(self) -> Batches:
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file that was never announced."""
        if self._writer is not None:
            self._writer.close()
            self._path.unlink(missing_ok=True)

    def add(self, rows: pa.RecordBatch) -> list[str]:
        """Write rows; return the addresses of a file that is full and on disk, or none."""
        if not rows.num_rows:
            return []
        if self._writer is None:
            self._path = self.folder / f"{self.prefix}-{self.rows:012}.parquet"
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Read once, at once, and then deleted: no statistics, no dictionary.
            self._writer = pq.ParquetWriter(
                self._path, self.schema, use_dictionary=False, write_statistics=False
            )
            self._left = ROWS
        self._writer.write_batch(rows)
        self.rows += rows.num_rows
        self._left -= rows.num_rows
        return self.end() if self._left <= 0 else []

    def end(self) -> list[str]:
        """Close the open file; return its address once it is on disk, or none."""
        if self._writer is None:
            return []
        self._writer.close()
        self._writer = None
        with self._path.open("rb") as file:
            os.fsync(file.fileno())
        return [self._path.as_uri()]


def _folder(root: Any) -> Path:
    parts = urlsplit(root) if isinstance(root, str) else None
    if parts is None or parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost"):
        raise ConfigurationError(
            "Setting 'batch_config.storage.root' must be a folder, like file:///var/tmp/batches."
        )
    return Path(unquote(parts.path) if parts.scheme else str(root)).absolute()
