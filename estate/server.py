"""The carriers' API on loopback: EasyPost's paths, paging, refusals and bad moments."""

import json
import sys
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy.engine import Engine

from estate.easypost import BadParameterError, Records
from estate.store import EstateError, engine_for

DEMO_KEY = "EZTKestate"


@dataclass(frozen=True)
class Settings:
    """Every so many requests the API refuses (429) or breaks (503); 0 is never."""

    api_key: str = DEMO_KEY
    throttle_every: int = 25
    fail_every: int = 40


class Api(ThreadingHTTPServer):
    """A server that knows its estate and counts its requests."""

    daemon_threads = True

    def __init__(self, truth: Path, port: int, settings: Settings) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.settings = settings
        self.engine: Engine = engine_for(f"sqlite:///{truth}")
        self._requests, self._lock = count(1), Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is its own affair; anything else shows itself."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def next_request(self) -> int:
        """The running number of a request, from 1."""
        with self._lock:
            return next(self._requests)

    @property
    def url(self) -> str:
        """Base URL, with the version as EasyPost has it."""
        return f"http://127.0.0.1:{self.server_address[1]}/v2"


@contextmanager
def running(truth: Path, port: int, settings: Settings) -> Iterator[str]:
    """Serve in a thread while the block runs; gives the base URL. EstateError: no such port."""
    try:
        api = Api(truth, port, settings)
    except OSError as problem:
        raise EstateError(
            f"Port {port} on loopback is taken. Choose another, or 0 for a free one."
        ) from problem
    thread = Thread(target=api.serve_forever, name="estate-api", daemon=True)
    thread.start()
    try:
        yield api.url
    finally:
        api.shutdown()
        api.server_close()
        api.engine.dispose()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Api
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        number, settings = self.server.next_request(), self.server.settings
        if not self._is_allowed():
            message = "This api key is no longer active. Please use a different api key."
            self._refuse(HTTPStatus.UNAUTHORIZED, "APIKEY.INACTIVE", message)
        elif settings.throttle_every and number % settings.throttle_every == 0:
            wait = "1" if number // settings.throttle_every % 2 else "0"
            message = "You have exceeded the rate limit."
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED", message, wait)
        elif settings.fail_every and number % settings.fail_every == 0:
            message = "The service is not available at the moment."
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message)
        else:
            self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        try:
            with self.server.engine.connect() as connection:
                found = self._find(Records(connection), parts.path, query)
        except BadParameterError as problem:
            self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "PARAMETER.INVALID", str(problem))
            return
        if found is None:
            message = "The requested resource could not be found."
            self._refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", message)
            return
        self._send(HTTPStatus.OK, found)

    def _find(self, records: Records, path: str, query: dict[str, str]) -> dict[str, Any] | None:
        match path.strip("/").split("/"):
            case ["v2", "metadata", "carriers"]:
                return records.carriers(query)
            case ["v2", ("trackers" | "shipments") as kind]:
                return records.page(kind, query)
            case ["v2", ("trackers" | "shipments") as kind, identifier]:
                return records.one(kind, identifier)
        return None

    def _is_allowed(self) -> bool:
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return value == self.server.settings.api_key
        try:
            user = b64decode(value).decode().partition(":")[0] if scheme == "Basic" else ""
        except (Base64Error, UnicodeDecodeError):
            return False
        return user == self.server.settings.api_key

    def _refuse(
        self, status: HTTPStatus, code: str, message: str, retry_after: str | None = None
    ) -> None:
        body = {"error": {"code": code, "message": message, "errors": []}}
        self._send(status, body, {"Retry-After": retry_after} if retry_after else {})

    def _send(
        self, status: HTTPStatus, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
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
