"""What is killed and what must hold: a lake in use, a stream for it, the content that must stay."""

import json
import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.kills import killing, nursery
from benchmarks.kills.nursery import Nursery
from warehouse.lake import Lake
from warehouse.upkeep.fsck import fsck

ROWS, KEYS, STATES = 400, 150, 50
LOADS = 3
COLUMNS = {"id": {"type": "integer"}, "v": {"type": ["string", "null"]}}


@dataclass
class Tally:
    """How many victims were killed, how many had ended before, and what was wrong after."""

    killed: int = 0
    survived: int = 0
    faults: list[str] = field(default_factory=list)
    slowest_recovery_s: float = 0.0


@dataclass
class Trial:
    """Kills one kind of work, again and again, each time in a fresh copy of a lake in use."""

    what: str
    folder: Path
    nursery: Nursery
    seconds: float = 0.0
    calls: int = 0
    wanted: Any = None

    def prepare(self, *, traced: bool) -> None:
        """Make the lake in use, and learn what undisturbed work takes and leaves."""
        self._used, self._home = self.folder / "used" / "home", self.folder / "run" / "home"
        self._out = self.folder / "out"
        self._home.parent.mkdir(parents=True)
        self._used.mkdir(parents=True)
        Lake(self._used).create()
        for step in range(LOADS):
            write_stream(self._used.parent / "stream.jsonl", rows=ROWS // 2, step=step)
            nursery.load(self._used, lambda state: None)
        write_stream(self._home.parent / "stream.jsonl", rows=ROWS, step=LOADS)
        self._fresh()
        begun = time.monotonic()
        self._finish()
        self.seconds = time.monotonic() - begun
        self.wanted = content(Lake(self._home))
        if traced:
            self._fresh()
            self.calls = killing.count_calls(self.nursery, self.what, self._home, self._out)

    def run(self, draw: Random, tally: Tally, *, traced: bool) -> None:
        """Kill the work up to three times in one lake, run it to its end, hold it to account."""
        self._fresh()
        lake = Lake(self._home)
        for _ in range(draw.randint(1, 3)):
            if traced:
                number = draw.randint(1, self.calls)
                code = killing.at_call(self.nursery, self.what, self._home, self._out, number)
            else:
                moment = draw.uniform(0, self.seconds)
                code = killing.after(self.nursery, self.what, self._home, self._out, moment)
            if code == 0:
                # The load ended: the same bytes again would be a load of their own.
                tally.survived += 1
                break
            tally.killed += 1
            tally.faults += self._faults_of_state(lake)
            if self.what == "load" and _ended(lake) > LOADS:
                # Killed after its last commit: without an id of its own, the same bytes again
                # would be a load of their own.
                break
        else:
            begun = time.monotonic()
            self._finish()
            tally.slowest_recovery_s = max(tally.slowest_recovery_s, time.monotonic() - begun)
        if content(lake) != self.wanted:
            tally.faults.append(f"{self.what}: the content is another than without kills")
        errors = fsck(lake, datetime.now(UTC)).errors
        tally.faults += [f"{self.what}: fsck: {error.what}" for error in errors]

    def _fresh(self) -> None:
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.copytree(self._used, self._home)
        self._out.write_text("")

    def _finish(self) -> None:
        if self.nursery.wait(self.nursery.start(self.what, self._home, self._out)):
            raise RuntimeError(f"The {self.what} that ran undisturbed failed: see {self._home}.")

    def _faults_of_state(self, lake: Lake) -> list[str]:
        printed = [json.loads(line) for line in self._out.read_text().splitlines() if "{" in line]
        with lake.connect(read_only=True) as con:
            [(text,)] = con.execute("SELECT state::VARCHAR FROM lake.hub.state").fetchall()
            state = json.loads(text)
            before = [state["step"], state["at"]]
            lacking = con.execute(
                """SELECT count(*) FROM range($at::BIGINT) AS r(i) WHERE
                NOT EXISTS (FROM lake.src.keyless AS t WHERE t.id = i AND t.v = $step) OR
                NOT EXISTS (FROM lake.src.keyed AS t WHERE t.id = i % $keys AND (
                    split_part(t.v, '-', 1)::INT, split_part(t.v, '-', 2)::INT) >= ($step::INT, i))
                """,
                {"at": state["at"], "step": str(state["step"]), "keys": KEYS},
            ).fetchone()
        faults = []
        if printed and [printed[-1]["step"], printed[-1]["at"]] > before:
            faults.append(f"{self.what}: a STATE was printed that is not stored")
        if lacking is None or lacking[0]:
            faults.append(f"{self.what}: the stored STATE is ahead of {lacking} rows")
        return faults


def _ended(lake: Lake) -> int:
    with lake.connect(read_only=True) as con:
        row = con.execute("SELECT count(DISTINCT load_id) FROM lake.hub.ledger WHERE is_final")
        return int((row.fetchone() or (0,))[0])


def write_stream(path: Path, *, rows: int, step: int) -> None:
    """Write two streams, one without a key, with updates, bad units and STATE now and then."""
    lines: list[dict[str, Any]] = [
        {"type": "SCHEMA", "stream": stream, "schema": {"properties": COLUMNS},
         "key_properties": keys} for stream, keys in (("keyed", ["id"]), ("keyless", []))
    ]  # fmt: skip
    for i in range(rows):
        keyed, keyless = {"id": i % KEYS, "v": f"{step}-{i}"}, {"id": i, "v": str(step)}
        lines.append({"type": "RECORD", "stream": "keyed", "record": keyed})
        lines.append({"type": "RECORD", "stream": "keyless", "record": keyless})
        if i % STATES == 0:
            lines.append({"type": "RECORD", "stream": "keyed", "record": keyed | {"id": "bad"}})
            lines.append({"type": "STATE", "value": {"step": step, "at": i + 1}})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def content(lake: Lake) -> Any:
    """Return all that must be the same after kills: rows, held units, STATE."""
    with lake.connect(read_only=True) as con:
        return [
            con.execute(query).fetchall()
            for query in (
                "SELECT id, v FROM lake.src.keyed ORDER BY ALL",
                "SELECT id, v FROM lake.src.keyless ORDER BY ALL",
                "SELECT stream, line, byte_offset, reason, raw, healed_at IS NULL"
                " FROM lake.hub.quarantine ORDER BY ALL",
                "SELECT source, state::VARCHAR FROM lake.hub.state",
            )
        ]
