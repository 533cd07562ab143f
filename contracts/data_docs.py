"""Write verdicts as Great Expectations' Data Docs: a static site, a page a table, nothing judged.

GX is imported inside one function: it takes four seconds, which whoever judges shall not pay.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from contracts.errors import ContractError
from contracts.model import Contract, Rule, Table
from contracts.verdict import NOT_EVALUATED, PASSED, Verdict, reason
from contracts.wording import promise

INDEX = "index.html"
SITE = "Crossdock"
# Where GX looks for what a house adds to its pages: `custom_data_docs/styles`.
_PLUGINS = Path(__file__).parent / "gx"
_SITE = {
    "class_name": "SiteBuilder",
    "show_how_to_buttons": False,
    # GX's own index is drawn by scripts from elsewhere: without them it is empty.
    "site_index_builder": {
        "class_name": "DefaultSiteIndexBuilder",
        "renderer": {"module_name": "contracts.docs_index", "class_name": "IndexPage"},
    },
    "site_section_builders": {"profiling": "None"},
}
# Columns that GX adds to its table of results, by where they stand in a result's `attributes`.
_COLUMNS = {"Dimension": "dimension", "Severity": "severity"}


@dataclass(frozen=True)
class Page:
    """A table, a verdict on each of its rules in their order, and when they were made.

    ``at`` (with its zone) is when the page is made where ``is_judged`` is not.
    """

    contract: Contract
    table: Table
    verdicts: Sequence[Verdict]
    at: datetime
    is_judged: bool = True

    @property
    def dataset(self) -> str:
        """The table's name, as verdicts have it."""
        return self.contract.dataset(self.table.name)


def write(folder: Path, pages: Sequence[Page]) -> Path:
    """Write a site into an empty folder and return its first page.

    Needs no network to write; a browser gets GX's looks from where GX keeps them, and shows all
    text without. Raises ``ContractError`` where GX cannot show something: it would leave it out.
    """
    # Read by GX as it is imported: nothing of a run leaves the machine.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        # What GX imports warns of modules that Python deprecates (sre_constants); not our readers'.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx
        from great_expectations.core.expectation_validation_result import (
            ExpectationSuiteValidationResult,
            ExpectationValidationResult,
        )
        from great_expectations.core.run_identifier import RunIdentifier
        from great_expectations.data_context.types.base import (
            DataContextConfig,
            InMemoryStoreBackendDefaults,
            ProgressBarsConfig,
        )
        from great_expectations.data_context.types.resource_identifiers import (
            ExpectationSuiteIdentifier,
            ValidationResultIdentifier,
        )
        from great_expectations.expectations.metadata_types import FailureSeverity

        from contracts.shown_rule import ContractRule

    def rule(page: Page, one: Rule, verdict: Verdict) -> Any:
        is_error = verdict.severity == "error"
        return ContractRule(
            rule=one.id,
            promise=promise(one, page.table),
            column=one.column,
            notes=_notes(one, verdict),
            severity=FailureSeverity.CRITICAL if is_error else FailureSeverity.WARNING,
            meta_properties_to_render=_COLUMNS,
            meta={"attributes": {name: getattr(verdict, name) for name in _COLUMNS.values()}},
        )

    def result(one: Rule, shown: Any, verdict: Verdict) -> Any:
        return ExpectationValidationResult(
            success=verdict.status == PASSED,
            expectation_config=shown.configuration,
            result={"observed_value": _observed(verdict), "details": _details(one, verdict)},
            exception_info={
                "raised_exception": verdict.status == NOT_EVALUATED,
                "exception_message": reason(verdict) if verdict.status == NOT_EVALUATED else None,
                "exception_traceback": None,
            },
        )

    store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)}
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            plugins_directory=str(_PLUGINS),
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            data_docs_sites={SITE: {**_SITE, "store_backend": store}},
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    version = {"great_expectations_version": gx.__version__}
    for page in pages:
        rules = [rule(page, *pair) for pair in zip(page.table.rules, page.verdicts, strict=True)]
        suite = gx.ExpectationSuite(page.dataset, rules, notes=_about(page))
        context.suites.add(suite)
        run = RunIdentifier("judged" if page.is_judged else "not judged", page.at)
        key = ExpectationSuiteIdentifier(page.dataset)
        context.validation_results_store.set(
            ValidationResultIdentifier(key, run, "verdicts"),
            ExpectationSuiteValidationResult(
                success=all(verdict.status == PASSED for verdict in page.verdicts),
                results=[
                    result(*three)
                    for three in zip(page.table.rules, rules, page.verdicts, strict=True)
                ],
                suite_name=page.dataset,
                statistics=_statistics(page),
                meta={"run_id": run, "batch_spec": _spec(page)} | version,
            ),
        )
    with _loud():
        context.build_data_docs([SITE])
    return folder / INDEX


@contextmanager
def _loud() -> Iterator[None]:
    """Raise what GX only logs when it cannot show something, and goes on without it."""

    class Raise(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = sys.exc_info()[1]
            if isinstance(error, ContractError):  # raised here, caught and logged once more
                raise error
            what = type(error).__name__ if error else record.getMessage()
            where = f"Great Expectations ({record.name}) cannot show a verdict"
            raise ContractError(f"{where}: {what}. The site was not written.") from error

    logger, raising = logging.getLogger("great_expectations.render"), Raise(logging.WARNING)
    logger.addHandler(raising)
    try:
        yield
    finally:
        logger.removeHandler(raising)


def _observed(verdict: Verdict) -> str:
    counted = {"breaking": verdict.failing, "held apart": verdict.held, "rows": verdict.evaluated}
    said = [f"{count:,} {word}" for word, count in counted.items() if count is not None]
    return ", ".join(said) or "--"


def _details(rule: Rule, verdict: Verdict) -> dict[str, Any]:
    return {
        "state": verdict.status.replace("_", " "),
        "reason": reason(verdict).removesuffix(f" {rule.description}"),  # it stands before
        "sample": list(verdict.sample),
        "whom": {
            "owner": verdict.owner,
            "channel": verdict.channel,
            "mend": verdict.mend or "",
        },
    }


def _notes(rule: Rule, verdict: Verdict) -> list[str]:
    """Return what a suite's page tells of a rule beside its promise, as Markdown."""
    notes = [f"{verdict.severity}, {verdict.dimension}. Mend: {verdict.mend}"]
    return [*notes, f"```sql\n{rule.query.strip()}\n```"] if rule.query else notes


def _about(page: Page) -> list[str]:
    contract = page.contract
    said = [page.table.description, contract.description]
    owned = f"Contract {contract.key} {contract.version}, owner {contract.owner}"
    return [*dict.fromkeys(one for one in said if one), f"{owned} ({contract.channel})."]


def _statistics(page: Page) -> dict[str, float]:
    status = Counter(verdict.status for verdict in page.verdicts)
    rules = len(page.verdicts)
    return {
        "evaluated_expectations": rules - status[NOT_EVALUATED],
        "successful_expectations": status[PASSED],
        "unsuccessful_expectations": rules - status[PASSED],
        "success_percent": 100 * status[PASSED] / rules if rules else 0,
    }


def _spec(page: Page) -> dict[str, Any]:
    """Return what stands in a page's head and in its line of the index."""
    contract = page.contract
    status = Counter(verdict.status.replace("_", " ") for verdict in page.verdicts)
    failed = any(verdict.blocks for verdict in page.verdicts)
    is_whole = status[PASSED] == len(page.verdicts)
    owned = f"owner {contract.owner} ({contract.channel})"
    return {
        "data_asset_name": f"contract {contract.key} {contract.version}, {owned}",
        "state": "failed" if failed else PASSED if is_whole else "warned",
        "rules": ", ".join(f"{count} {state}" for state, count in sorted(status.items())),
        "broken": ", ".join(one.rule for one in page.verdicts if one.status != PASSED),
        "owner": contract.owner,
        "channel": contract.channel,
        "contract": f"{contract.key} {contract.version}",
        "judged": f"{page.at:%Y-%m-%d %H:%M}" if page.is_judged else "never",
    }
