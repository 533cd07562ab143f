"""Send an action to an HTTP API.

The request is `POST` with JSON {id, verb, payload} and the header Idempotency-Key
(draft-ietf-httpapi-idempotency-key-header), by which the receiver drops repeats; signed as Standard
Webhooks has it where a secret is set. The body is the same whichever run proposes the action, as
receivers refuse a key that comes with another body; the run stands in headers.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import requests

from orchestration.acting.answers import Answer
from orchestration.acting.systems import Webhook
from orchestration.signing import signature

_REFUSED = frozenset({400, 404, 409, 410, 413, 415, 422})
# A reason is a code and a reference a number: free text may name anybody.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_LONGEST_ANSWER = 64 * 1024


def send(action: Mapping[str, Any], way: Webhook) -> Answer:
    """Send an action and return what became of it. Raises nothing."""
    body = json.dumps(
        {
            "id": action["idempotency_key"],
            "verb": action["verb"],
            "payload": json.loads(action["payload"]),
        }
    )
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Crossdock",
        "Idempotency-Key": action["idempotency_key"],
        "Crossdock-Job": action["job"],
        "Crossdock-Run": action["run_uid"],
        "Crossdock-Release": action["release_id"],
    }
    if way.secret is not None:
        secret = way.secret.get_secret_value()
        headers |= signature(secret, action["idempotency_key"], body)
    if way.token is not None:
        headers["Authorization"] = f"Bearer {way.token.get_secret_value()}"
    try:
        with requests.post(
            way.url,
            data=body.encode(),
            headers=headers,
            timeout=way.timeout_s,
            allow_redirects=False,
            stream=True,
        ) as answer:
            return _read(answer)
    except requests.Timeout:
        return Answer("again", f"no answer within {way.timeout_s:g} s")
    except (requests.RequestException, ValueError) as error:  # their texts may hold the address
        return Answer("again", f"the connection failed ({type(error).__name__})")


def _read(answer: requests.Response) -> Answer:
    content = answer.raw.read(_LONGEST_ANSWER, decode_content=True)
    try:
        said = json.loads(content)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    status = answer.status_code
    if 200 <= status < 300:
        return Answer("accepted", reference=_code(said.get("reference")))
    reason = " ".join(filter(None, [f"HTTP {status}", _code(said.get("reason"))]))
    if status in _REFUSED:
        return Answer("refused", reason)
    after = answer.headers.get("Retry-After", "")
    seconds = float(after) if after.isascii() and after.isdigit() else None
    return Answer("again", reason, after_s=seconds)


def _code(value: Any) -> str | None:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None
