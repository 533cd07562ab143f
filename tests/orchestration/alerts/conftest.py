"""An alert, and the receivers that take it: a web server and a mail server, both real."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from orchestration.alerts.alert import Alert
from orchestration.alerts.routes import Routes, routes
from orchestration.alerts.targets import Target
from orchestration.settings import Settings

ALERT = Alert(
    id="inc_4f2a/1",
    incident="inc_4f2a",
    event="opened",
    severity="error",
    title="wms.stock has a quantity below zero",
    what="3 of 1200 rows have a quantity that breaks minimum 0. For example sku=AA-00017, bin=A-1.",
    rows=3,
    dataset="wms.stock",
    rule="quantity_not_negative",
    source_fields=("wms.stock.quantity",),
    owner="wms-operations",
    channel="#wms-operations",
    system="wms",
    since=datetime(2026, 3, 11, 18, 40, tzinfo=UTC),
    blocked=("release", "source_orders"),
    mend="Ask wms-operations about wms's stock.quantity: mend these rows at the source.",
    link="https://dagster.example.com/runs/1?a=1&b=2",
    occurred_at=datetime(2026, 3, 11, 18, 40, tzinfo=UTC),
    also=("canonical.inventory_atp atp_not_negative",),
)


@pytest.fixture
def alert() -> Alert:
    return ALERT


@dataclass
class Receiver:
    """A web server: what it got, and what it answers."""

    url: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def body(self) -> Any:
        """The newest body, as JSON."""
        return json.loads(self.taken[-1][2])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with _listening() as it:
        yield it


@pytest.fixture
def other() -> Iterator[Receiver]:
    """Another one, for who hears when the first does not."""
    with _listening() as it:
        yield it


@contextmanager
def _listening() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            it.taken.append((self.path, dict(self.headers), body))
            self.send_response(it.status)
            for name, value in it.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:  # who follows a redirect
            it.taken.append((self.path, dict(self.headers), b""))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        it = Receiver(f"http://127.0.0.1:{server.server_port}/s3cret-path")
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield it
        server.shutdown()
        thread.join()


@dataclass
class Mailbox:
    """A mail server: where it is, what it got, whom it refuses, and who logged in over what."""

    port: int = 0
    raw: list[bytes] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    answer: str = "250 OK"
    logins: list[tuple[bytes, bytes, bool]] = field(default_factory=list)

    # The names are aiosmtpd's.
    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        if self.answer.startswith("2"):
            content = envelope.content.replace(b"\r\n", b"\n")  # as a mailbox keeps it
            mail = message_from_bytes(content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.raw.append(content)
            self.mails.append(mail)
            self.envelopes.append((envelope.mail_from or "", envelope.rcpt_tos))
        return self.answer

    def log_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password, session.ssl is not None))
        return AuthResult(success=data.password == b"p@ss/w0rd", handled=False)


@pytest.fixture
def mailboxes() -> Iterator[Callable[..., Mailbox]]:
    """Start mail servers; each takes aiosmtpd's settings."""
    started: list[Controller] = []

    def start(**settings: Any) -> Mailbox:
        mailbox = Mailbox()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            mailbox.port = free.getsockname()[1]
        controller = Controller(
            mailbox, "127.0.0.1", mailbox.port, authenticator=mailbox.log_in, **settings
        )
        controller.start()
        started.append(controller)
        return mailbox

    yield start
    for controller in started:
        controller.stop()


@pytest.fixture
def mailbox(mailboxes: Callable[..., Mailbox]) -> Mailbox:
    return mailboxes()


@pytest.fixture
def routed(tmp_path: Path) -> Callable[[str], Routes]:
    """Write a channels.yaml and read it."""

    def read(text: str) -> Routes:
        file = tmp_path / "channels.yaml"
        file.write_text(text, "utf-8")
        return routes(Settings(home=tmp_path, channels=file))

    return read


@pytest.fixture
def one(routed: Callable[[str], Routes]) -> Callable[[str], Target]:
    """Read one target, written as in channels.yaml."""

    def read(entry: str) -> Target:
        (target,) = routed(f"default:\n  - {entry}\n").default
        return target

    return read
