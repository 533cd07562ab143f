"""How EasyPost is asked: GET with patience, pages from the newest back, numbers exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import backoff
import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, RequestException
from singer_sdk.exceptions import FatalAPIError
from singer_sdk.singerlib.json import deserialize_json
from urllib3.util.retry import Retry

_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_LONGEST_WAIT_S = 60


class Api:
    """An EasyPost account; `url` ends before the resource, as https://api.easypost.com/v2."""

    def __init__(self, url: str, key: str, *, retries: int, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s
        self.answered_at: datetime | None = None  # by the server's clock
        self._key = key
        # urllib3 waits as Retry-After says, in seconds or as a date; else 1, 2, 4… seconds.
        self._retry = Retry(
            total=retries,
            status_forcelist=_TRANSIENT,
            allowed_methods={"GET"},
            backoff_factor=0.5,
            backoff_max=_LONGEST_WAIT_S,
            raise_on_status=False,
        )

    def get(self, path: str) -> dict[str, Any]:
        """Get a JSON object, numbers as Decimal; waits and asks again when the server is busy.

        Raises FatalAPIError that says what, where and the mend.
        """
        with self._session() as session:
            return self._get(session, path, {})

    def pages(self, path: str, params: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
        """Yield a list's pages, the newest first, until the API says that no more follow.

        Raises as `get` does.
        """
        before: str | None = None
        with self._session() as session:
            while True:
                asked = dict(params) | ({"before_id": before} if before else {})
                answer = self._get(session, path, asked)
                items = answer.get(path)
                if not isinstance(items, list):
                    raise FatalAPIError(f"{self.url}/{path} answered without a list '{path}'.")
                yield items
                if not answer.get("has_more") or not items:
                    return
                if items[-1].get("id") in (None, before):
                    raise FatalAPIError(f"{self.url}/{path} gives the same page again and again.")
                before = items[-1]["id"]

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.auth = (self._key, "")
        session.headers["Accept"] = "application/json"
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=self._retry))
        return session

    def _get(
        self, session: requests.Session, path: str, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        where = f"{self.url}/{path}"
        try:
            response = self._ask(session, where, params)
            self.answered_at = _date(response.headers.get("Date"))
            if response.ok:
                found = deserialize_json(response.content)
                if isinstance(found, dict):
                    return found
        except RequestException as error:
            raise FatalAPIError(
                f"Cannot reach {where}: {_cause(error)}. Check the setting 'base_url' and the "
                "network; the next run begins where this one did."
            ) from None
        except ValueError:
            raise FatalAPIError(f"{where} answered with something that is not JSON.") from None
        raise FatalAPIError(_refusal(where, response))

    # The adapter's patience ends with the headers; a body cut short is asked for anew.
    @backoff.on_exception(
        backoff.expo, (ChunkedEncodingError, ContentDecodingError), max_tries=4, logger=None
    )
    def _ask(
        self, session: requests.Session, where: str, params: Mapping[str, Any]
    ) -> requests.Response:
        return session.get(where, params=params, timeout=self.timeout_s)


def _date(header: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(header).astimezone(UTC) if header else None
    except ValueError:
        return None


def _refusal(where: str, response: requests.Response) -> str:
    status = response.status_code
    if status in (401, 403):
        return (
            f"{where} refused the key ({status}). Set 'api_key', or TAP_EASYPOST_API_KEY with "
            "--config=ENV, to a key of this account and mode."
        )
    if status == 404:
        return f"{where} does not exist (404). Check the setting 'base_url'; it ends in /v2."
    if status in _TRANSIENT:
        return f"{where} is still busy or broken ({status}) after all tries. Run again later."
    return f"{where} answered {status} ({response.reason}), not a JSON object."


def _cause(error: RequestException) -> str:
    """Name the kind of failure only: its text repeats the query."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason or error).__name__
