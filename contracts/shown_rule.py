"""How Great Expectations shows a rule of ours. Imported by ``data_docs.write`` only: it takes 4 s.

All text goes through the parameters of GX's templates, which it escapes: rows that break a rule are
what others wrote, and a page is HTML.
"""

from __future__ import annotations

from typing import Any

from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.render.components import (
    LegacyDiagnosticRendererType,
    LegacyRendererType,
    RenderedStringTemplateContent,
)
from great_expectations.render.renderer.renderer import renderer

from contracts.verdict import PASSED

STYLES = {PASSED: "text-success", "warned": "text-warning"}
_HIDDEN = "hide-succeeded-validation-target-child"


class ContractRule(BatchExpectation):
    """A rule of a contract, with what it promises. Never validated: its verdict is there.

    GX's own words for a query are the query; a reader wants to know what it is for.
    """

    rule: str
    promise: str
    column: str | None = None
    # Columns of the page. GX sets it by itself where a suite asks, and then refuses it as unknown.
    meta_properties_to_render: dict[str, str]

    def _validate(self, *_: Any, **__: Any) -> dict[str, Any]:
        raise NotImplementedError("The rule was judged: show its verdict.")

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls,
        configuration: Any = None,
        result: Any = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> list[RenderedStringTemplateContent]:
        told = configuration.kwargs
        return [text("$rule $promise", rule=(told["rule"], "code"), promise=told["promise"])]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.STATUS_ICON)
    def _diagnostic_status_icon_renderer(
        cls,
        configuration: Any = None,
        result: Any = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> RenderedStringTemplateContent:
        # In words: GX's icons are a font that comes from elsewhere.
        state = result.result["details"]["state"]
        shown = text("$state", STYLES.get(state, "text-danger"), state=(state, "strong"))
        if result.success:  # GX's button "Failed Only" looks for it
            shown.styling = {"parent": {"classes": [_HIDDEN]}}
        return shown

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_STATEMENT)
    def _diagnostic_unexpected_statement_renderer(
        cls,
        configuration: Any = None,
        result: Any = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> list[Any]:
        if result.success:
            return []
        told = result.result["details"]
        rows = [text("\n$row", row=(row, "code")) for row in told["sample"]]
        return [
            text("\n$reason", "text-danger", reason=(told["reason"], "strong")),
            *([text("\nFor example:"), *rows] if rows else []),
            text("\nOwner: $owner ($channel). Mend: $mend", **told["whom"]),
        ]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.OBSERVED_VALUE)
    def _diagnostic_observed_value_renderer(
        cls,
        configuration: Any = None,
        result: Any = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> str:
        return str(result.result["observed_value"])


def text(
    template: str, style: str | None = None, **params: str | tuple[str, str]
) -> RenderedStringTemplateContent:
    """Make a piece of text; a parameter may be given with the HTML tag that it stands in."""
    plain = {name: one if isinstance(one, str) else one[0] for name, one in params.items()}
    tags = {name: {"tag": one[1]} for name, one in params.items() if not isinstance(one, str)}
    return RenderedStringTemplateContent(
        string_template={
            "template": template,
            "params": plain,
            "styling": {"classes": [style] if style else [], "params": tags},
        }
    )
