"""Many taps at once, as real processes: side by side, each alone in failure, states never mixed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.pulling import Pulls
from orchestration.settings import Settings
from orchestration.singer import PullError, PullStopped, pull
from orchestration.source_lock import SourceBusy
from orchestration.sources import Source
from warehouse.lake import Lake

# Three records after the state; before them, whatever the test has it do.
TAP = """#!{python}
import json, os, pathlib, sys, time
state = json.load(open(sys.argv[sys.argv.index("--state") + 1])) if "--state" in sys.argv else {{}}
start = state.get("last", 0)
say = lambda message: print(json.dumps(message), flush=True)
folder = pathlib.Path({folder!r})
def until(name):
    for _ in range(600):
        if (folder / name).exists(): return
        time.sleep(0.1)
    sys.exit("nobody made " + name)
say({{"type": "SCHEMA", "stream": "things", "key_properties": ["id"],
      "schema": {{"properties": {{"id": {{"type": "integer"}}}}}}}})
{doing}
for number in range(start + 1, start + 4):
    say({{"type": "RECORD", "stream": "things", "record": {{"id": number}}}})
say({{"type": "STATE", "value": {{"last": start + 3}}}})
"""
BEGIN = '(folder / "{name}.begun").touch()\n'


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "home").create()


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Source]:
    """Give a function that makes a source whose tap does something before its records."""

    def make(name: str, doing: str = "") -> Source:
        script = tmp_path / f"tap-{name}"
        doing = BEGIN.format(name=name) + doing
        text = TAP.format(python=sys.executable, folder=str(tmp_path), doing=doing)
        script.write_text(text)
        script.chmod(0o755)
        return Source(name=name, tap=str(script))

    return make


def ids(lake: Lake, source: str) -> list[int]:
    with lake.connect(read_only=True) as con:
        found = con.execute(f"select id from lake.{source}.things order by 1").fetchall()
    return [row[0] for row in found]


def made(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"nobody made {path}")


def test_sources_are_extracted_side_by_side(
    lake: Lake, source: Callable[..., Source], tmp_path: Path
) -> None:
    # Each tap goes on only once it has seen that the other runs as well.
    pair = [source("one", 'until("two.begun")'), source("two", 'until("one.begun")')]
    pulls = Pulls(Settings(home=lake.paths.home), pair)
    for name in ("one", "two"):
        said: list[str] = []
        assert pulls.wait(name, said.append).error is None
        assert said
        assert ids(lake, name) == [1, 2, 3]


@pytest.mark.slow
def test_no_more_are_pulled_at_once_than_the_setting_allows(
    lake: Lake, source: Callable[..., Source], tmp_path: Path
) -> None:
    alone = (
        'if (folder / "busy").exists(): sys.exit("not alone")\n'
        '(folder / "busy").touch()\ntime.sleep(0.5)\n(folder / "busy").unlink()\n'
    )
    names = ["one", "two", "three"]
    pulls = Pulls(
        Settings(home=lake.paths.home, pulls_at_once=1), [source(name, alone) for name in names]
    )
    assert [pulls.wait(name, lambda _: None).error for name in names] == [None] * 3


def test_a_source_that_fails_stops_only_itself(lake: Lake, source: Callable[..., Source]) -> None:
    both = [source("bad", 'sys.exit("no such host")'), source("good", "time.sleep(1)")]
    pulls = Pulls(Settings(home=lake.paths.home), both)
    failed, went = (pulls.wait(name, lambda _: None) for name in ("bad", "good"))
    assert isinstance(failed.error, PullError) and "no such host" in str(failed.error)
    assert went.error is None and ids(lake, "good") == [1, 2, 3]


@pytest.mark.slow
def test_a_second_pull_of_a_source_waits_and_goes_on_from_the_firsts_state(
    lake: Lake, source: Callable[..., Source], tmp_path: Path
) -> None:
    one = source("one", 'until("go")')
    errors: list[BaseException] = []

    def run(load: str) -> None:
        try:
            pull(lake, one, load, lambda _: None)
        except BaseException as error:
            errors.append(error)

    first = threading.Thread(target=run, args=("first",))
    first.start()
    made(tmp_path / "one.begun")
    with pytest.raises(SourceBusy, match=rf"one is being pulled by process {os.getpid()}.*0.2 s"):
        pull(lake, one, "impatient", lambda _: None, lock_timeout_s=0.2)
    second = threading.Thread(target=run, args=("second",))
    second.start()
    (tmp_path / "go").touch()
    first.join()
    second.join()
    assert not errors
    # Had both read the same state, both would have brought 1, 2 and 3.
    assert ids(lake, "one") == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_what_a_killed_pull_left_running_keeps_the_next_one_waiting(
    lake: Lake, source: Callable[..., Source], tmp_path: Path
) -> None:
    one = source("one", 'until("go")')
    script = (
        "from orchestration.singer import pull\nfrom orchestration.sources import Source\n"
        f"from warehouse.lake import Lake\nlake = Lake({str(lake.paths.home)!r})\n"
        f"pull(lake, Source(name='one', tap={one.tap!r}), 'killed', lambda _: None)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as killed:
        made(tmp_path / "one.begun")
        killed.send_signal(signal.SIGKILL)
    with pytest.raises(SourceBusy, match="or by what it left running"):
        pull(lake, one, "early", lambda _: None, lock_timeout_s=0.2)
    (tmp_path / "go").touch()
    pull(lake, one, "next", lambda _: None, lock_timeout_s=60)
    assert ids(lake, "one") == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_a_run_that_is_stopped_ends_its_taps_and_begins_no_other(
    lake: Lake, source: Callable[..., Source], tmp_path: Path
) -> None:
    stuck = source("stuck", "print(os.getpid(), file=(folder / 'pid').open('w'), flush=True)\n"
                   'until("never")')  # fmt: skip
    waiting = source("waiting")
    pulls = Pulls(Settings(home=lake.paths.home, pulls_at_once=1), [stuck, waiting])
    made(tmp_path / "pid")
    pulls.stop()
    assert isinstance(pulls.wait("stuck", lambda _: None).error, PullStopped)
    assert isinstance(pulls.wait("waiting", lambda _: None).error, PullStopped)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert not (tmp_path / "waiting.begun").exists()
