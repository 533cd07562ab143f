"""A small estate that tests read, a way to make one that they may change, and a hub to lead it."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests

from estate import DEMO_WMS_KEY, Estate, wms_api_url

Make = Callable[..., Estate]
Line = tuple[int, str, int]
"""An order line's number, article and base units."""
SERVICES = {"UPS": ("Ground", "UPSN"), "FedEx": ("FEDEX_GROUND", "FDEG")}


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """Six days of 60 orders; not to be changed."""
    home = tmp_path_factory.mktemp("estate")
    return Estate.create(home, orders=360, days=6, products=80)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Create an estate of three days in a folder of the test's own."""

    def make(name: str = "estate", **options: Any) -> Estate:
        return Estate.create(
            tmp_path / name, **{"orders": 90, "days": 3, "products": 40, **options}
        )

    return make


@dataclass
class Hub:
    """Somebody who decides for an estate: own nodes over HTTP, the 3PL by 940."""

    estate: Estate
    url: str
    sets: list[str] = field(default_factory=list)
    files: int = 0

    def open_lines(self) -> dict[str, list[Line]]:
        """Open lines by order, as the truth has them."""
        found: dict[str, list[Line]] = defaultdict(list)
        for row in self.estate.truth()["order_lines"]:
            if row["open_qty"]:
                found[row["order_no"]].append((row["line_no"], row["sku"], int(row["open_qty"])))
        return dict(sorted(found.items()))

    def free(self) -> dict[tuple[str, str], int]:
        """Base units that a node may still be asked for."""
        return {
            (r["node_code"], r["sku"]): int(r["on_hand"] - r["unavailable"] - r["allocated"])
            for r in self.estate.truth()["atp"]
        }

    def fitting(self, nodes: tuple[str, ...] = ("RNO", "CMH")) -> Iterator[tuple[str, str, Any]]:
        """Order, node and lines for each open order that one of the nodes can ship as a whole."""
        free = self.free()
        for order_no, lines in self.open_lines().items():
            for node in nodes:
                if all(free.get((node, sku), 0) >= units for _, sku, units in lines):
                    for _, sku, units in lines:
                        free[node, sku] -= units
                    yield order_no, node, lines
                    break

    def post(self, key: str | None, body: Any, **headers: str) -> requests.Response:
        """A request to the WMS's API; `body` is sent as it is where it is bytes."""
        sent = {"Authorization": f"Bearer {DEMO_WMS_KEY}", **headers}
        if key is not None:
            sent["Idempotency-Key"] = key
        what = {"data": body} if isinstance(body, bytes) else {"json": body}
        return requests.post(f"{wms_api_url(self.url)}/requests", headers=sent, timeout=30, **what)

    def release(
        self, order_no: str, node: str, lines: list[Line], key: str = "", /, **payload: Any
    ) -> requests.Response:
        """Ask a node's WMS for a shipment."""
        number = f"XD-{key or order_no}"
        return self.post(key or order_no, release_body(order_no, number, node, lines, **payload))

    def cancel(self, shipment_no: str, key: str = "") -> requests.Response:
        """Ask the WMS to let a shipment be."""
        body = {"id": "c", "verb": "cancel_shipment", "payload": {"shipment_no": shipment_no}}
        return self.post(key or f"cancel-{shipment_no}", body)

    def told(self, key: str) -> Any:
        """What the WMS says became of a request; None where it never had it."""
        headers = {"Authorization": f"Bearer {DEMO_WMS_KEY}"}
        url = f"{wms_api_url(self.url)}/requests/{requests.utils.quote(key, safe='')}"
        response = requests.get(url, headers=headers, timeout=30)
        return None if response.status_code == 404 else response.json()

    def order(
        self, order_no: str, shipment_no: str, lines: list[Line], *, code: str = "N", **more: str
    ) -> None:
        """Add a set to the next 940."""
        service, scac = more.get("service", "Ground"), more.get("scac", "UPSN")
        body = [
            f"W05*{code}*{order_no}", "N1*WH*ATLANTA*92*ATL", f"N9*SI*{shipment_no}",
            f"W66*PP*M***{service}*****{scac}",
        ]  # fmt: skip
        for place, (line_no, sku, units) in enumerate(lines, start=1):
            body += [f"LX*{place}", f"W01*{units}*EA**VN*{sku}", f"N9*LI*{line_no}"]
        number = f"{len(self.sets) + 1:04d}"
        self.sets.append("~".join([f"ST*940*{number}", *body, f"SE*{len(body) + 2}*{number}~"]))

    def send(self) -> Path:
        """Lay the 940 into the drop folder."""
        content = self.written()
        name = f"940_{self.estate.now:%Y%m%d_%H%M}_XD{self.files:05d}.edi"
        path = self.estate.drop_folder / "outbound" / name
        path.write_text(content)
        return path

    def written(self) -> str:
        """The 940 with all sets up to now, as of the close."""
        self.files += 1
        now, no = self.estate.now, f"{self.files:09d}"
        isa = (
            f"ISA*00*{'':10}*00*{'':10}*ZZ*{'CROSSDOCK':15}*ZZ*{'ATLTHREEPL':15}"
            f"*{now:%y%m%d}*{now:%H%M}*U*00401*{no}*0*P*>~"
        )
        gs = f"GS*OW*CROSSDOCK*ATLTHREEPL*{now:%Y%m%d}*{now:%H%M}*{self.files}*X*004010~"
        end = f"GE*{len(self.sets)}*{self.files}~IEA*1*{no}~"
        text = isa + gs + "".join(self.sets) + end
        self.sets.clear()
        return text


def release_body(
    order_no: str, shipment_no: str, node: str, lines: list[Line], /, **payload: Any
) -> Any:
    """A request for a shipment as the hub writes it; `payload` says what else stands there."""
    asked = [{"line_no": n, "sku": sku, "qty": str(units)} for n, sku, units in lines]
    return {
        "id": "r", "verb": "release_shipment",
        "payload": {
            "order_uid": "u", "order_no": order_no, "shipment_no": shipment_no, "node_code": node,
            "carrier": "UPS", "service": "Ground", "lines": asked, **payload,
        },
    }  # fmt: skip


Serve = Callable[..., Any]


@pytest.fixture(scope="session")
def hub_of() -> Serve:
    """A hub that leads an estate while a block runs; options are those of `Estate.serve`."""

    @contextmanager
    def serve(estate: Estate, **options: Any) -> Iterator[Hub]:
        quiet = {"throttle_every": 0, "fail_every": 0, **options}
        with estate.serve(**quiet) as url:
            yield Hub(estate, url)

    return serve


@pytest.fixture(scope="session")
def led(tmp_path_factory: pytest.TempPathFactory, hub_of: Serve) -> Estate:
    """Six days of 60 orders, the last four led by a hub that splits, asks too much and repents."""
    home = tmp_path_factory.mktemp("led")
    estate = Estate.create(home, orders=120, days=2, products=80, led=True)
    rng = Random(5)  # noqa: S311 - a simulation, not a secret
    with hub_of(estate) as hub:
        for day in range(4):
            for place, (order_no, lines) in enumerate(hub.open_lines().items()):
                _decide(hub, rng, f"{day}-{place}", order_no, lines)
            hub.send()
            estate.advance()
    return estate


def _decide(hub: Hub, rng: Random, tag: str, order_no: str, lines: list[Line]) -> None:
    first, second = rng.sample(["RNO", "CMH", "ATL"], 2)
    if rng.random() < 0.1:
        return
    halves = [(first, lines)]
    if rng.random() < 0.3:
        halves = [
            (first, [(n, sku, units - units // 2) for n, sku, units in lines]),
            (second, [(n, sku, units // 2) for n, sku, units in lines if units > 1]),
        ]
    for part, (node, asked) in enumerate(halves):
        number = f"XD{tag}-{part}"
        if node == "ATL":
            hub.order(order_no, number, asked)
        elif asked:
            hub.release(order_no, node, asked, number)
            if rng.random() < 0.05:
                hub.cancel(f"XD-{number}")
