"""A kill between check, release and alert leaves no half release, loses no alert, repeats one."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

BREAK = "update lake.wms.stock set qty = qty + 1 where bin_id = (select min(bin_id) from lake.wms.stock where qty > 0)"  # noqa: E501
MEND = BREAK.replace("qty + 1", "qty - 1")
CAUSE = "position_equals_movements"


@pytest.fixture
def taken() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A receiver of signed webhooks: where it is, and what it got."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append({"id": self.headers["webhook-id"], **json.loads(body)})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", got
        server.shutdown()
        thread.join()


class Stages:
    """The stages, run in a child that can be killed."""

    def __init__(self, hub: Any) -> None:
        script = Path(__file__).with_name("stages_in_forks.py")
        self._parent = subprocess.Popen(
            [sys.executable, str(script)], cwd=hub.home, env=hub.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(self, kill_after: float | None = None) -> tuple[int, float]:
        """Run them, killed after some seconds; return the exit code and how long it took."""
        assert self._parent.stdin is not None and self._parent.stdout is not None
        self._parent.stdin.write("go\n")
        self._parent.stdin.flush()
        child = int(self._parent.stdout.readline())
        began = time.monotonic()
        if kill_after is not None:
            time.sleep(kill_after)
            with suppress(ProcessLookupError):  # it was done before
                os.kill(child, signal.SIGKILL)
        return int(self._parent.stdout.readline()), time.monotonic() - began

    def close(self) -> None:
        self._parent.communicate(timeout=60)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.long)])
def test_kills_between_check_release_and_alert(
    hub_on: Callable[..., Any], taken: tuple[str, list[dict[str, Any]]], kills: int
) -> None:
    url, got = taken
    with hub_on(seed=11, orders=80, days=3, products=40) as hub:
        channels = hub.home / "channels.yaml"
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the library's example
        channels.write_text(f"default: [{{webhook: {{url: '{url}', secret: '{secret}'}}}}]")
        hub.extra = {"CROSSDOCK_CHANNELS": str(channels)}
        hub.do("run")
        stages = Stages(hub)
        _, length = stages.run()
        moments = random.Random(kills)  # noqa: S311 - a schedule, not a secret
        is_broken, hits = False, 0
        for _ in range(kills):
            hub.write(MEND if is_broken else BREAK)
            is_broken = not is_broken
            code, _ = stages.run(kill_after=moments.uniform(0.02, 1.0) * length)
            hits += code == -signal.SIGKILL
            after_a_kill(hub)
            code, length = stages.run()
            assert code == 0
            after_a_kill(hub)
            current, newest = hub.releases.current(), hub.releases.newest()
            assert current.is_whole and (current.aged is not None) == is_broken
            assert newest is not None and newest.is_whole != is_broken
            open_now = hub.rows(
                f"select count(*) from lake.hub.incident where status <> 'resolved' and rule like '%{CAUSE}'"  # noqa: E501
            )
            assert open_now == [(int(is_broken),)], "one incident a cause, and none when it holds"
        stages.close()
        assert hits > kills / 2, "the kills came too late to test anything"
        told = [one for one in got if CAUSE in one["data"]["rule"]]
        distinct = {one["id"]: one for one in told}
        counts = Counter(one["data"]["event"] for one in distinct.values())
        assert counts["opened"] == (kills + 1) // 2, "each beginning reached somebody"
        assert counts["resolved"] == kills // 2, "and so did each end"
        repeats = Counter(one["id"] for one in told)
        assert sum(count - 1 for count in repeats.values()) <= hits, "at most one repeat a kill"


def after_a_kill(hub: Any) -> None:
    """Every release that is there opens, and the one that readers see is whole."""
    releases = hub.releases
    for one in releases.list():
        with releases.open(one.release_id) as con:
            con.execute("select count(*) from canonical.sales_order").fetchall()
    names = {path.parent.name for path in releases._root.glob("r*/release.json")}
    assert names == {one.release_id for one in releases.list()}, "a release is not sound"
    assert releases.current().is_whole
