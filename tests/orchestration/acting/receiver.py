"""A real HTTP receiver that takes an action once for each key, and has bad moments."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Mood = Literal["accept", "refuse", "busy", "cut", "moved", "locked"]


class Receiver:
    """What it was sent, what it took, and its mood: how it answers next."""

    def __init__(self) -> None:
        self.mood: Mood = "accept"
        self.moods: list[Mood] = []  # first of all these, one a request
        self.bodies: dict[str, set[str]] = {}
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.taken: dict[str, Any] = {}
        self.refused: set[str] = set()
        self.url = ""

    def take(self, key: str, headers: dict[str, str], text: str) -> int | None:
        """Answer a request with a status; None cuts the connection after it was taken."""
        mood = self.moods.pop(0) if self.moods else self.mood
        body = json.loads(text)
        self.bodies.setdefault(key, set()).add(text)
        self.requests.append((key, headers, body))
        if key in self.taken:
            return 200
        if key in self.refused:
            return 409
        match mood:
            case "busy":
                return 503
            case "moved":
                return 302
            case "locked":
                return 401
            case "refuse":
                self.refused.add(key)
                return 409
        self.taken[key] = body
        return None if mood == "cut" else 201


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve one on loopback."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status = receiver.take(self.headers["Idempotency-Key"], dict(self.headers), text)
            if status is None:
                self.connection.close()
                return
            said = {"reference": f"RQ-{len(receiver.taken)}", "reason": "no_stock"}
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if status == 503:
                self.send_header("Retry-After", "7")
            if status == 302:
                self.send_header("Location", receiver.url)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/requests"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
