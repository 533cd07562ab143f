"""What a mail server gets: headers, threads, text; TLS before a password."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from orchestration.alerts import mail
from orchestration.alerts.alert import Alert
from orchestration.alerts.senders import NotDelivered, deliver
from orchestration.alerts.targets import Target

One = Callable[[str], Target]
Send = Callable[..., list[EmailMessage]]
TO = "[data-platform@example.com, on-call@example.com]"


def _entry(smtp: str) -> str:
    return f'email: {{to: {TO}, from: Crossdock <crossdock@example.com>, smtp: "{smtp}"}}'


@pytest.fixture
def sent(alert: Alert, mailbox: Any, one: One) -> Send:
    def send(*changes: dict[str, object]) -> list[EmailMessage]:
        target = one(_entry(f"smtp://127.0.0.1:{mailbox.port}"))
        for change in changes:
            deliver(replace(alert, **change), target)
        return mailbox.mails

    return send


def test_a_mail_arrives_with_its_headers_and_text(sent: Send, mailbox: Any) -> None:
    (got,) = sent({})
    assert got["Subject"] == "[Crossdock] Error: wms.stock has a quantity below zero"
    assert got["From"] == "Crossdock <crossdock@example.com>"
    assert got["To"] == "data-platform@example.com, on-call@example.com"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"] and got["In-Reply-To"] is None
    assert mailbox.envelopes == [
        ("crossdock@example.com", ["data-platform@example.com", "on-call@example.com"])
    ]
    text = got.get_content()
    assert "sku=AA-00017" in text and "What to do\n  Ask wms-operations" in text
    assert "https://dagster.example.com/runs/1?a=1&b=2" in text


def test_the_messages_of_an_incident_thread_and_a_repeat_bears_the_same_id(sent: Send) -> None:
    opened, again, reminder, resolved, other = sent(
        {},
        {},
        {"id": "inc_4f2a/2", "event": "reminder"},
        {"id": "inc_4f2a/3", "event": "resolved"},
        {"id": "inc_9/1", "incident": "inc_9"},
    )
    assert opened["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert len({m["Message-ID"] for m in (opened, reminder, resolved)}) == 3
    for later in (reminder, resolved):
        assert later["In-Reply-To"] == later["References"] == opened["Message-ID"]
    assert opened["Message-ID"].endswith("@example.com>")


def test_a_title_cannot_add_a_header_or_a_recipient(sent: Send, mailbox: Any) -> None:
    (got,) = sent({"title": "a\r\nBcc: all@example.com\r\n\r\nHello", "what": "b\r\n.\r\nRSET"})
    assert got["Bcc"] is None
    assert got["Subject"] == "[Crossdock] Error: a Bcc: all@example.com Hello"
    assert len(mailbox.envelopes[0][1]) == 2
    assert "b\n.\nRSET" in got.get_content()


@pytest.mark.parametrize(
    "title",
    [
        "Menge kleiner als 0, größte Lücke 漢字 " + "ä" * 60,
        "Commande et livraison: Abo actualités digitales 20 semaines d'été à Genève, Bilan et été",
        "📦 " * 30,
    ],
)
def test_a_mail_says_it_in_any_script(sent: Send, mailbox: Any, title: str) -> None:
    (got,) = sent({"title": title, "what": "Lagerplatz Ä-1 📦"})
    # Read as clients do: Python's own parser adds a space between encoded words.
    raw = message_from_bytes(mailbox.raw[0])["Subject"]
    assert str(make_header(decode_header(raw))) == f"[Crossdock] Error: {title}".strip()
    assert all(word == "" or word.count("?") == 4 for word in raw.split()), "one word each"
    assert "Lagerplatz Ä-1 📦" in got.get_content()


@pytest.mark.parametrize(
    ("answer", "is_final"), [("451 later", False), ("552 hush too much", True)]
)
def test_a_server_that_refuses_says_whether_to_try_again(
    alert: Alert, mailbox: Any, one: One, answer: str, is_final: bool
) -> None:
    mailbox.answer = answer
    with pytest.raises(NotDelivered) as refused:
        deliver(alert, one(_entry(f"smtp://127.0.0.1:{mailbox.port}")))
    assert refused.value.is_final == is_final
    assert refused.value.reason == f"The mail server answered {answer[:3]} (SMTPDataError)."


@pytest.mark.parametrize(
    ("codes", "is_final", "said"),
    [
        (("550 no hush here", "550 nor here"), True, "2 of 2 recipients (550)"),
        (("550 no hush here",), True, "1 of 2 recipients (550)"),
        (("450 greylisted", "550 nor here"), False, "2 of 2 recipients (450, 550)"),
    ],
)
def test_recipients_that_are_refused_are_counted_and_not_named(
    alert: Alert, mailbox: Any, one: One, codes: tuple[str, ...], is_final: bool, said: str
) -> None:
    addresses = ("data-platform@example.com", "on-call@example.com")
    mailbox.refused = dict(zip(addresses, codes, strict=False))
    with pytest.raises(NotDelivered) as refused:
        deliver(alert, one(_entry(f"smtp://127.0.0.1:{mailbox.port}")))
    assert refused.value.is_final == is_final
    assert refused.value.reason == f"The mail server refused {said}."


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file: Path = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


def test_tls_is_used_where_it_is_offered_and_before_the_password(
    alert: Alert, mailboxes: Any, certificate: ssl.SSLContext, one: One
) -> None:
    mailbox = mailboxes(tls_context=certificate, require_starttls=True)
    deliver(alert, one(_entry(f"smtp://me@example.com:p@ss/w0rd@127.0.0.1:{mailbox.port}")))
    assert mailbox.logins == [(b"me@example.com", b"p@ss/w0rd", True)]
    assert len(mailbox.mails) == 1


def test_smtps_speaks_tls_from_the_first_byte(
    alert: Alert, mailboxes: Any, certificate: ssl.SSLContext, one: One
) -> None:
    mailbox = mailboxes(ssl_context=certificate, auth_require_tls=False)
    deliver(alert, one(_entry(f"smtps://me:p%40ss%2Fw0rd@127.0.0.1:{mailbox.port}")))
    assert [login[:2] for login in mailbox.logins] == [(b"me", b"p@ss/w0rd")]
    assert len(mailbox.mails) == 1


def test_a_password_goes_without_tls_to_this_machine_only(
    alert: Alert, mailboxes: Any, one: One
) -> None:
    mailbox = mailboxes(auth_require_tls=False)
    # On Linux 0.0.0.0 reaches this machine too, but is not known as such.
    with pytest.raises(NotDelivered, match="no TLS, and a password is not sent without") as refused:
        deliver(alert, one(_entry(f"smtp://me:p@ss/w0rd@0.0.0.0:{mailbox.port}")))
    assert refused.value.is_final and mailbox.logins == [] and mailbox.mails == []
    deliver(alert, one(_entry(f"smtp://me:p@ss/w0rd@127.0.0.1:{mailbox.port}")))
    assert len(mailbox.mails) == 1


def test_a_certificate_that_nobody_vouches_for_gets_neither_password_nor_mail(
    alert: Alert, mailboxes: Any, certificate: ssl.SSLContext, one: One
) -> None:
    mailbox = mailboxes(tls_context=certificate)
    with pytest.raises(NotDelivered, match="SSLCertVerificationError"):
        deliver(alert, one(_entry(f"smtp://me:p@ss/w0rd@0.0.0.0:{mailbox.port}")))
    assert mailbox.logins == [] and mailbox.mails == []


def test_a_wrong_password_is_final_and_not_shown(alert: Alert, mailboxes: Any, one: One) -> None:
    mailbox = mailboxes(auth_require_tls=False)
    with pytest.raises(NotDelivered) as refused:
        deliver(alert, one(_entry(f"smtp://me:hush@127.0.0.1:{mailbox.port}")))
    assert refused.value.is_final
    assert refused.value.reason == "The mail server answered 535 (SMTPAuthenticationError)."


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password"),
    [
        ("smtp://mail.example.com", "mail.example.com", 25, None, None),
        ("smtp://u:p@mail.example.com", "mail.example.com", 587, "u", "p"),
        ("smtps://u:p@mail.example.com/", "mail.example.com", 465, "u", "p"),
        ("smtp://a@b.example:x@y:1/2#3@[::1]:2525", "::1", 2525, "a@b.example", "x@y:1/2#3"),
    ],
)
def test_a_servers_url_is_read_whatever_the_password_holds(
    url: str, host: str, port: int, user: str | None, password: str | None
) -> None:
    read = mail.server(url)
    assert read is not None
    assert (read.host, read.port, read.user, read.password) == (host, port, user, password)
    assert password is None or repr(password) not in repr(read)


@pytest.mark.parametrize("url", ["mail.example.com", "http://a", "smtp://", "smtp://a:99999", ""])
def test_what_is_no_servers_url_is_none(url: str) -> None:
    assert mail.server(url) is None
