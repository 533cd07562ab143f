"""Another reader of the standard agrees on every contract: `datacontract lint`, where there is one.

Put it into an environment of its own, as its pins are not ours (`pipx install datacontract-cli`).
"""

import shutil
import subprocess
from pathlib import Path

import pytest

import contracts
from contracts.reader import LAYERS

CONTRACTS = [one.path for layer in LAYERS for one in contracts.read_all(layer)]


@pytest.mark.slow
@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_datacontract_lint_passes(path: Path) -> None:
    command = shutil.which("datacontract")
    if command is None:
        pytest.skip("needs datacontract-cli on the PATH, in an environment of its own")
    done = subprocess.run([command, "lint", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
