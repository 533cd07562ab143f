"""What an alert says, as plain text and as the JSON that a webhook gets."""

import json
import re
import textwrap
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestration.alerts.alert import Alert

_LABEL_WIDTH = 14
_SUBJECT_WIDTH = 180  # what mail clients and lock screens still show is far less
_EVENTS = {"reminder": ", still"}
# <!channel>, <@user>, <#room> and <!subteam^…> of Slack; @everyone of Discord, Teams, Mattermost.
_MENTION = re.compile(r"<(?=[!@#&])|@(?=(?:all|channel|everyone|here)\b)", re.IGNORECASE)
_WORD_JOINER = "\u2060"


def subject(alert: Alert) -> str:
    """Say it in one line, whatever the title holds; safe as a header."""
    line = f"[Crossdock] {state(alert)}: {one_line(alert.title)}"
    return textwrap.shorten(line, _SUBJECT_WIDTH, placeholder=" …") if len(line) > 180 else line


def state(alert: Alert) -> str:
    """Say how it stands: 'Error', 'Error, still', 'Resolved', 'Error, sent late'."""
    if alert.is_over:
        said = "Broke and is resolved" if alert.is_first else "Resolved"
    else:
        said = alert.severity.capitalize() + _EVENTS.get(alert.event, "")
    return said if alert.late is None else f"{said}, sent late"


def text(alert: Alert, width: int | None = 72) -> str:
    """Say it in full as plain text, its lines at most ``width`` wide; of any width with None.

    Words longer than a line (keys, links) stay whole.
    """
    parts = [_filled(opening(alert), width), _filled(clean(alert.what), width)]
    parts.append("\n".join(_fact(label, said, width) for label, said in facts(alert)))
    if not alert.is_over:
        parts.append("What to do\n" + _filled(clean(alert.mend), width, "  "))
    if alert.link:
        parts.append(one_line(alert.link))
    parts.append("--\n" + _filled(footer(alert), width))
    return "\n\n".join(part for part in parts if part.strip()) + "\n"


def opening(alert: Alert) -> str:
    """Begin: what happened when, whether this comes late, and of an end who hears of it."""
    began, lasted = _instant(alert.since), duration(alert.lasted)
    follows = None
    match alert.event:
        case "resolved" if alert.is_first:
            said = (
                f"Broke at {began}, resolved since {_instant(alert.occurred_at)}, after {lasted}."
            )
            follows = (
                "No message that it broke is known to have arrived here, so this tells both. "
                "What had broken:"
            )
        case "resolved":
            said = f"Resolved after {lasted}."
            follows = "Everybody who was told that it broke is told this. What had broken:"
        case "reminder":
            said = f"Still broken after {lasted}."
        case _:
            said = f"Broken since {began}."
    return " ".join(filter(None, [said, _late(alert), follows]))


def _late(alert: Alert) -> str | None:
    if alert.sent_at is None or alert.late is None:
        return None
    happened = {"opened": "it broke", "resolved": "it was resolved"}.get(alert.event, "that")
    return f"Sent late, at {_instant(alert.sent_at)}, {duration(alert.late)} after {happened}."


def facts(alert: Alert) -> list[tuple[str, str]]:
    """Return what a reader looks up, as pairs of a label and one line."""
    if not alert.is_over:
        blocked = ", ".join(
            "the release of new data" if name == "release" else f"decision job {one_line(name)}"
            for name in alert.blocked
        )
    else:
        blocked = ""
    also = ", ".join(one_line(other) for other in alert.also)
    fields = ", ".join(one_line(field) for field in alert.source_fields)
    since = _instant(alert.since)
    return [
        ("Rows", "not counted" if alert.rows is None else f"{alert.rows:,}"),
        ("Data", f"{one_line(alert.dataset)}, rule {one_line(alert.rule)}"),
        ("Source fields" if len(alert.source_fields) > 1 else "Source field", fields or "unknown"),
        ("System", one_line(alert.system)),
        ("Owner", f"{one_line(alert.owner)} ({one_line(alert.channel)})"),
        ("Since", f"{since} until {_instant(alert.occurred_at)}" if alert.is_over else since),
        *([] if alert.is_over else [("Blocked", blocked or "nothing")]),
        *([("Failed too" if alert.is_over else "Fails too", also)] if also else []),
    ]


def footer(alert: Alert) -> str:
    """End with the ids: for a look-up, and to tell a repeat from news."""
    return f"Crossdock incident {alert.incident}, alert {alert.id}"


def webhook(alert: Alert) -> str:
    """Return the JSON body for a webhook: ``type``, ``timestamp`` and, as ``data``, the alert.

    ``type`` is crossdock.incident.opened, .reminder or .resolved.
    """
    data: dict[str, Any] = json.loads(alert.to_json())
    return json.dumps(
        {
            "type": f"crossdock.incident.{alert.event}",
            "timestamp": data["occurred_at"],
            "data": data,
        }
    )


def duration(lasted: timedelta) -> str:
    """Say how long in two units: '3 h 20 min', '2 d 4 h'."""
    minutes = int(lasted.total_seconds() // 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} d {hours_left} h" if hours_left else f"{days} d"
    if hours:
        return f"{hours} h {minutes_left} min" if minutes_left else f"{hours} h"
    return f"{minutes} min" if minutes else "less than a minute"


def one_line(said: str) -> str:
    """Return text that came from data as one line of what can be printed: no header ends in it."""
    return "".join(c for c in " ".join(said.split()) if c.isprintable())


def clean(said: str) -> str:
    """Return text that came from data without control characters, its lines kept."""
    return "\n".join(one_line(line) for line in said.splitlines()).strip()


def without_mentions(said: str) -> str:
    """Return text in which nothing calls on people in a chat; it looks the same."""
    return _MENTION.sub(lambda found: found.group() + _WORD_JOINER, said)


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _fact(label: str, said: str, width: int | None) -> str:
    if width is None:
        return f"{label}: {said}"
    first = f"  {label:<{_LABEL_WIDTH}}"
    return _filled(said, width, " " * len(first), first)


def _filled(said: str, width: int | None, indent: str = "", first: str | None = None) -> str:
    if width is None:
        return said
    lines = said.splitlines()
    return "\n".join(
        textwrap.fill(
            line,
            width,
            initial_indent=indent if place or first is None else first,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for place, line in enumerate(lines)
    )
