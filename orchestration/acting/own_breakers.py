"""Carry out what a job asks of Crossdock itself: to open a breaker."""

import json
from collections.abc import Mapping
from typing import Any

from decisions.policies import Policies
from orchestration.acting import audit
from orchestration.acting.answers import Answer
from orchestration.acting.breakers import Breakers
from orchestration.hub import Hub


def send(hub: Hub, terms: Policies, action: Mapping[str, Any]) -> Answer:
    """Open the breaker that an action names; one that is open stays so. Safe to repeat."""
    if action["verb"] != "open_breaker":
        return Answer("refused", f"unknown_verb:{action['verb']}")
    asked = json.loads(action["payload"])
    lock = hub.lake.lock(hub.settings.lock_timeout_s, "open a breaker")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        known, log = Breakers(con, terms, hub.settings.clock()), audit.Log(con)
        known.trip(asked["scope"], asked["reason"])
        known.write(con, log, f"job:{action['job']}")
        log.write()
        hub.lake.commit(con)
    return Answer("accepted", reference=asked["scope"])
