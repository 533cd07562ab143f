"""An alert as the JSON that Slack's incoming webhooks take.

Limits and escaping: https://docs.slack.dev/reference/block-kit/blocks/section-block and
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from typing import Any
from urllib.parse import quote

from orchestration.alerts import message
from orchestration.alerts.alert import Alert

_TEXT, _FIELD = 3000, 2000  # characters of a section's text, and of each of its (ten) fields
_CUT = " … (shortened)"
_ICONS = {"error": ":red_circle:", "warning": ":large_yellow_circle:"}


def payload(alert: Alert) -> dict[str, Any]:
    """Return the message: blocks for Slack, the same as ``text`` for what only reads that."""
    icon = ":large_green_circle:" if alert.is_over else _ICONS[alert.severity]
    title = message.one_line(alert.title)
    head = f"{message.state(alert)}: {title}"
    said = f"{message.opening(alert)}\n{message.clean(alert.what)}"
    blocks = [
        _section(f"{icon} *{escaped(head, _TEXT - 100)}*"),
        _section(escaped(said, _TEXT)),
        {
            "type": "section",
            "fields": [
                _mrkdwn(f"*{label}*\n{escaped(fact, _FIELD - 100)}")
                for label, fact in message.facts(alert)
            ],
        },
    ]
    if not alert.is_over and alert.mend.strip():
        mend = escaped(message.clean(alert.mend), _TEXT - 100)
        blocks.append(_section(f"*What to do*\n{mend}"))
    if link := _link(alert.link):
        blocks.append(_section(link))
    blocks.append({"type": "context", "elements": [_mrkdwn(escaped(message.footer(alert), _TEXT))]})
    whole = f"{message.subject(alert)}\n\n{message.text(alert, width=None)}"
    return {"text": escaped(whole, _TEXT), "blocks": blocks}


def escaped(said: str, limit: int) -> str:
    """Escape text as Slack asks and keep it within a limit; nothing in it calls on people."""
    whole = message.without_mentions(said)
    whole = whole.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(whole) <= limit:
        return whole
    half_entity = re.compile(r"&[a-z]*$")
    return half_entity.sub("", whole[: limit - len(_CUT)]) + _CUT


def _link(url: str | None) -> str | None:
    """Return a link as Slack writes it; a part of it that would end it is percent-encoded."""
    if url is None or not url.startswith(("http://", "https://")):
        return None
    safe = quote(message.one_line(url), safe=":/?#[]@!$&'()*+,;=%~")
    if len(safe) > _TEXT // 2:
        return None
    return f"<{safe.replace('&', '&amp;')}|Open in Dagster>"


def _section(said: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(said)}


def _mrkdwn(said: str) -> dict[str, Any]:
    # verbatim: Slack makes no links and no mentions of what merely looks like one
    return {"type": "mrkdwn", "text": said, "verbatim": True}
