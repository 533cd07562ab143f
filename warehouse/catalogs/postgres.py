"""A catalog in a PostgreSQL database, so that several machines load at once.

The machines share the lake's folder; the database holds one lake. Needs sessions of their own, as
PostgreSQL gives them (a pooler in transaction mode does not: locks would be lost).
"""

import json
import os
import uuid
from contextlib import AbstractContextManager
from pathlib import Path
from typing import LiteralString

import duckdb
import psycopg
from psycopg.conninfo import conninfo_to_dict

from warehouse import sql
from warehouse.catalogs import MARKER, advisory, to_sqlite
from warehouse.catalogs.guard import Guard, recover
from warehouse.catalogs.location import Location
from warehouse.catalogs.orphaned import refuse_orphaned
from warehouse.errors import LakeError
from warehouse.session import open_duckdb

SECRET = "crossdock_catalog"  # noqa: S105 - a name
# DuckLake's own 10 are too few where commits that our lock does not order meet, such as dbt's.
RETRIES = 100
COLUMNS: LiteralString = """
    SELECT t.table_name, c.column_name FROM ducklake_table AS t
    JOIN ducklake_schema AS s USING (schema_id) JOIN ducklake_column AS c USING (table_id)
    WHERE s.schema_name = %s AND t.end_snapshot IS NULL AND c.end_snapshot IS NULL"""


class PostgresCatalog:
    """The database at `url`, which belongs to the lake in `folder`."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.location = Location.parse(url)
        self._data = folder / "data"
        self._marker = folder / MARKER

    @property
    def where(self) -> str:
        """The database, without its password."""
        return self.location.where

    def prepare(self) -> None:
        """Create the catalog where there is none, and tie database and folder to each other."""
        self._refuse_sqlite()
        with self.location.connect("crossdock prepare") as session:
            lake_id, begun = _lake_id(session), _exists(session, "ducklake_metadata")
            if lake_id is None and begun:
                raise LakeError(
                    f"{self.where} holds a DuckLake that is none of Crossdock's. Give each lake a "
                    "database of its own."
                )
            if lake_id is not None and not self._marker.exists():
                raise LakeError(
                    f"{self.where} is the catalog of a lake whose files are not in {self.folder}. "
                    "Mount that lake's folder there, or give this lake a database of its own."
                )
            mine = self._mark()
            if lake_id is None:
                session.execute("CREATE TABLE crossdock_lake (lake_id varchar PRIMARY KEY)")
                session.execute("INSERT INTO crossdock_lake VALUES (%s)", [mine])
            elif lake_id != mine:
                raise LakeError(
                    f"The files in {self.folder} belong to another catalog than {self.where}. "
                    f"{self._marker} names it."
                )
        if not begun:
            refuse_orphaned(self._data, self.where)
            with open_duckdb() as con:
                self._attach(con, "lake", "CREATE_IF_NOT_EXISTS true")

    def check(self) -> None:
        """Raise LakeError unless the folder says that its catalog is in PostgreSQL."""
        self._refuse_sqlite()
        if not self._marker.exists():
            refuse_orphaned(self._data, self.where)
            raise LakeError(
                f"There is no lake in {self.folder} with its catalog in {self.where}. "
                "Make it with `crossdock run`."
            )

    def columns(self, schema: str) -> set[tuple[str, str]]:
        """Ask PostgreSQL itself."""
        with self.location.connect("crossdock look") as session:
            return {(row[0], row[1]) for row in session.execute(COLUMNS, [schema]).fetchall()}

    def attach(
        self, con: duckdb.DuckDBPyConnection, *, alias: str, read_only: bool, at: int | None = None
    ) -> None:
        """Attach the catalog to `con`, in a session whose name no other has."""
        then = [] if at is None else [f"SNAPSHOT_VERSION {at:d}"]
        self._attach(con, alias, "CREATE_IF_NOT_EXISTS false", *["READ_ONLY"] * read_only, *then)

    def lock(
        self, name: str, *, timeout: float, purpose: str, is_reentrant: bool
    ) -> AbstractContextManager[None]:
        """Hold the advisory lock of this name."""
        return advisory.hold(
            self.location, name, timeout=timeout, purpose=purpose, is_reentrant=is_reentrant
        )

    def holder(self, name: str) -> str | None:
        """Say who holds the advisory lock of this name now."""
        return advisory.holder(self.location, name)

    def environment(self) -> dict[str, str]:
        """Return the variables by which the dbt project's profile finds the catalog.

        dbt keeps what is named DBT_ENV_SECRET_* out of its logs. In a secret, an empty password
        hides PGPASSWORD but not PGPASSFILE.
        """
        session = f"crossdock-dbt-{uuid.uuid4().hex[:8]}"
        return {
            "CROSSDOCK_DBT_TARGET": "postgres",
            "CROSSDOCK_DUCKLAKE": f"ducklake:postgres:{self.location.conninfo(session)}",
            "DBT_ENV_SECRET_CATALOG_PASSWORD": self.location.password
            or os.environ.get("PGPASSWORD", ""),
        }

    def copy(self, path: Path, schemas: frozenset[str] | None) -> None:
        """Copy one snapshot of the catalog into a new SQLite catalog."""
        with self.location.connect("crossdock copy") as session:
            to_sqlite.copy(session, path, schemas)

    def commit(self, con: duckdb.DuckDBPyConnection, message: str = "") -> None:
        """Commit under guard: a reply that is lost costs nothing."""
        Guard(self.folder, self.location, _session(con)).commit(con, message)

    def recover(self) -> None:
        """Settle commits whose process died before it knew."""
        recover(self.folder, self.location)

    def _attach(self, con: duckdb.DuckDBPyConnection, alias: str, *options: str) -> None:
        con.execute("LOAD ducklake")
        con.execute("LOAD postgres_scanner")
        con.execute(f"SET ducklake_max_retry_count = {RETRIES}")
        name = f"crossdock-{uuid.uuid4().hex[:16]}"
        place = f"ducklake:postgres:{self.location.conninfo(name)}"
        chosen = [f"DATA_PATH {sql.text(f'{self._data}/')}", "OVERRIDE_DATA_PATH true", *options]
        try:
            if self.location.password is not None:
                # In memory, shown as 'redacted', and in no ATTACH, path or option.
                con.execute(
                    f"CREATE OR REPLACE TEMPORARY SECRET {SECRET} "
                    f"(TYPE postgres, PASSWORD {sql.text(self.location.password)})"
                )
                chosen.append(f"META_SECRET {SECRET}")
            con.execute(f"ATTACH {sql.text(place)} AS {sql.name(alias)} ({', '.join(chosen)})")
        except duckdb.Error as error:
            raise LakeError(self.location.unreachable(error)) from None

    def _mark(self) -> str:
        """Return the id of the lake in the folder, giving it one where it has none."""
        if self._marker.exists():
            marked: dict[str, str] = json.loads(self._marker.read_text("utf-8"))
            return marked["lake_id"]
        lake_id = uuid.uuid4().hex
        aside = self._marker.with_suffix(f".{lake_id}")
        aside.write_text(json.dumps({"lake_id": lake_id, "catalog": self.where}) + "\n", "utf-8")
        aside.replace(self._marker)
        return lake_id

    def _refuse_sqlite(self) -> None:
        if (self.folder / "catalog.sqlite").exists():
            raise LakeError(
                f"The lake in {self.folder} has a SQLite catalog, and CROSSDOCK_CATALOG names "
                f"{self.where}. Unset CROSSDOCK_CATALOG, or give the new lake a home of its own "
                "and load its sources again."
            )


def _session(con: duckdb.DuckDBPyConnection) -> str:
    """Return the name of the session in which `con` has the lake attached."""
    row = con.execute("SELECT path FROM duckdb_databases() WHERE database_name = 'lake'").fetchone()
    place = str(row[0]).removeprefix("postgres:") if row else ""
    return str(conninfo_to_dict(place)["application_name"])


def _lake_id(session: psycopg.Connection) -> str | None:
    if not _exists(session, "crossdock_lake"):
        return None
    row = session.execute("SELECT lake_id FROM crossdock_lake").fetchone()
    return str(row[0]) if row else None


def _exists(session: psycopg.Connection, table: str) -> bool:
    row = session.execute("SELECT to_regclass(%s)", [table]).fetchone()
    return row is not None and row[0] is not None
