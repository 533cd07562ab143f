"""Write the canonical model's pages from its contracts: a diagram a group, a page an entity.

``python -m contracts.pages --write`` writes docs/canonical, ``--check`` fails if it is stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from contracts import standard
from contracts.errors import CrossdockError
from contracts.model import Column, Contract, Rule, Table
from contracts.promises import PROMISES
from contracts.reader import read_all

HEADER = "<!-- Generated from contracts/ by `python -m contracts.pages --write`. Do not edit. -->\n"
DOCS = Path(__file__).parent.parent / "docs" / "canonical"
INDEX = Path("README.md")
STANDARD = Path("odcs.md")
# A contract's first tag names its group; what has none of these comes last.
GROUPS = {
    "master": "Master",
    "demand": "Demand and fulfilment",
    "supply": "Supply and inventory",
    "floor": "Robots and the outside",
    "identity": "Identity and stewardship",
    "reconciliation": "Reconciliation",
}
OTHER = "Other"
# What every entity's last columns say; they stand on the first page only.
LINEAGE = ("source_system", "source_key", "source_updated_at", "loaded_at", "record_hash",
           "is_deleted")  # fmt: skip
# What people ask first; a test binds each to the contracts' tables.
QUESTIONS = {
    "How many pieces lie where, who says so, and how far it can be trusted:": (
        "select node_code, sku, qty, winner_source, confidence, recon_status\n"
        "from canonical.inventory join canonical.product using (product_uid)\n"
        "join canonical.node using (node_uid)\norder by confidence, node_code, sku"
    ),
    "What ERP, WMS and shop say of an article, and why they differ:": (
        "select node_code, sku, erp_qty, node_qty, ledger_qty, channel_qty, class, explanation,\n"
        "    next_step\n"
        "from canonical.recon_inventory join canonical.product using (product_uid)\n"
        "join canonical.node using (node_uid)\nwhere class not in ('agreed', 'single_source')"
    ),
    "Whose value an attribute bears, and where others say something else:": (
        "select sku, attribute, winner_source, strategy, is_disputed\n"
        "from canonical.attribute_source join canonical.product on entity_uid = product_uid\n"
        "where entity = 'product' and is_in_conflict"
    ),
    "What a source's name of an article means (nodes, services, partners likewise):": (
        "select x.source_system, x.source_key, sku, x.method, x.score, x.doubt\n"
        "from canonical.xref_product as x join canonical.product using (product_uid)"
    ),
    "Which rows wait, and for which answer (`crossdock tasks`):": (
        "select source_system, stream, reason, task_uid, count(*)\n"
        "from canonical.orphan group by all order by count(*) desc"
    ),
}
_SHOWN = frozenset({"sql", "rowCount", "greatExpectations", "duplicateValues", *PROMISES})


def render(directory: Path | None = None) -> dict[Path, str]:
    """Return the text of each page by its path inside docs/canonical."""
    entities = {contract.name: contract for contract in read_all("canonical", directory)}
    pages = {Path(f"{name}.md"): _page(name, entities) for name in entities}
    return {INDEX: _index(entities), STANDARD: HEADER + standard.page(), **pages}


def stale(docs: Path = DOCS, directory: Path | None = None) -> list[Path]:
    """Return the pages that differ from what the contracts say now, or that no contract has."""
    rendered = render(directory)
    gone = [
        Path(path.name) for path in sorted(docs.glob("*.md")) if Path(path.name) not in rendered
    ]
    return gone + [
        path
        for path, text in rendered.items()
        if not (docs / path).is_file() or (docs / path).read_text(encoding="utf-8") != text
    ]


def write(docs: Path = DOCS, directory: Path | None = None) -> list[Path]:
    """Write the pages that are stale, remove those that no contract has, return their paths."""
    rendered, changed = render(directory), stale(docs, directory)
    docs.mkdir(parents=True, exist_ok=True)
    for path in changed:
        if path in rendered:
            (docs / path).write_text(rendered[path], encoding="utf-8")
        else:
            (docs / path).unlink()
    return changed


def _index(entities: Mapping[str, Contract]) -> str:
    groups: dict[str, list[str]] = {title: [] for title in (*GROUPS.values(), OTHER)}
    for name, contract in entities.items():
        tag = contract.tags[0] if contract.tags else ""
        groups[GROUPS.get(tag, OTHER)].append(name)
    parts = [
        HEADER,
        "# The canonical model\n",
        "What every system's rows mean, whichever they came from. Quantities are in the product's "
        "base unit, lengths in millimetres, weights in grams, times in UTC; `<entity>_uid` is the "
        "hub's identity. Diagrams show keys and what they lead to; each entity has a page.\n",
        "Versions of products, nodes, rates, mappings and survivorship rules are kept in schema "
        "`history` of the lake, `known_from` to `known_to`: "
        '`crossdock sql --lake "from history.product"`. What becomes of each key that a contract '
        f"may have: [{STANDARD}]({STANDARD}).\n",
        "## Ask\n",
        *(f"{what}\n\n```sql\n{query}\n```\n" for what, query in QUESTIONS.items()),
        "## Where a row came from\n",
        "What most entities also say of each row:\n",
        _columns([c for c in _one(next(iter(entities.values()))).columns if c.name in LINEAGE]),
    ]
    for title, names in groups.items():
        if names:
            parts += [f"## {title}\n", _diagram([entities[name] for name in names])]
            parts += [
                _table(("entity", "what it is", "key", "owner"), map(_row, _of(entities, names)))
            ]
    return "\n".join(parts)


def _of(entities: Mapping[str, Contract], names: Sequence[str]) -> Iterator[Contract]:
    return (entities[name] for name in names)


def _row(contract: Contract) -> tuple[str, ...]:
    table = _one(contract)
    empty = "" if table.fed else " *No source feeds it yet.*"
    return (
        f"[{contract.name}]({contract.name}.md)",
        contract.description + empty,
        ", ".join(table.primary_key),
        contract.owner,
    )


def _diagram(contracts: Sequence[Contract]) -> str:
    """Draw entities with their keys, and a line for each reference: crow's feet, as Mermaid has."""
    lines = ["```mermaid", "erDiagram"]
    for contract in contracts:
        table = _one(contract)
        lines.append(f"    {contract.name} {{")
        for column in table.columns:
            marks = ["PK"] * column.primary_key + ["FK"] * (column.references is not None)
            if marks:
                lines.append(f"        {column.physical_type} {column.name} {', '.join(marks)}")
        lines.append("    }")
    for contract in contracts:
        for column in _one(contract).columns:
            if column.references:
                end = "||" if column.required else "o|"
                to = column.references[0]
                lines.append(f"    {contract.name} }}o--{end} {to} : {column.name}")
    return "\n".join([*lines, "```\n"])


def _page(name: str, entities: Mapping[str, Contract]) -> str:
    contract = entities[name]
    table = _one(contract)
    parts = [
        HEADER,
        f"# {name}\n",
        f"{contract.description}\n",
        f"- **Owner:** {contract.owner}, {contract.channel}",
        f"- **Key:** {', '.join(table.primary_key)}",
        f"- **Written in:** [contract](../../contracts/canonical/{name}.odcs.yaml) "
        f"{contract.version}, [model](../../transforms/models/canonical/{name}.sql)",
    ]
    if table.fed:
        parts.append(f"- **Comes from:** `crossdock lineage {name}`\n")
    else:
        parts.append("- **Empty:** no source feeds it yet\n")
    is_traced = {column.name for column in table.columns} >= set(LINEAGE)
    own = [c for c in table.columns if not is_traced or c.name not in LINEAGE or c.primary_key]
    parts += ["## Columns\n", _columns(own, table)]
    if is_traced:
        parts.append(f"And [where the row came from]({INDEX}#where-a-row-came-from).\n")
    parts += ["## Rules\n", _rules(table)]
    led = [
        f"- [{other}]({other}.md) by its {column.name}"
        for other, one in entities.items()
        for column in _one(one).columns
        if column.references and column.references[0] == name
    ]
    return "\n".join([*parts, *(["## Led to from\n", *led, ""] if led else [])])


def _columns(columns: Sequence[Column], table: Table | None = None) -> str:
    rows = [
        (
            f"`{column.name}`",
            column.physical_type,
            _filled(column),
            column.description + _limits(column, table),
            column.classification or "",
        )
        for column in columns
    ]
    return _table(("column", "type", "", "what it says", "classification"), rows)


def _filled(column: Column) -> str:
    if column.primary_key:
        return "key"
    return "required" if column.required else ""


def _limits(column: Column, table: Table | None) -> str:
    """Add to a description what may stand in the column."""
    said = []
    if column.references:
        other, field = column.references
        said.append(f"Leads to [{other}.{field}]({other}.md).")
    for rule in table.rules if table else ():
        if rule.kind == "invalidValues" and rule.column == column.name:
            values = rule.arguments.get("validValues") or [rule.arguments.get("pattern")]
            said.append(f"One of {', '.join(f'`{value}`' for value in values)}.")
    for option, value in column.options.items():
        said.append(f"{option.capitalize()} `{value}`.")
    if column.unique:
        said.append("Unique.")
    return "".join(f" {sentence}" for sentence in said)


def _rules(table: Table) -> str:
    shown = [rule for rule in table.rules if rule.kind in _SHOWN]
    rows = [
        (f"`{rule.id}`", rule.severity, rule.dimension, _sentence(rule), rule.mend or "")
        for rule in shown
    ]
    rest = [rule for rule in table.rules if rule.kind not in _SHOWN]
    mild = [f"`{rule.id}`" for rule in rest if rule.severity != "error"]
    said = (
        f"{len(rest)} {'more ' if rows else ''}rules hold the table to its columns: types, key, "
        "required values, what may stand in them and what they lead to. "
        f"They are errors{', but for warnings: ' + ', '.join(mild) if mild else ''}.\n"
    )
    listed = _table(("rule", "severity", "dimension", "what must hold", "mend"), rows)
    return f"{listed}\n{said}" if rows else said


def _sentence(rule: Rule) -> str:
    if rule.description:
        return rule.description
    comparator, value = rule.comparator
    return f"{rule.kind} {comparator} {value}"


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def _one(contract: Contract) -> Table:
    return contract.table(contract.name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``python -m contracts.pages``; 0 when the pages are fresh, 1 when they are not."""
    parser = argparse.ArgumentParser(
        prog="python -m contracts.pages",
        description=__doc__,
        epilog="Example: python -m contracts.pages --write",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="write the pages that are stale")
    mode.add_argument("--check", action="store_true", help="say which pages are stale")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder of the pages")
    options = parser.parse_args(arguments)
    try:
        changed = (write if options.write else stale)(options.docs)
    except CrossdockError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path in changed:
        sys.stdout.write(f"{'wrote' if options.write else 'stale'} {path}\n")
    if options.check and changed:
        sys.stdout.write("Run: python -m contracts.pages --write\n")
        return 1
    sys.stdout.write("pages are fresh\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
