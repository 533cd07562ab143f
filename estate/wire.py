"""HTTP as both APIs speak it: JSON bodies, and EasyPost's form of a refusal."""

import json
import re
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from estate.request import LARGEST_BODY

# Of a body that is too large as much is read as lets its sender hear the answer.
_DRAINED = 16 * LARGEST_BODY


class Wire(BaseHTTPRequestHandler):
    """Reads bodies and sends answers; which ones is for others to say."""

    protocol_version = "HTTP/1.1"

    def body(self) -> bytes | None:
        """What was sent; None where it is too large, or its size is not told."""
        said = self.headers.get("Content-Length", "0")
        size = int(said) if re.fullmatch("[0-9]{1,9}", said) else _DRAINED + 1
        if size > _DRAINED or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            return None
        content = self.rfile.read(size)
        return content if size <= LARGEST_BODY else None

    def refuse_path(self) -> None:
        """Answer that there is nothing here."""
        message = "The requested resource could not be found."
        self.refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", message)

    def break_down(self) -> None:
        """Answer as a service that is down."""
        message = "The service is not available at the moment."
        self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message)

    def refuse(
        self, status: HTTPStatus, code: str, message: str, retry_after: str | None = None
    ) -> None:
        """Answer with an error in EasyPost's form; `retry_after` in seconds."""
        body = {"error": {"code": code, "message": message, "errors": []}}
        self.send(status, body, {"Retry-After": retry_after} if retry_after else {})

    def send(
        self, status: HTTPStatus, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        """Answer with JSON."""
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: addresses and keys are in request lines."""
