"""The first page of our Data Docs. Imported by Great Expectations, which finds it by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from great_expectations.render.components import (
    RenderedDocumentContent,
    RenderedHeaderContent,
    RenderedSectionContent,
    RenderedStringTemplateContent,
    RenderedTableContent,
)
from great_expectations.render.renderer.renderer import Renderer

from contracts.shown_rule import STYLES, text

_HEAD = ["Status", "Table", "Rules", "Owner", "Contract", "Judged, UTC"]
_SHOWN = 100  # characters of the names of rules that broke
_WORST = ["failed", "warned", "passed"]


class IndexPage(Renderer):
    """A line a table, what is broken first, in plain HTML: without scripts GX's own is empty."""

    @classmethod
    def render(cls, index_links_dict: Mapping[str, Any]) -> RenderedDocumentContent:
        """Return the page of the links that GX gathered."""
        links = sorted(index_links_dict.get("validations_links", []), key=_urgency)
        title = text("$title: $count tables", title=("Verdicts", "strong"), count=str(len(links)))
        table = RenderedTableContent(
            table=[_row(link) for link in links],
            header_row=_HEAD,
            header_row_options={name: {"sortable": "true"} for name in _HEAD},
            table_options={"search": "true"},
            styling={"classes": ["col-12"], "body": {"classes": ["table", "table-sm"]}},
        )
        header = RenderedHeaderContent(
            title,
            styling={"classes": ["col-12"], "header": {"classes": ["alert", "alert-secondary"]}},
        )
        return RenderedDocumentContent(
            renderer_type="SiteIndexPageRenderer",
            utm_medium="index-page",
            sections=[RenderedSectionContent([header, table], section_name="Verdicts")],
        )


def _urgency(link: Mapping[str, Any]) -> tuple[int, str]:
    return _WORST.index(link["batch_spec"]["state"]), link["expectation_suite_name"]


def _row(link: Mapping[str, Any]) -> list[RenderedStringTemplateContent]:
    of = link["batch_spec"]
    state = of["state"]
    return [
        text("$state", STYLES.get(state, "text-danger"), state=(state, "strong")),
        _link(link["expectation_suite_name"], link["filepath"]),
        text("$rules $broken", rules=of["rules"], broken=(_short(of["broken"]), "code")),
        text("$owner", owner=of["owner"]),
        _link(of["contract"], link["expectation_suite_filepath"]),
        text("$judged", judged=of["judged"]),
    ]


def _short(broken: str) -> str:
    return broken if len(broken) <= _SHOWN else f"{broken[:_SHOWN]} …"


def _link(words: str, to: str) -> RenderedStringTemplateContent:
    link = text("$words", words=(words, "a"))
    link.string_template["styling"]["params"]["words"]["attributes"] = {"href": to}
    return link
