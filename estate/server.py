"""The carriers' API on loopback, EasyPost's, and the WMS's beside it; both have bad moments."""

import sqlite3
import sys
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from estate.easypost import BadParameterError, Records
from estate.request_book import RequestBook
from estate.store import EstateError, engine_for
from estate.wire import Wire
from estate.wms_api import Answer, WmsApi

DEMO_KEY = "EZTKestate"
DEMO_WMS_KEY = "EWMSestate"
WMS_PATH = "/wms/v1"


@dataclass(frozen=True)
class Settings:
    """Every so many requests the API refuses (429) or breaks (503); 0 is never.

    `lose_every` is for the WMS alone: so often it does what it was asked, and breaks all the same.
    """

    api_key: str = DEMO_KEY
    wms_key: str = DEMO_WMS_KEY
    throttle_every: int = 25
    fail_every: int = 40
    lose_every: int = 0


class Api(ThreadingHTTPServer):
    """A server that knows its estate and counts its requests."""

    daemon_threads = True

    def __init__(self, truth: Path, port: int, settings: Settings) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.settings = settings
        self.engine: Engine = engine_for(f"sqlite:///{truth}")
        self.wms = WmsApi(self.engine, RequestBook.beside(truth))
        self._requests, self._posts, self._lock = count(1), count(1), Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is its own affair; anything else shows itself."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def next_request(self) -> int:
        """The running number of a request, from 1."""
        with self._lock:
            return next(self._requests)

    def loses_this(self) -> bool:
        """Whether the answer to this post is one that gets lost."""
        with self._lock:
            number = next(self._posts)
        every = self.settings.lose_every
        return bool(every) and number % every == 0

    @property
    def url(self) -> str:
        """Base URL, with the version as EasyPost has it."""
        return f"http://127.0.0.1:{self.server_address[1]}/v2"


def wms_api_url(url: str) -> str:
    """Base URL of the WMS's API where the carriers' has this one."""
    return url.removesuffix("/v2") + WMS_PATH


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
        api.wms.close()
        api.engine.dispose()
        thread.join()


class _Handler(Wire):
    server: Api

    def do_GET(self) -> None:  # noqa: N802 - http.server looks for this name
        if self._is_wms():
            self._ask_wms(self._told)
        elif self._is_at_its_best(self._has_api_key()):
            self._answer()

    def do_POST(self) -> None:  # noqa: N802 - and for this one
        # Read in any case: on a connection that is kept, the next request stands behind the body.
        body = self.body()
        if self._is_wms():
            self._ask_wms(lambda: self._posted(body))
        elif self._is_at_its_best(self._has_api_key()):
            self.refuse_path()

    def _is_at_its_best(self, is_allowed: bool) -> bool:
        """Whether to go on; else the refusal is sent."""
        number, settings = self.server.next_request(), self.server.settings
        if not is_allowed:
            message = "This api key is no longer active. Please use a different api key."
            self.refuse(HTTPStatus.UNAUTHORIZED, "APIKEY.INACTIVE", message)
        elif settings.throttle_every and number % settings.throttle_every == 0:
            wait = "1" if number // settings.throttle_every % 2 else "0"
            message = "You have exceeded the rate limit."
            self.refuse(HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED", message, wait)
        elif settings.fail_every and number % settings.fail_every == 0:
            self.break_down()
        else:
            return True
        return False

    def _is_wms(self) -> bool:
        return urlsplit(self.path).path.startswith(f"{WMS_PATH}/")

    def _ask_wms(self, ask: Callable[[], Answer | None]) -> None:
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        is_allowed = scheme.lower() == "bearer" and value == self.server.settings.wms_key
        if not self._is_at_its_best(is_allowed):
            return
        try:
            answer = ask()
        except (sqlite3.OperationalError, OperationalError):
            # Somebody holds the book: whether it was kept, the same key will tell.
            self.break_down()
            return
        if answer is None:
            self.refuse_path()
        elif self.command == "POST" and self.server.loses_this():
            self.break_down()
        else:
            self.send(answer.status, answer.body)

    def _told(self) -> Answer | None:
        match self._place():
            case ["requests", key]:
                return self.server.wms.get(unquote(key))
        return None

    def _posted(self, body: bytes | None) -> Answer | None:
        if self._place() != ["requests"]:
            return None
        return self.server.wms.post(self.headers.get("Idempotency-Key"), body)

    def _place(self) -> list[str]:
        return urlsplit(self.path).path.removeprefix(f"{WMS_PATH}/").split("/")

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        try:
            with self.server.engine.connect() as connection:
                found = self._find(Records(connection), parts.path, query)
        except BadParameterError as problem:
            self.refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "PARAMETER.INVALID", str(problem))
            return
        if found is None:
            self.refuse_path()
            return
        self.send(HTTPStatus.OK, found)

    def _find(self, records: Records, path: str, query: dict[str, str]) -> dict[str, Any] | None:
        match path.strip("/").split("/"):
            case ["v2", "metadata", "carriers"]:
                return records.carriers(query)
            case ["v2", ("trackers" | "shipments") as kind]:
                return records.page(kind, query)
            case ["v2", ("trackers" | "shipments") as kind, identifier]:
                return records.one(kind, identifier)
        return None

    def _has_api_key(self) -> bool:
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return value == self.server.settings.api_key
        try:
            user = b64decode(value).decode().partition(":")[0] if scheme == "Basic" else ""
        except (Base64Error, UnicodeDecodeError):
            return False
        return user == self.server.settings.api_key
