"""Land a Singer file with dlt the way its guide begins: a generator of dicts, merged by key.

Run by the Python that has dlt: dlt_rows.py <stream.singer> <folder>. Imports nothing of ours.
"""

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt  # type: ignore[import-not-found]

KINDS = {"boolean": "bool", "integer": "bigint", "array": "json", "object": "json"}


def records(path: str, stream: str) -> Iterator[dict[str, Any]]:
    """Yield a stream's records; the other streams' lines are not parsed."""
    mark = f'{{"type":"RECORD","stream":"{stream}"'
    with Path(path).open(encoding="utf-8") as file:
        for line in file:
            if line.startswith(mark):
                yield json.loads(line, parse_float=Decimal)["record"]


def column(declared: dict[str, Any]) -> dict[str, Any]:
    """Say a JSON Schema property as a dlt column, decimals and times exact."""
    kinds = declared["type"]
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "number":
        scale = -round(Decimal(str(declared["multipleOf"])).log10())
        return {"data_type": "decimal", "precision": 38, "scale": scale}
    if declared.get("format") == "date-time":
        return {"data_type": "timestamp", "timezone": True}
    return {"data_type": KINDS.get(kind, "text")}


def main(path: str, folder: str) -> None:
    """Land every stream that the file declares."""
    declared: dict[str, dict[str, Any]] = {}
    with Path(path).open(encoding="utf-8") as file:
        for line in file:
            if line.startswith('{"type":"SCHEMA"'):
                message = json.loads(line)
                declared[message["stream"]] = message
    pipeline = dlt.pipeline(
        pipeline_name="rows",
        pipelines_dir=f"{folder}/pipelines",
        destination=dlt.destinations.duckdb(f"{folder}/peer.duckdb"),
        dataset_name="src",
    )
    pipeline.run(
        [
            dlt.resource(
                records(path, stream),
                name=stream,
                primary_key=message["key_properties"],
                write_disposition="merge",
                max_table_nesting=0,
                columns={k: column(v) for k, v in message["schema"]["properties"].items()},
            )
            for stream, message in declared.items()
        ]
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
