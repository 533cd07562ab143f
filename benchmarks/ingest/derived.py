"""The same records as files that peers without Singer read: a Parquet and a JSONL file a stream."""

from pathlib import Path

from benchmarks.ingest.streams import STREAMS, Stream
from warehouse import sql
from warehouse.lake import open_duckdb


def split(stream_file: Path) -> Path:
    """Write `<stream>.parquet` and `<stream>.jsonl` beside the file; return their folder.

    Parquet: columns exactly typed, nested values as JSON text, `_seq` counts arrivals.
    JSONL: the record as it stands in its message, `_seq` added. The file must have no bad lines.
    """
    folder = stream_file.with_suffix(".split")
    if folder.exists():
        return folder
    aside = folder.with_suffix(".part")
    aside.mkdir(exist_ok=True)
    with open_duckdb() as con:
        for stream in STREAMS.values():
            for kind in ("parquet", "jsonl"):
                to = sql.text(str(aside / f"{stream.name}.{kind}"))
                how = "PARQUET" if kind == "parquet" else "JSON"
                con.execute(f"COPY ({_query(stream, stream_file, kind)}) TO {to} (FORMAT {how})")
    return aside.replace(folder)


def _query(stream: Stream, stream_file: Path, kind: str) -> str:
    types = stream.stored_types
    if kind == "jsonl":
        # As JSON each value stays as it was written.
        types = dict.fromkeys(types, "JSON")
    fields = ", ".join(f"{sql.name(column)} {type_}" for column, type_ in types.items())
    values = ", ".join(
        f"CAST(record.{sql.name(column)} AS VARCHAR) AS {sql.name(column)}"
        if type_ == "JSON" and kind == "parquet"
        else f"record.{sql.name(column)}"
        for column, type_ in types.items()
    )
    columns = f"{{'type': 'VARCHAR', 'stream': 'VARCHAR', 'record': 'STRUCT({fields})'}}"
    return (
        f"SELECT {values}, row_number() OVER () AS _seq FROM read_ndjson("  # noqa: S608
        f"{sql.text(str(stream_file))}, columns = {columns}) "
        f"WHERE type = 'RECORD' AND stream = {sql.text(stream.name)}"
    )
