"""A tap that somebody else wrote, from the package index and unchanged, into our target."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import requests

from estate import DEMO_KEY, Estate
from warehouse.lake import Lake

TAP = "tap-rest-api-msdk"
VERSION = "1.4.2"
FIELDS = ("id", "tracking_code", "status", "carrier", "updated_at")


@pytest.fixture
def foreign_tap(tmp_path: Path) -> Path:
    """Install the tap into an environment of its own, with whatever versions it asks for."""
    venv.create(tmp_path / "tap", with_pip=True)
    pip = subprocess.run(
        [tmp_path / "tap/bin/pip", "install", "--quiet", f"{TAP}=={VERSION}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if pip.returncode:
        pytest.skip(f"{TAP} could not be installed from the package index: {pip.stderr[-200:]}")
    return tmp_path / "tap/bin" / TAP


@pytest.mark.slow
def test_every_record_of_a_foreign_tap_is_stored_as_it_was_sent(
    tmp_path: Path, foreign_tap: Path
) -> None:
    estate = Estate.create(tmp_path / "estate", seed=2, orders=60, days=3, products=40)
    lake = Lake(tmp_path / "home").create()
    with estate.serve(throttle_every=0, fail_every=0) as url:
        (tmp_path / "tap.json").write_text(
            json.dumps(
                {
                    "api_url": url,
                    "auth_method": "basic",
                    "username": DEMO_KEY,
                    "password": "",
                    "streams": [
                        {
                            "name": "trackers",
                            "path": "/trackers",
                            "params": {"page_size": 100},
                            "records_path": "$.trackers[*]",
                            "primary_keys": ["id"],
                            "num_inference_records": 100,
                        }
                    ],
                }
            )
        )
        sent = subprocess.run(
            [foreign_tap, "--config", tmp_path / "tap.json"], capture_output=True, check=True
        ).stdout
        answer = requests.get(
            f"{url}/trackers", params={"page_size": 100}, auth=(DEMO_KEY, ""), timeout=10
        ).json()
    (tmp_path / "target.json").write_text(
        json.dumps({"home": str(tmp_path / "home"), "source": "foreign", "load_id": "one"})
    )
    subprocess.run(
        [Path(sys.executable).parent / "target-crossdock", "--config", tmp_path / "target.json"],
        input=sent,
        check=True,
    )
    with lake.connect(read_only=True) as con:
        columns = ", ".join(f"{name}::varchar" for name in FIELDS[:-1])
        stored = con.execute(f"select {columns} from lake.foreign.trackers").fetchall()
        query = "select sum(emitted), sum(loaded), sum(quarantined) from lake.hub.ledger"
        counts = con.execute(f"{query} where stream = 'trackers'").fetchall()
    expected = [tuple(row[name] for name in FIELDS[:-1]) for row in answer["trackers"]]
    assert len(expected) > 10
    assert sorted(stored) == sorted(expected)
    assert counts == [(len(expected), len(expected), 0)]
