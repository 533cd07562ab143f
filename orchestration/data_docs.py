"""The newest verdicts as Great Expectations' Data Docs, in the home, for people to open."""

import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from contracts import Contract, CrossdockError, Rule, Verdict
from contracts.policy import BLOCK
from contracts.reader import LAYERS
from contracts.verdict import NOT_EVALUATED, verdict
from orchestration import judging
from orchestration.hub import Hub

SITE = "data_docs"
_MEND = "Run `crossdock check`."
_Row = Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """A site: its first page, and how many tables, rules and rules that did not pass it shows."""

    index: Path
    tables: int
    rules: int
    unpassed: int
    unproven: int


def write(hub: Hub) -> Written:
    """Write the newest verdict on every rule of every contract as a site, in place of the last one.

    A rule that was not judged yet, or by another version of its contract, counts as not evaluated.
    Whoever reads sees the last site or the new one, never a part. Raises CrossdockError where
    nothing was judged, or another command is writing it.
    """
    from contracts.data_docs import INDEX, Page
    from contracts.data_docs import write as write_site

    newest = judging.newest(hub)
    if not any(newest.values()):
        raise CrossdockError(
            "Nothing was judged yet, so that there is nothing to show. Run `crossdock run` first, "
            "or `crossdock check` where rows have landed."
        )
    now = datetime.now(UTC)
    pages = []
    for layer in LAYERS:
        rows = {(row["dataset"], row["rule"]): row for row in newest[layer]}
        at = max((row["judged_at"] for row in rows.values()), default=None)
        pages += [
            Page(
                contract,
                table,
                [_shown(contract, rule, rows) for rule in table.rules],
                (at or now).astimezone(UTC),
                is_judged=at is not None,
            )
            for contract in hub.contracts(layer)
            for table in contract.tables
        ]
    with _replaced(hub.settings.home) as folder:
        write_site(folder, pages)
    shown = [verdict for page in pages for verdict in page.verdicts]
    return Written(
        hub.settings.home / SITE / INDEX,
        len(pages),
        len(shown),
        sum(one.status != "passed" for one in shown),
        sum(one.status == NOT_EVALUATED for one in shown),
    )


def _shown(contract: Contract, rule: Rule, rows: Mapping[tuple[str, str], _Row]) -> Verdict:
    """Return a rule's verdict as it was recorded, unless that says nothing of the rule of today."""
    row = rows.get((contract.dataset(rule.table), rule.id))
    if row is None:
        return _unproven(contract, rule, "it was not judged yet.")
    if row["contract_version"] != contract.version:
        was = row["contract_version"]
        found = str(row["status"]).replace("_", " ")
        why = f"it was judged by {was} of its contract ({found}), which is at {contract.version}."
        return _unproven(contract, rule, why)
    # A hub that was judged before there were policies has neither of their columns.
    kept = {field.name: row.get(field.name) for field in fields(Verdict)}
    return Verdict(**kept | {"sample": tuple(row["sample"]), "policy": row.get("policy") or BLOCK})


def _unproven(contract: Contract, rule: Rule, why: str) -> Verdict:
    """Return the verdict on a rule that has none: the mend is to judge, whoever owns the data."""
    return verdict(contract, replace(rule, mend=_MEND), NOT_EVALUATED, what=why)


@contextmanager
def _replaced(home: Path) -> Iterator[Path]:
    """Give an empty folder, which then takes the place of the site at once.

    The site is a link to its folder: a folder cannot be put in the place of another in one step.
    """
    site, kept = home / SITE, home / f".{SITE}"
    kept.mkdir(exist_ok=True)
    try:
        lock = FileLock(kept / "lock").acquire(timeout=0)
    except Timeout:
        raise CrossdockError(f"Another command is writing {site}. Wait for it to end.") from None
    with lock:
        if site.exists() and not site.is_symlink():
            raise CrossdockError(f"{site} was not written by this command. Move it elsewhere.")
        folder, link = kept / uuid.uuid4().hex, kept / "link"
        folder.mkdir()
        try:
            yield folder
            link.unlink(missing_ok=True)
            link.symlink_to(folder.relative_to(home))
            link.replace(site)
        finally:
            # Earlier sites, and what a killed command or one that failed left behind.
            current = site.resolve()
            for other in kept.iterdir():
                if other.is_dir() and other != current:
                    shutil.rmtree(other)
