"""Land ready Parquet files with dlt by its fastest route, so that the last arrival wins.

Run by the Python that has dlt: dlt_arrow.py <folder of <stream>.parquet> <folder> <keys as JSON>.
Reads no Singer and parses no JSON. Imports nothing of ours.
"""

import json
import sys
from pathlib import Path

import dlt  # type: ignore[import-not-found]
import pyarrow.parquet as pq


def main(inputs: str, folder: str, keys: str) -> None:
    """Land every stream that `keys` names."""
    pipeline = dlt.pipeline(
        pipeline_name="arrow",
        pipelines_dir=f"{folder}/pipelines",
        destination=dlt.destinations.duckdb(f"{folder}/peer.duckdb"),
        dataset_name="src",
    )

    def tables(stream: str):  # type: ignore[no-untyped-def]
        with pq.ParquetFile(Path(inputs) / f"{stream}.parquet") as file:
            yield from file.iter_batches(batch_size=100_000)

    pipeline.run(
        [
            dlt.resource(
                tables(stream),
                name=stream,
                primary_key=columns,
                write_disposition="merge",
                # Without it dlt keeps any one of the rows of a key.
                columns={"_seq": {"dedup_sort": "desc"}},
            )
            for stream, columns in json.loads(keys).items()
        ]
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
