"""The hub's own tables: what was landed, what was held back, and how far each source is."""

import duckdb

from warehouse import sql

TABLES = {
    "ledger": {
        "batch_id": "VARCHAR",
        "load_id": "VARCHAR",
        "source": "VARCHAR",
        "stream": "VARCHAR",
        "emitted": "BIGINT",
        "loaded": "BIGINT",
        "inserted": "BIGINT",
        "updated": "BIGINT",
        "duplicate": "BIGINT",
        "superseded": "BIGINT",
        "quarantined": "BIGINT",
        "deleted": "BIGINT",
        "bytes": "BIGINT",
        "first_line": "BIGINT",
        "last_line": "BIGINT",
        "last_byte": "BIGINT",
        "last_sequence": "BIGINT",
        "is_final": "BOOLEAN",
        "seconds": "DECIMAL(18,6)",
        "committed_at": "TIMESTAMPTZ",
    },
    "quarantine": {
        "quarantine_id": "VARCHAR",
        "load_id": "VARCHAR",
        "batch_id": "VARCHAR",
        "source": "VARCHAR",
        "stream": "VARCHAR",
        "line": "BIGINT",
        "byte_offset": "BIGINT",
        "sequence": "BIGINT",
        "reason": "VARCHAR",
        "detail": "VARCHAR",
        "key": "JSON",
        "raw": "BLOB",
        "overflow": "VARCHAR",
        "arrived_at": "TIMESTAMPTZ",
        "healed_at": "TIMESTAMPTZ",
        "healed_by": "VARCHAR",
    },
    "state": {
        "source": "VARCHAR",
        "state": "JSON",
        "load_id": "VARCHAR",
        "committed_at": "TIMESTAMPTZ",
    },
    "stream": {
        "source": "VARCHAR",
        "stream": "VARCHAR",
        "key_properties": "JSON",
        "schema": "JSON",
        "committed_at": "TIMESTAMPTZ",
    },
    "hold": {
        "committed_at": "TIMESTAMPTZ",
        "dataset": "VARCHAR",
        "rule": "VARCHAR",
        "contract_version": "VARCHAR",
        "held": "BIGINT",
        "healed": "BIGINT",
    },
    "file": {
        "path": "VARCHAR",
        "sha256": "VARCHAR",
        "bytes": "BIGINT",
        "batch_id": "VARCHAR",
        "recorded_at": "TIMESTAMPTZ",
    },
}


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Create the hub's tables and columns that are missing, in one transaction."""
    con.execute("BEGIN")
    con.execute("CREATE SCHEMA IF NOT EXISTS lake.hub")
    for table, columns in TABLES.items():
        target = sql.name("lake", "hub", table)
        listed = ", ".join(f"{sql.name(name)} {kind}" for name, kind in columns.items())
        con.execute(f"CREATE TABLE IF NOT EXISTS {target} ({listed})")
        for name, kind in columns.items():
            con.execute(f"ALTER TABLE {target} ADD COLUMN IF NOT EXISTS {sql.name(name)} {kind}")
    con.execute("COMMIT")
