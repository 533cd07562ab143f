"""What may be shown of rows that break a rule: what tells them apart, and nothing classified."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from contracts.model import Contract, Rule, Table
from contracts.queries import Query
from contracts.verdict import REDACTED


def told(
    contract: Contract,
    table: Table,
    rule: Rule,
    query: Query | None,
    rows: Iterable[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Return of each row its key and what the rule is about; of a query's own columns all.

    A ``sql`` rule may show a classified column under any name: if it touches one, all goes.
    """
    personal = {column.name for column in table.columns if column.is_personal}
    hidden = rule.column in personal
    if rule.kind == "sql" and query is not None:
        classified = {c.name for t in contract.tables for c in t.columns if c.is_personal}
        hidden = hidden or bool(classified & set(re.findall(r"\w+", query.sql)))
    about = {*table.primary_key, str(rule.column), *(rule.arguments.get("properties") or [])}
    bare = {column.name for column in table.columns} - about
    shown = []
    for row in rows:
        own = {name: value for name, value in row.items() if not name.startswith("_")}
        is_whole = bare <= own.keys()
        shown.append(
            {
                name: REDACTED if hidden or name in personal else value
                for name, value in own.items()
                if not (is_whole and name in bare)
            }
        )
    return shown
