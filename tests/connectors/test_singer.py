"""One test, every tap: what any Singer tap owes to whoever runs it."""

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner
from singer_sdk.testing import SuiteConfig, TapTestRunner, get_tap_test_class

from connectors.easypost.tap import TapEasyPost
from connectors.sql.tap import TapSQL
from connectors.x12.tap import TapX12

# open_data_contract_standard reads its schema by a deprecated function:
# https://github.com/bitol-io/open-data-contract-standard/
pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")

TAPS = [TapSQL, TapX12, TapEasyPost]
LENIENT = SuiteConfig(ignore_no_records=True)


AT = "2026-03-02T22:00:00Z"
TRACKER = {"id": "trk_1", "tracking_code": "1Z", "status": "delivered", "carrier": "UPS"}
TRACKER |= {"tracking_details": [], "weight": 1.5, "created_at": AT, "updated_at": AT}
SHIPMENT = {"id": "shp_1", "rates": [], "tracker": TRACKER, "created_at": AT, "updated_at": AT}
CARRIER = {"name": "ups", "service_levels": [{"carrier": "ups", "name": "Ground"}]}
ANSWER = {"trackers": [TRACKER], "shipments": [SHIPMENT], "carriers": [CARRIER], "has_more": False}

STOCK = """\
ISA*00*          *00*          *ZZ*THREEPL        *ZZ*HUB            *260302*2200*U*00401*1*0*P*>~
GS*IB*THREEPL*HUB*20260302*2200*1*X*004010~
ST*846*0001~
BIA*00*SI*R1*20260302*2200~
N1*WH**92*ATL~
LIN**VN*AA-00042~
QTY*33*12*EA~
SE*6*0001~
GE*1*1~
IEA*1*1~
"""


class EasyPost(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    """A source for each tap, and the settings that point at it."""
    folder = tmp_path_factory.mktemp("sources")
    with sqlite3.connect(folder / "a.db") as database:
        database.execute("create table t (id integer primary key, at datetime, qty numeric(9, 2))")
        database.execute("insert into t values (1, '2026-03-02 22:00:00', 1.5)")
    database.close()
    (folder / "drop").mkdir()
    (folder / "drop" / "846.edi").write_text(STOCK)
    server = ThreadingHTTPServer(("127.0.0.1", 0), EasyPost)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield {
        TapSQL: {"url": f"sqlite:///{folder / 'a.db'}", "naive_timezone": "UTC"},
        TapX12: {"path": str(folder / "drop"), "timezone": "UTC"},
        TapEasyPost: {"base_url": f"http://127.0.0.1:{server.server_port}", "api_key": "EZTKx"},
    }
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def written(tmp_path, configs):
    def write(tap, **more):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(configs[tap] | more))
        return str(path)

    return write


@pytest.mark.parametrize("tap", TAPS, ids=lambda tap: tap.name)
def test_about_names_every_setting_and_marks_secrets(tap):
    result = CliRunner().invoke(tap.cli, ["--about", "--format", "json"])
    settings = json.loads(result.output)["settings"]["properties"]
    assert all(setting.get("description") for setting in settings.values())
    secrets = {name for name, setting in settings.items() if setting.get("secret")}
    assert secrets == {TapSQL: {"url"}, TapX12: set(), TapEasyPost: {"api_key"}}[tap]


@pytest.mark.parametrize("tap", TAPS, ids=lambda tap: tap.name)
def test_discovery_gives_a_catalog_that_a_run_accepts(tmp_path, tap, written):
    found = CliRunner().invoke(tap.cli, ["--config", written(tap), "--discover"])
    assert found.exit_code == 0
    (tmp_path / "catalog.json").write_text(found.stdout)
    flags = ["--config", written(tap), "--catalog", str(tmp_path / "catalog.json")]
    run = CliRunner().invoke(tap.cli, flags)
    assert run.exit_code == 0
    streams = {entry["tap_stream_id"] for entry in json.loads(found.stdout)["streams"]}
    messages = [json.loads(line) for line in run.stdout.splitlines()]
    assert {each["stream"] for each in messages if each["type"] == "SCHEMA"} == streams


@pytest.mark.parametrize("tap", TAPS, ids=lambda tap: tap.name)
def test_settings_may_come_from_the_environment(monkeypatch, tap, configs):
    for name, value in configs[tap].items():
        monkeypatch.setenv(f"{tap.name}_{name}".replace("-", "_").upper(), value)
    assert CliRunner().invoke(tap.cli, ["--config=ENV", "--test"]).exit_code == 0


@pytest.mark.parametrize("tap", TAPS, ids=lambda tap: tap.name)
def test_an_unknown_setting_is_refused_with_the_known_ones(caplog, tap, written):
    result = CliRunner().invoke(tap.cli, ["--config", written(tap, nonsense=1)])
    assert result.exit_code == 1
    assert f"{tap.name} has no setting 'nonsense'. It has: " in caplog.text


@pytest.mark.parametrize("tap", TAPS, ids=lambda tap: tap.name)
def test_the_console_script_runs_without_a_traceback_on_any_error(tap):
    script = Path(sys.executable).parent / tap.name
    done = subprocess.run([script, "--config", "none.json"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "none.json" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.fixture
def endless(tmp_path):
    """A running tap-sql with more to say than a pipe holds."""
    with sqlite3.connect(tmp_path / "big.db") as database:
        database.execute("create table t (id integer primary key, name text)")
        database.executemany("insert into t (name) values (?)", [("x" * 100,)] * 20_000)
    database.close()
    (tmp_path / "config.json").write_text(json.dumps({"url": f"sqlite:///{tmp_path / 'big.db'}"}))
    command = [Path(sys.executable).parent / "tap-sql", "--config", tmp_path / "config.json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as running:
        running.stdout.readline()
        yield running


def test_a_reader_that_goes_away_ends_the_tap_without_a_traceback(endless):
    endless.stdout.close()
    said = endless.stderr.read().decode()
    assert endless.wait() == 1
    assert "Traceback" not in said and "Exception ignored" not in said


def test_a_tap_that_is_told_to_stop_does_not_look_finished(endless):
    endless.terminate()
    written = endless.stdout.read()
    assert endless.wait() == 128 + signal.SIGTERM
    assert b'"STATE"' not in written


def test_a_tap_that_is_told_to_stop_while_python_drops_what_is_raised_stops_all_the_same():
    script = """
import os, signal, weakref
from connectors.sql.tap import TapSQL

tap = TapSQL(config={"url": "sqlite://"}, parse_env_config=False)
swallowing = weakref.ref(gone := type("Gone", (), {})(),
                         lambda _: os.kill(os.getpid(), signal.SIGTERM))
del gone
print("went on")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (128 + signal.SIGTERM, "")
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("tap", TAPS, ids=lambda tap: tap.name)
@pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records:UserWarning")
def test_the_suite_of_the_sdk_passes(tap, configs):
    # Its own pytest class wants the settings at import; ours are made by fixtures.
    suite = get_tap_test_class(tap, config=configs[tap], suite_config=LENIENT)
    runner = TapTestRunner(tap, config=configs[tap], suite_config=LENIENT)
    runner.sync_all()
    names = [name for name in dir(suite) if name.startswith("test_tap")]
    assert len(names) > 5
    for name in names:
        for param in suite.params.get(name, [None]):
            values = param.values._asdict() if param else {}
            with contextlib.suppress(pytest.skip.Exception):  # no value to hold it against
                getattr(suite, name)(config=LENIENT, resource=None, runner=runner, **values)
