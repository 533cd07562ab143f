"""Send an alert to a target, or say why not and whether to try again."""

import json
import logging
import smtplib
import ssl
from contextlib import suppress

import requests

from contracts import CrossdockError
from orchestration.alerts import mail, message, slack
from orchestration.alerts.alert import Alert
from orchestration.alerts.targets import Apprise, Email, RoutesError, Slack, Target, Webhook
from orchestration.environment import NotFilled
from orchestration.signing import signature

_TRY_AGAIN = frozenset({408, 425, 429})  # of the 4xx
_JSON = {"Content-Type": "application/json", "User-Agent": "Crossdock"}


class NotDelivered(CrossdockError):
    """A target did not take an alert; the reason names no address, no secret, nobody.

    ``is_final``: trying again is of no use. ``after_s``: seconds that the receiver asked to wait.
    """

    def __init__(self, reason: str, *, is_final: bool, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final
        self.after_s = after_s


def deliver(alert: Alert, target: Target, timeout_s: float = 10) -> None:
    """Send an alert to a target; it was taken when this returns. Safe to repeat: ids stay.

    ``timeout_s`` is how long each answer is waited for. Raises NotDelivered, and nothing else.
    A variable that is not set, or set to what cannot be, is not final: whoever mends it gets what
    waited.
    """
    try:
        match target.filled():
            case Slack(url=url):
                _post(url, json.dumps(slack.payload(alert)), {}, timeout_s)
            case Webhook(url=url, secret=secret):
                body = message.webhook(alert)
                _post(url, body, signature(secret, alert.id, body), timeout_s)
            case Email() as way:
                _mail(alert, way, timeout_s)
            case Apprise(url=url):
                _notify(alert, url, timeout_s)
    except NotDelivered:
        raise
    except NotFilled as error:
        raise NotDelivered(str(error), is_final=False) from None
    except RoutesError as error:
        raise NotDelivered(str(error), is_final=not target.is_of_environment) from None
    except Exception as error:  # what a library says may hold the address, so only its kind
        raise NotDelivered(f"Sending failed: {type(error).__name__}.", is_final=False) from None


def _post(url: str, body: str, headers: dict[str, str], timeout_s: float) -> None:
    try:
        # stream: what it answers is not read, so no long answer holds us up
        with requests.post(
            url,
            data=body.encode(),
            headers=_JSON | headers,
            timeout=timeout_s,
            allow_redirects=False,
            stream=True,
        ) as answer:
            status, after = answer.status_code, answer.headers.get("Retry-After", "")
    except requests.Timeout:
        raise NotDelivered(f"No answer within {timeout_s:g} s.", is_final=False) from None
    except requests.RequestException as error:
        # InvalidURL, InvalidSchema and their like are ValueErrors too: no retry mends them
        why = getattr(error.args[0] if error.args else None, "reason", None) or error
        raise NotDelivered(
            f"The connection failed: {type(why).__name__}.", is_final=isinstance(error, ValueError)
        ) from None
    if 200 <= status < 300:
        return
    redirect = " (a redirect, which is not followed)" if 300 <= status < 400 else ""
    raise NotDelivered(
        f"It answered {status}{redirect}.",
        is_final=300 <= status < 500 and status not in _TRY_AGAIN,
        after_s=float(after) if after.isascii() and after.isdigit() else None,
    )


def _mail(alert: Alert, way: Email, timeout_s: float) -> None:
    server = mail.server(way.smtp)
    if server is None:
        raise NotDelivered("smtp is no URL.", is_final=True)
    try:
        client = _connected(server, timeout_s)
        try:
            refused = client.send_message(mail.compose(alert, way.sender, way.to))
        finally:  # whatever becomes of QUIT, the message is taken or not by now
            with suppress(OSError):
                client.quit()
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPResponseException as error:
        raise NotDelivered(
            f"The mail server answered {error.smtp_code} ({type(error).__name__}).",
            is_final=error.smtp_code >= 500,
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise NotDelivered(
            "The mail server lacks a log-in or characters that this needs.", is_final=True
        ) from None
    except TimeoutError:
        raise NotDelivered(f"No answer within {timeout_s:g} s.", is_final=False) from None
    except OSError as error:  # of smtplib too: a connection that ended
        raise NotDelivered(
            f"The connection failed: {type(error).__name__}.", is_final=False
        ) from None
    if refused:
        codes = sorted({code for code, _ in refused.values()})
        raise NotDelivered(
            f"The mail server refused {len(refused)} of {len(way.to)} recipients "
            f"({', '.join(map(str, codes))}).",
            is_final=codes[0] >= 500,
        )


def _connected(server: mail.Server, timeout_s: float) -> smtplib.SMTP:
    """Connect and log in: in TLS where it is offered, a password only there or on this machine."""
    context = ssl.create_default_context()
    if server.is_loopback:  # nobody is in between, and few name a certificate 'localhost'
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client: smtplib.SMTP
    if server.is_tls:
        client = smtplib.SMTP_SSL(server.host, server.port, timeout=timeout_s, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=timeout_s)
    try:
        client.ehlo_or_helo_if_needed()
        is_tls = server.is_tls
        if not is_tls and client.has_extn("starttls"):
            client.starttls(context=context)
            is_tls = True
        if server.user is not None and server.password is not None:
            if not (is_tls or server.is_loopback):
                raise NotDelivered(
                    "The mail server offers no TLS, and a password is not sent without.",
                    is_final=True,
                )
            client.login(server.user, server.password)
    except BaseException:
        client.close()
        raise
    return client


def _notify(alert: Alert, url: str, timeout_s: float) -> None:
    import apprise  # takes a second with its services; few need it

    kind = apprise.NotifyType.FAILURE if alert.severity == "error" else apprise.NotifyType.WARNING
    sender = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Crossdock", http_redirects=False))
    if not sender.add(url):
        raise NotDelivered("Apprise knows no such URL, or a part of it is missing.", is_final=True)
    taken = sender.notify(
        title=message.without_mentions(message.subject(alert)),
        body=message.without_mentions(message.text(alert, width=None)),
        notify_type=apprise.NotifyType.SUCCESS if alert.is_over else kind,
        body_format=apprise.NotifyFormat.TEXT,
        timeout=timeout_s,
    )
    if not taken:
        raise NotDelivered("Apprise could not deliver it; it does not say why.", is_final=False)


def _never(_: logging.LogRecord) -> bool:
    return False


# Both log addresses, which are secrets here; for good, as Apprise's threads outlive a timeout.
for _name in ("apprise", "urllib3.connectionpool"):
    logging.getLogger(_name).addFilter(_never)
