"""tap-easypost in bad moments: a busy API, a body cut short, a refusal, nobody there."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from click.testing import CliRunner
from singer_sdk.exceptions import FatalAPIError

from connectors.easypost.tap import TapEasyPost

# open_data_contract_standard reads its schema by a deprecated function:
# https://github.com/bitol-io/open-data-contract-standard/
pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")


@pytest.mark.parametrize("when", ["seconds", "date", "none"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_api_is_asked_again_when_it_says(pull, status, when, serve, settings, account_with):
    account, refused = account_with(5), []

    def busy(path, query, headers):
        if path == "trackers" and not refused:
            refused.append(time.monotonic())
            at = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
            after = {"seconds": {"Retry-After": "1"}, "date": {"Retry-After": at}, "none": {}}[when]
            return status, b"", dict(after)
        if path == "trackers":
            refused.append(time.monotonic())
        return account(path, query, headers)

    with serve(busy) as (url, _):
        got = pull(TapEasyPost, settings(url))
    assert len(got.records["trackers"]) == 5
    waited = refused[1] - refused[0]
    assert waited >= (0 if when == "none" else 0.9)


def test_a_body_cut_short_is_asked_for_again(pull, serve, settings, account_with):
    account, cut = account_with(5), []

    def flaky(path, query, headers):
        status, body, more = account(path, query, headers)
        if path == "trackers" and not cut:
            cut.append(path)
            return status, body[:50], {"length": len(body), "Connection": "close"}
        return status, body, more

    with serve(flaky) as (url, _):
        assert len(pull(TapEasyPost, settings(url)).records["trackers"]) == 5


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda *_: (401, b"{}", {}), r"refused the key \(401\). Set 'api_key'"),
        (lambda *_: (404, b"{}", {}), r"does not exist \(404\).*'base_url'"),
        (lambda *_: (422, b'{"error": {"message": "1 Main St"}}', {}), r"answered 422"),
        (lambda *_: (200, b"<html>", {}), "not JSON"),
        (lambda *_: (200, b"[]", {}), "not a JSON object"),
        (lambda *_: (200, b'{"trackers": null}', {}), "without a list"),
        (lambda *_: (503, b"", {}), "still busy or broken"),
        (lambda *_: (200, b'{"trackers": [{}], "has_more": true}', {}), "same page again"),
        (lambda *_: (time.sleep(1), (200, b"{}", {}))[1], "Cannot reach .*Timeout"),
    ],
)
def test_a_refusal_ends_in_one_line_with_the_mend(
    tmp_path, caplog, answer, says, serve, settings, only, key
):
    with serve(answer) as (url, _):
        config = settings(url, retries=0, timeout_s=0.3)
        catalog = only(TapEasyPost, config, "trackers")
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "catalog.json").write_text(json.dumps(catalog, default=str))
        flags = ["--config", tmp_path / "config.json", "--catalog", tmp_path / "catalog.json"]
        result = CliRunner().invoke(TapEasyPost.cli, [str(flag) for flag in flags])
    assert result.exit_code == 1
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    (line,) = [error for error in errors if "unhandled" not in error]
    assert re.search(says, line)
    for hidden in (key, "1 Main St", "Traceback"):
        assert hidden not in caplog.text + result.output


def test_an_api_out_of_reach_is_named(settings):
    tap = TapEasyPost(config=settings("http://127.0.0.1:1/v2", retries=0))
    with pytest.raises(FatalAPIError, match=r"Cannot reach http://127\.0\.0\.1:1/v2/trackers"):
        list(tap.streams["trackers"].get_records(None))
