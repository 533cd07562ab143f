"""Where a PostgreSQL catalog is, with its password kept apart from everything that is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from warehouse.errors import LakeError

# What libpq may be told in the URL. Other secrets (sslpassword, scram_client_key) have no way to
# DuckDB but through a text that it shows, so they are refused.
ALLOWED = frozenset(
    {
        *(
            "host",
            "hostaddr",
            "port",
            "dbname",
            "user",
            "password",
            "passfile",
            "service",
            "options",
        ),
        *("sslmode", "sslnegotiation", "sslrootcert", "sslcert", "sslkey", "sslcrl"),
        *("channel_binding", "gssencmode", "krbsrvname", "require_auth", "target_session_attrs"),
        *("connect_timeout", "keepalives_idle", "tcp_user_timeout"),
    }
)
# A server that went silent is given up after a minute, not after TCP's two hours.
PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
FORM = "postgresql://user@host:5432/database?sslmode=verify-full"


@dataclass(frozen=True)
class Location:
    """A database: libpq's parameters, and the password if the URL has one."""

    parameters: Mapping[str, str]
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> "Location":
        """Read a `postgresql://` URL; raise LakeError, without quoting it, when it is none."""
        if not url.startswith(("postgresql://", "postgres://")):
            raise LakeError(f"CROSSDOCK_CATALOG is no PostgreSQL URL. Its form: {FORM}")
        try:
            read = {key: str(value) for key, value in conninfo_to_dict(url).items() if value}
        except (psycopg.Error, ValueError):
            # libpq's own words may quote a part of a password that was not percent-encoded.
            raise LakeError(
                "CROSSDOCK_CATALOG cannot be read as a PostgreSQL URL. Percent-encode what is "
                f"special in user and password (@ as %40, / as %2F). Its form: {FORM}"
            ) from None
        if any("@" in read.get(key, "") for key in ("host", "dbname", "port")):
            raise LakeError(
                "CROSSDOCK_CATALOG has an '@' in its host or database: percent-encode it in the "
                f"password as %40. Its form: {FORM}"
            )
        if unknown := sorted(read.keys() - ALLOWED):
            raise LakeError(
                f"CROSSDOCK_CATALOG has parameters that are not taken: {', '.join(unknown)}. "
                f"Valid are: {', '.join(sorted(ALLOWED))}."
            )
        password = read.pop("password", None)
        return cls(PATIENCE | read, password)

    @property
    def where(self) -> str:
        """The location for people: user, host, port and database."""
        read = self.parameters
        user = f"{quote(read['user'], safe='')}@" if "user" in read else ""
        port = f":{read['port']}" if "port" in read else ""
        host, database = read.get("host", ""), read.get("dbname", "")
        if host.startswith("/"):
            return f"postgresql://{user}{port}/{database}?host={host}"
        return f"postgresql://{user}{host}{port}/{database}"

    def conninfo(self, session: str) -> str:
        """Return a libpq connection string without the password, naming the session."""
        return make_conninfo("", **self.parameters, application_name=session)

    def connect(self, session: str) -> psycopg.Connection:
        """Open a session in autocommit mode; raise LakeError when the server cannot be reached."""
        try:
            return psycopg.connect(
                self.conninfo(session),
                password=self.password,
                autocommit=True,
                client_encoding="utf8",
            )
        except psycopg.Error as error:
            raise LakeError(self.unreachable(error)) from None

    def unreachable(self, error: Exception) -> str:
        """Say that the catalog does not answer, and why, in one line."""
        why = " ".join(self.scrub(str(error)).split())
        return (
            f"The catalog {self.where} cannot be reached: {why}. Look at CROSSDOCK_CATALOG, "
            "PGPASSWORD or PGPASSFILE, and whether the server runs."
        )

    def scrub(self, text: str) -> str:
        """Return `text` without the password, should it be in there."""
        return text.replace(self.password, "***") if self.password else text
