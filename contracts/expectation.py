"""What a rule is to Great Expectations. Imported by ``suite.run`` only: it takes four seconds."""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.expectations.core.unexpected_rows_expectation import (
    UnexpectedRowsExpectation,
)

SHOWN = 5
_COUNT = "_crossdock_failing"


class NoRowBreaks(UnexpectedRowsExpectation):
    """Expect a query for breaking rows to give none; count them all and show the first five.

    GX's own expectation runs its query twice, once to count and once for all of the rows, and keeps
    200 of them. Here the count comes with the rows that are shown.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.table",)

    @classmethod
    def of(cls, sql: str, failing: int | None = None) -> NoRowBreaks:
        """Make one of a query that is escaped for GX's templates and names ``{batch}``.

        Where it is known how many rows fail, the query ends as soon as it has those to show.
        """
        count = "count(*) OVER ()" if failing is None else str(failing)
        counted = f"SELECT *, {count} AS {_COUNT} FROM ({sql}\n) AS breaking LIMIT {SHOWN}"  # noqa: S608
        return cls(unexpected_rows_query=counted)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        rows = [dict(row) for row in metrics["unexpected_rows_query.table"]]
        failing = [row.pop(_COUNT) for row in rows]
        return {
            "success": not rows,
            "result": {
                "observed_value": failing[0] if failing else 0,
                "details": {"unexpected_rows": rows},
            },
        }
