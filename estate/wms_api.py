"""The API of the WMS: a hub asks for shipments; each request counts once, whatever gets lost.

`POST /wms/v1/requests` with `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) and
`{"id", "verb": "release_shipment" | "cancel_shipment", "payload"}`:

- 201 accepted: on the disk, to be carried out once, in the morning of the next day; a release may
  by then be refused all the same, where a customer or another was quicker: GET tells;
- 200: that answer again, for the same key and body;
- 409 rejected: `reason` is a code of `estate.judging`; told again under the same key. Only
  `not_led` is not remembered;
- 422: the key was sent with another body; 400: no request; 401, 429 and 503 as the carriers do.

`GET /wms/v1/requests/<key>` tells `status`: accepted, released, picking, shipped, short, cancelled
or rejected, with the lines; 404 where the key was never received.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy.engine import Engine

from estate.judging import REPEATED, Refused, check
from estate.request import LARGEST_BODY, MalformedError, Request, fingerprint, parse
from estate.request_book import RequestBook
from estate.request_page import Kept, Page
from estate.wms_view import StoreView

LONGEST_KEY = 255


class Answer(NamedTuple):
    """A status and the JSON that goes with it."""

    status: HTTPStatus
    body: dict[str, Any]


class WmsApi:
    """What the WMS answers; several threads and processes may ask at once."""

    def __init__(self, truth: Engine, book: RequestBook) -> None:
        self._truth, self._book = truth, book
        # SQLite lets writers wait in naps; threads of one server queue up instead.
        self._turn = Lock()

    def post(self, key_header: str | None, raw: bytes | None) -> Answer:
        """Answer a request; what is answered 201 is on the disk and will be carried out once.

        `raw` is None where the body is too large to be read.
        """
        try:
            key = key_of(key_header)
            if raw is None:
                raise MalformedError(f"body: it has more than {LARGEST_BODY} bytes.")
            request, print_ = parse(key, raw), fingerprint(raw)
        except MalformedError as problem:
            return _problem(HTTPStatus.BAD_REQUEST, "MALFORMED", str(problem))
        if not self._book.is_there:
            return _NOT_LED
        with self._turn:
            self._book.hold()
            with self._book.writing() as page:
                kept = page.find(key)
                if kept is None:
                    with self._view(page) as view:
                        return self._settle(view, page, request, print_, raw.decode())
        if kept.fingerprint != print_:
            message = "This Idempotency-Key was sent before with another body. Take a new one."
            return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "KEY_REUSED", message)
        status = HTTPStatus(kept.code)
        return Answer(
            HTTPStatus.OK if status == HTTPStatus.CREATED else status, json.loads(kept.answer)
        )

    def close(self) -> None:
        """Let go of the files; a thread that is still answering opens them anew."""
        with self._turn:
            self._book.let_go()

    def get(self, key: str) -> Answer | None:
        """What became of a request; None where it was never received."""
        if not self._book.is_there:
            return None
        with self._book.reading() as page:
            kept = page.find(key)
            if kept is None:
                return None
            with self._view(page) as view:
                return Answer(HTTPStatus.OK, _told(view, parse(key, kept.body), kept))

    def _settle(
        self, view: StoreView, page: Page, request: Request, print_: str, raw: str
    ) -> Answer:
        if not view.is_led:
            # Nothing was judged, so nothing is remembered: the key is good once it is led.
            return _NOT_LED
        reference = f"RQ-{page.next_seq():07d}"
        try:
            checked = check(request, view)
            if request.is_release and not page.take_number(request):
                raise Refused(REPEATED, f"There is a shipment {request.shipment_no} already.")
        except Refused as problem:
            body = {"status": "rejected", "reason": problem.reason, "detail": problem.detail}
            page.keep(request, print_, raw, HTTPStatus.CONFLICT, json.dumps(body))
            return Answer(HTTPStatus.CONFLICT, body)
        body = {
            "status": "accepted", "reference": reference, "shipment_no": request.shipment_no,
        }  # fmt: skip
        effects = list(_effects(view, page, checked))
        seq = page.keep(request, print_, raw, HTTPStatus.CREATED, json.dumps(body))
        for effect in effects:
            page.note_effect(seq, *effect)
        return Answer(HTTPStatus.CREATED, body)

    @contextmanager
    def _view(self, page: Page) -> Iterator[StoreView]:
        with self._truth.connect() as connection:
            # All of an answer stands on one close, also where a day is written meanwhile.
            connection.exec_driver_sql("begin")
            yield StoreView(connection, page)


def key_of(header: str | None) -> str:
    """The key in an Idempotency-Key header: a structured field's string, or the bare text.

    Raises MalformedError.
    """
    key = (header or "").strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if not key:
        raise MalformedError("Idempotency-Key: the header is missing; each request has its own.")
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise MalformedError(f"Idempotency-Key: up to {LONGEST_KEY} printable ASCII characters.")
    return key


def _effects(
    view: StoreView, page: Page, request: Request
) -> Iterator[tuple[str, int, str, str, int]]:
    """Order, line, node, article and signed base units that a request will take."""
    if request.is_release:
        for line in request.lines:
            yield request.order_no, line.line_no, request.node, line.sku, line.units
        return
    seq, _ = page.pending(view.day, request.shipment_no)
    for order_no, line_no, sku, ordered, _ in view.lines_of_shipment(request.shipment_no):
        yield order_no, line_no, request.node, sku, -ordered
    for order_no, line_no, node, sku, units in page.effects_of(seq) if seq is not None else ():
        yield order_no, line_no, node, sku, -units


def _told(view: StoreView, request: Request, kept: Kept) -> dict[str, Any]:
    said = json.loads(kept.answer)
    lines = view.lines_of_shipment(request.shipment_no)
    if kept.code != HTTPStatus.CREATED:
        status, reason, detail, lines = "rejected", said["reason"], said["detail"], []
    else:
        status, reason, detail = view.outcome(request.key) or ("accepted", None, None)
    if status == "released":
        _, status = view.shipment(request.shipment_no) or ("", status)
        is_short = any(shipped < ordered for *_, ordered, shipped in lines)
        status = "short" if status == "shipped" and is_short else status
    shown = [
        {"line_no": line_no, "sku": sku, "qty": str(ordered), "shipped_qty": str(shipped)}
        for _, line_no, sku, ordered, shipped in lines
    ] or [
        {"line_no": n.line_no, "sku": n.sku, "qty": str(n.units), "shipped_qty": "0"}
        for n in request.lines
    ]
    told = {
        "id": json.loads(kept.body)["id"], "verb": request.verb, "status": status,
        "reference": f"RQ-{kept.seq:07d}", "shipment_no": request.shipment_no, "lines": shown,
    }  # fmt: skip
    return told if reason is None else {**told, "reason": reason, "detail": detail}


def _problem(status: HTTPStatus, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message, "errors": []}})


_NOT_LED = Answer(
    HTTPStatus.CONFLICT,
    {
        "status": "rejected",
        "reason": "not_led",
        "detail": "The network is not led: it decides by itself. Say `estate lead` first.",
    },
)
