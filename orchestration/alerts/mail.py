"""An alert as an e-mail, and the server that takes it."""

import hashlib
import ipaddress
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import parseaddr
from urllib.parse import unquote

from orchestration.alerts import message
from orchestration.alerts.alert import Alert

# Up to the last @, so that a password with an @ or a / in it is no host.
_URL = re.compile(
    r"(?P<scheme>smtps?)://(?:(?P<login>.*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[\w.-]+)"
    r"(?::(?P<port>\d{1,5}))?/?"
)
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


@dataclass(frozen=True)
class Server:
    """Where mail is handed in: from the first byte in TLS, or in TLS where it is offered."""

    host: str
    port: int
    is_tls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine, so that nobody listens in between."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def server(url: str) -> Server | None:
    """Read smtp://user:password@host:587 or smtps://…; None for what is no such URL."""
    found = _URL.fullmatch(url)
    if found is None or int(found["port"] or 0) > 65535:
        return None
    user, _, password = (found["login"] or "").partition(":")
    is_tls = found["scheme"] == "smtps"
    return Server(
        host=found["host"].strip("[]"),
        port=int(found["port"] or (465 if is_tls else 587 if password else 25)),
        is_tls=is_tls,
        user=unquote(user) or None,
        password=unquote(password) or None,
    )


def is_address(text: str) -> bool:
    """Say whether it is one address: name@example.com or Name <name@example.com>."""
    return text.isprintable() and _ADDRESS.fullmatch(parseaddr(text)[1]) is not None


class _WholeSubjects(EmailPolicy):
    """Encodes a subject as a whole: Python 3.11 loses spaces between words that it encodes.

    Mail servers refuse some that it wrote: https://github.com/python/cpython/issues/144156
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() != "subject" or value.isascii():
            return super().fold_binary(name, value)
        encoded = Header(value, "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {encoded}{self.linesep}".encode("ascii")


def compose(alert: Alert, sender: str, to: list[str]) -> EmailMessage:
    """Write the e-mail: ids that a repeat has again, and that thread an incident's messages."""
    domain = parseaddr(sender)[1].rpartition("@")[2]
    mail = EmailMessage(_WholeSubjects(linesep=SMTP.linesep))
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Subject"] = message.subject(alert)
    mail["Date"] = datetime.now(UTC)
    first = _message_id(f"incident/{alert.incident}", domain)
    if alert.event == "opened":
        mail["Message-ID"] = first
    else:
        # Hangs below the first one also where that never came: clients thread by the id alone.
        mail["Message-ID"] = _message_id(f"alert/{alert.id}", domain)
        mail["In-Reply-To"] = first
        mail["References"] = first
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    # Servers without 8BITMIME exist; this is as readable, and no server re-encodes it.
    mail.set_content(message.text(alert), cte="quoted-printable")
    return mail


def _message_id(text: str, domain: str) -> str:
    return f"<{hashlib.sha256(text.encode()).hexdigest()[:32]}@{domain}>"
