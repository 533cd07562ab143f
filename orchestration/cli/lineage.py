"""lineage: where a canonical value comes from, model by model, down to whom to ask about it."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.tree import Tree

from contracts import Contract, CrossdockError
from orchestration.cli import app, out

if TYPE_CHECKING:
    from contracts.lineage import Fields, Lineage


@app.command()
def lineage(
    what: Annotated[str, typer.Argument(help="An entity, or one of its columns: entity.column.")],
) -> None:
    """Show where a canonical column comes from; of an entity, all of its columns.

    Values only: what merely filters or joins is not shown.

    Example: `crossdock lineage inventory_atp.atp`
    """
    from contracts import read_all
    from orchestration.hub import Hub
    from orchestration.source_fields import lineage as traced

    hub = Hub.open()
    name, _, column = what.removeprefix("canonical.").partition(".")
    entity = _entity(hub.contracts("canonical"), name)
    if column:
        entity.table(name).column(column)  # refuses what is not there, with the valid ones
    sources = {
        contract.dataset(table.name): contract
        for contract in read_all("sources")
        for table in contract.tables
    }
    found = traced(hub)
    if column:
        out.print(_tree(found, sources, f"canonical.{name}.{column}"))
        out.print(_summary(found.sources_of(name, column), sources, f"{name}.{column}"))
    else:
        out.print(_columns(found, sources, entity))
        if not entity.table(name).fed:
            out.print(f"No source feeds {name} yet: it has its columns and no rows.")
    owner = f"{entity.owner} ({entity.channel})"
    out.print(f"{entity.key} {entity.version} is answered for by {owner}.")


def _entity(contracts: tuple[Contract, ...], name: str) -> Contract:
    from contracts.document import choices

    by_name = {contract.name: contract for contract in contracts}
    if name not in by_name:
        raise CrossdockError(f"There is no entity '{name}'. {choices(name, sorted(by_name))}")
    return by_name[name]


def _tree(found: "Lineage", sources: dict[str, Contract], field: str) -> Tree:
    tree = Tree(f"[bold]{field}[/]")
    _grow(tree, found, sources, field, {field})
    return tree


def _grow(
    tree: Tree, found: "Lineage", sources: dict[str, Contract], field: str, above: set[str]
) -> None:
    """Hang on a field what it is made of; what was shown above is not shown again."""
    schema, table, column = field.split(".", 2)
    behind = found.step_of(table, column, schema=schema)
    if behind is None:
        tree.add("[yellow]unknown: this model's SQL could not be traced[/]")
    elif not behind:
        tree.add("[dim]no field: a constant, a count, or nothing tells it yet[/]")
    for other in sorted(behind or ()):
        dataset = other.rpartition(".")[0]
        if dataset in sources:
            tree.add(f"[green]{other}[/]  {_whose(sources[dataset])}")
        elif other in above:
            tree.add(f"{other} [dim](as above)[/]")
        else:
            above.add(other)
            _grow(tree.add(other), found, sources, other, above)


def _columns(found: "Lineage", sources: dict[str, Contract], entity: Contract) -> Table:
    table = Table(title=f"canonical.{entity.name}", title_justify="left")
    for heading in ("column", "source fields", "owner"):
        table.add_column(heading, overflow="fold")
    for column in entity.table(entity.name).columns:
        fields = found.sources_of(entity.name, column.name)
        by_source: dict[str, list[str]] = {}
        for field in sorted(fields or ()):
            by_source.setdefault(field.split(".", 1)[0], []).append(field)
        if not by_source:
            said = "[yellow]unknown[/]" if fields is None else "[dim]none[/]"
            table.add_row(column.name, said, "")
        for place, listed in enumerate(by_source.values()):
            whose = _whose(sources[listed[0].rpartition(".")[0]])
            table.add_row("" if place else column.name, "\n".join(listed), whose)
    return table


def _summary(fields: "Fields | None", sources: dict[str, Contract], what: str) -> str:
    if fields is None:
        return f"[yellow]Where {what} comes from is unknown in part (see the tree).[/]"
    if not fields:
        return f"{what} comes from no source field."
    owners = sorted({_whose(sources[field.rpartition(".")[0]]) for field in fields})
    count = f"{len(fields)} source field{'' if len(fields) == 1 else 's'}"
    return f"{what} comes from {count}; ask {', '.join(owners)}."


def _whose(contract: Contract) -> str:
    return f"{contract.owner} ({contract.channel})"
