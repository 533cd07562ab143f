"""contract: read them, show one, tell what changed, if its version says so, and what it reaches."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from contracts import Contract, CrossdockError
from orchestration.cli import app, out

if TYPE_CHECKING:
    from contracts.revision import Compared

contract = typer.Typer(
    help="Check contracts, show one, compare them with a git revision.\n\n"
    "Example: `crossdock contract lint`",
    no_args_is_help=True,
)
app.add_typer(contract, name="contract")
_COLOURS = {"MAJOR": "red", "MINOR": "yellow", "PATCH": "dim"}


@contract.command()
def lint() -> None:
    """Read every contract; whatever could not be enforced is an error, with file and line.

    Example: `crossdock contract lint`
    """
    from contracts.reader import LAYERS

    read = [one for layer in LAYERS for one in _read(layer)]
    rules = sum(len(table.rules) for one in read for table in one.tables)
    out.print(f"{len(read)} contracts with {rules:,} rules: all of them can be enforced.")


@contract.command()
def show(
    name: Annotated[str, typer.Argument(help="A contract: sources/erp, or an entity's name.")],
) -> None:
    """Show a contract: whose it is, its columns, and every rule with its column and severity.

    Example: `crossdock contract show inventory_atp`
    """
    found = _find(name)
    out.print(f"[bold]{found.key}[/] {found.version}, {found.status}: {escape(found.description)}")
    out.print(f"Answered for by {found.owner} ({found.channel}).", markup=False)
    for table in found.tables:
        columns = Table("column", "type", "", "what", title=table.name, title_justify="left")
        for column in table.columns:
            filled = "key" if column.primary_key else "required" if column.required else ""
            marks = f"{filled} {column.classification or ''}".strip()
            columns.add_row(column.name, column.physical_type, marks, escape(column.description))
        out.print(columns)
        rules = Table("rule", "column", "dimension", "severity", "what")
        for rule in table.rules:
            if rule.description or rule.query:
                rules.add_row(
                    rule.id, rule.column or "", rule.dimension, rule.severity,
                    escape(rule.description or " ".join((rule.query or "").split())),
                )  # fmt: skip
        if rules.row_count:
            out.print(rules)
        implied = len(table.rules) - rules.row_count
        out.print(f"and {implied} rules that its columns imply.")


@contract.command()
def diff(
    since: Annotated[str, typer.Option(help="A git revision to compare with.")] = "HEAD",
) -> None:
    """Tell what contracts promise otherwise than at a git revision, breaking changes first.

    Exit code 1 where a version does not take the step that its changes ask for: major where a
    reader may have relied upon what is gone, minor for a promise that is new or stricter, patch
    for words.

    Example: `crossdock contract diff --since main`
    """
    from contracts.revision import compare

    compared = compare(since)
    if not compared:
        out.print(f"Every contract says what it said at {since}.", markup=False)
        return
    for pair in compared:
        versions = " -> ".join(one.version for one in (pair.old, pair.new) if one)
        table = Table("where", "what", "step", title=f"{pair.key} {versions}", title_justify="left")
        for change in pair.changes:
            name = change.step.name
            step = f"[{_COLOURS[name]}]{name.lower()}[/]"
            table.add_row(escape(change.where), escape(change.what), step)
        out.print(table)
    breaking = sum(change.is_breaking for pair in compared for change in pair.changes)
    out.print(f"{len(compared)} contracts changed, {breaking} breaking changes.")
    for said in _reached(compared):
        out.print(escape(said), soft_wrap=True)
    problems = [f"{pair.key}: {pair.problem}." for pair in compared if pair.problem]
    if problems:
        raise CrossdockError("\n".join(problems))


@contract.command()
def reach(
    field: Annotated[str, typer.Argument(help="A table or a column: wms.stock.qty.")],
) -> None:
    """Tell what would break with a field: entities, whose they are, and the jobs it would hold.

    "rows" says that the field decides which rows an entity has, by a join or a filter, so that
    every column of it is in doubt.

    Example: `crossdock contract reach wms.stock.qty`
    """
    from contracts.influence import ROWS
    from orchestration.hub import Hub
    from orchestration.impact import impact

    schema, _, rest = field.partition(".")
    table, _, column = rest.partition(".")
    found = impact(Hub.open(), f"{schema}.{table}", column or None)
    shown = Table("entity", "owner", "what of it")
    for dataset, columns in found.entities.items():
        what = "rows" if ROWS in columns else ", ".join(sorted(columns))
        shown.add_row(dataset.partition(".")[2], found.owners.get(dataset, ""), what)
    out.print(shown if found.entities else f"No entity stands on {found.what}.")
    out.print(f"Decision jobs that would not start: {', '.join(found.jobs) or 'none'}.")


def _reached(compared: "Sequence[Compared]") -> Iterator[str]:
    """Tell what each breaking change takes with it, by the models as they were last compiled."""
    from orchestration.hub import Hub
    from orchestration.impact import impact
    from orchestration.source_fields import reach_before

    broken = [
        (pair.old, change)
        for pair in compared
        for change in pair.changes
        if pair.old and change.is_breaking and change.where and ":" not in change.where
    ]
    if not broken:
        return
    hub, were = Hub.open(), {pair.key: pair.old for pair in compared}
    now = {one.key: one for one in _read("sources")} | {k: v for k, v in were.items() if v}
    try:
        traced = reach_before(hub, [one for one in now.values() if one.layer == "sources"])
    except CrossdockError as error:
        yield f"What it reaches is not known: {error}"
        return
    for old, change in broken:
        table, _, column = change.where.partition(".")
        yield impact(hub, old.dataset(table), column or None, traced).said() + "."


def _read(layer: str) -> tuple[Contract, ...]:
    from contracts import read_all

    return read_all(layer)


def _find(name: str) -> Contract:
    from contracts.document import choices
    from contracts.reader import LAYERS

    known = {one.key: one for layer in LAYERS for one in _read(layer)}
    meant = [key for key in known if name in (key, key.partition("/")[2])]
    if len(meant) != 1:
        what = "There is no" if not meant else f"{' and '.join(meant)} are both a"
        raise CrossdockError(f"{what} contract '{name[:80]}'. {choices(name, sorted(known))}")
    return known[meant[0]]
