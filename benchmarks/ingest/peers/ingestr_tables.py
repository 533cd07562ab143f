"""Land tables of a DuckDB file with ingestr, one after the other, merged by key.

Run by the Python that has ingestr: ingestr_tables.py <feed.duckdb> <folder> <keys as JSON>.
"""

import json
import subprocess
import sys
from pathlib import Path


def main(feed: str, folder: str, keys: str) -> None:
    """Land every table that `keys` names."""
    ingestr = Path(sys.executable).with_name("ingestr")
    for stream, columns in json.loads(keys).items():
        named = [word for column in columns for word in ("--primary-key", column)]
        subprocess.run(  # noqa: S603
            [
                *(str(ingestr), "ingest", "--yes", "--progress", "log"),
                *("--source-uri", f"duckdb:///{feed}", "--source-table", f"src.{stream}"),
                *("--dest-uri", f"duckdb:///{folder}/peer.duckdb", "--dest-table", f"src.{stream}"),
                *("--incremental-strategy", "merge", *named),
            ],
            check=True,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
