"""Whether what a rule found downstream is only the echo of what is broken in a source."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import contracts
from contracts import CrossdockError
from orchestration.hub import Hub
from orchestration.incidents import Incident
from orchestration.source_fields import reach

if TYPE_CHECKING:
    from contracts.reach import Upstream


def echoes(hub: Hub) -> Callable[[Mapping[str, Any], Incident], bool]:
    """Return what tells whether a verdict comes from an incident; never, where lineage is unknown.

    It does if what the incident is about lies upstream of what the rule reads. An error is no echo
    of a warning, which nobody may have been told of with that weight.
    """

    @cache
    def upstream(contract: str, dataset: str, rule: str) -> "Upstream":
        return reach(hub).upstream(read_by(contract, dataset.partition(".")[2], rule))

    def is_echo(row: Mapping[str, Any], incident: Incident) -> bool:
        if row["severity"] == "error" != incident.severity:
            return False
        try:
            found = upstream(row["contract"], row["dataset"], row["rule"])
        except CrossdockError:
            return False
        return found.is_reached_by(incident.dataset, incident.field)

    return is_echo


def read_by(contract: str, table: str, rule: str) -> dict[str, list[str]]:
    """Return what a rule reads, as dataset -> columns.

    Of a query those columns whose names stand in it, in each of the tables that it names. Raises
    ContractError for a rule that is not there.
    """
    from contracts.queries import reads

    of = contracts.read(contract)
    told = next((one for one in of.table(table).rules if one.id == rule), None)
    if told is None:
        raise contracts.ContractError(f"Contract {contract} has no rule '{rule}' on {table}.")
    words = {*re.findall(r"\w+", told.query or ""), str(told.column)}
    listed = told.arguments.get("properties") or []
    found = {of.dataset(table): _named(of, table, {*words, *map(str, listed)})}
    for other in reads(told):
        within = contracts.read(f"{of.layer}/{other}") if of.layer == "canonical" else of
        named = _named(within, other, words | {str(told.arguments.get("to", ("", ""))[1])})
        found[within.dataset(other)] = found.get(within.dataset(other), []) + named
    return found


def _named(contract: contracts.Contract, table: str, words: set[str]) -> list[str]:
    columns = contract.table(table).columns
    named = [column.name for column in columns if column.name in words]
    return named or [column.name for column in columns]
