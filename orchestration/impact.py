"""What a field, or a whole table, would take with it: entities, their owners, decision jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import decisions
from orchestration.gate import reads
from orchestration.hub import Hub
from orchestration.source_fields import reach

if TYPE_CHECKING:
    from contracts.reach import Reach


@dataclass(frozen=True)
class Impact:
    """What lies downstream of something.

    entities: canonical dataset -> the columns whose values come from it; those of which it decides
    the rows have `ROWS` among them. jobs: which decision jobs would not start. owners: dataset ->
    the owner of its contract.
    """

    what: str
    entities: Mapping[str, frozenset[str]]
    jobs: tuple[str, ...]
    owners: Mapping[str, str]

    def said(self) -> str:
        """Return it in one line."""
        entities = [f"{name.partition('.')[2]}{_of(cols)}" for name, cols in self.entities.items()]
        held = f"; holds {', '.join(self.jobs)}" if self.jobs else "; holds no decision job"
        return f"{self.what} reaches {', '.join(entities) or 'no entity'}{held}"


def impact(hub: Hub, dataset: str, column: str | None, traced: "Reach | None" = None) -> Impact:
    """Return what would go wrong with a column, or with a table as a whole.

    By the models as they were last compiled, if no other lineage is given. Raises CrossdockError
    where none was, and ContractError for a table or a column that is not there.
    """
    traced = traced or reach(hub)
    found = traced.downstream(dataset, column)
    entities = {name: cols for name, cols in found.items() if name.startswith("canonical.")}
    jobs = tuple(
        name
        for name, job in sorted(decisions.jobs().items())
        if traced.upstream(reads(job)).is_reached_by(dataset, column)
    )
    owners = {
        contract.dataset(table.name): contract.owner
        for contract in hub.contracts("canonical")
        for table in contract.tables
        if contract.dataset(table.name) in entities
    }
    return Impact(f"{dataset}.{column}" if column else dataset, entities, jobs, owners)


def _of(columns: frozenset[str]) -> str:
    from contracts.influence import ROWS

    return " (rows)" if ROWS in columns else f" ({', '.join(sorted(columns))})"
