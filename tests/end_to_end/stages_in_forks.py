"""Judge, release and tell in a child for each line read, so that a test can kill the child.

What takes seconds to import is imported once, in the parent, which opens nothing.
"""

import os
import sys

import great_expectations  # noqa: F401

import contracts.suite  # noqa: F401 - and what follows: for the children
from contracts.reach import Reach  # noqa: F401
from orchestration import alert_outbox, judging, publishing
from orchestration.hub import Hub


def _stages() -> None:
    hub = Hub.open()
    judging.judge(hub, "sources")
    judging.judge(hub, "canonical")
    publishing.publish(hub)
    alert_outbox.send(hub)


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        _stages()
        os._exit(0)
    _say(child)
    _, status = os.waitpid(child, 0)
    _say(os.waitstatus_to_exitcode(status))
