"""Write what dbt must know from the contracts, so that no column list is written by hand.

``python -m contracts.dbt --write`` writes the files, ``--check`` fails if they are stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from contracts.errors import ContractError, CrossdockError
from contracts.model import Column, Contract, Table
from contracts.reader import read_all

HEADER = "# Generated from contracts/ by `python -m contracts.dbt --write`. Do not edit.\n"
TRANSFORMS = Path(__file__).parent.parent / "transforms"
SOURCES = Path("models/sources/_sources.yml")
STAGING = Path("models/staging/_staging.yml")
CANONICAL = Path("models/canonical/_canonical.yml")


def render(directory: Path | None = None) -> dict[Path, str]:
    """Return the text of each generated file by its path inside the dbt project."""
    sources = [_source(contract) for contract in read_all("sources", directory)]
    staged = [row for contract in read_all("sources", directory) for row in _staged(contract)]
    models = [_model(contract) for contract in read_all("canonical", directory)]
    return {
        SOURCES: HEADER + _dump({"version": 2, "sources": sources}),
        STAGING: HEADER + _dump({"version": 2, "models": staged}),
        CANONICAL: HEADER + _dump({"version": 2, "models": models}),
    }


def stale(transforms: Path = TRANSFORMS, directory: Path | None = None) -> list[Path]:
    """Return the generated files that differ from what the contracts say now."""
    return [
        path
        for path, text in render(directory).items()
        if not (transforms / path).is_file()
        or (transforms / path).read_text(encoding="utf-8") != text
    ]


def write(transforms: Path = TRANSFORMS, directory: Path | None = None) -> list[Path]:
    """Write the generated files that are stale and return their paths inside the project."""
    rendered, written = render(directory), stale(transforms, directory)
    for path in written:
        (transforms / path).parent.mkdir(parents=True, exist_ok=True)
        (transforms / path).write_text(rendered[path], encoding="utf-8")
    return written


def _source(contract: Contract) -> dict[str, Any]:
    return {
        "name": contract.name,
        "description": contract.description,
        "database": "{{ var('lake', 'lake') }}",
        "schema": contract.schema,
        "config": {"loaded_at_field": "_sdc_received_at", "meta": _meta(contract)},
        "tables": [_raw(table) for table in contract.tables],
    }


def _raw(table: Table) -> dict[str, Any]:
    told: dict[str, Any] = {"name": table.name, "description": table.description}
    if table.holds:
        # By which staging leaves out the rows that are held apart: transforms/macros/held.sql.
        told["config"] = {"meta": {"held_by": list(table.primary_key)}}
    return told


def _staged(contract: Contract) -> list[dict[str, Any]]:
    return [
        {
            "name": f"stg_{contract.name}__{table.name}",
            "description": f"{table.description} As it landed, renamed and cast.",
        }
        for table in contract.tables
    ]


def _model(contract: Contract) -> dict[str, Any]:
    if len(contract.tables) != 1:
        raise ContractError(f"{contract.key} must have one table, the entity's; split the file.")
    (table,) = contract.tables
    return {
        "name": table.name,
        "description": table.description,
        "config": {"contract": {"enforced": True}, "meta": _meta(contract)},
        "columns": [_column(column) for column in table.columns],
    }


def _column(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": column.name,
        "data_type": column.physical_type,
        "description": column.description,
    }
    if column.required:
        described["constraints"] = [{"type": "not_null"}]
    return described


def _meta(contract: Contract) -> dict[str, Any]:
    return {
        "contract": contract.key,
        "contract_version": contract.version,
        "channel": contract.channel,
        "dagster": {"owners": [f"team:{contract.owner}"]},
    }


def _dump(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``python -m contracts.dbt``; 0 when the files are fresh, 1 when they are not."""
    parser = argparse.ArgumentParser(
        prog="python -m contracts.dbt",
        description=__doc__,
        epilog="Example: python -m contracts.dbt --write",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="write the files that are stale")
    mode.add_argument("--check", action="store_true", help="say which files are stale")
    parser.add_argument("--transforms", type=Path, default=TRANSFORMS, help="the dbt project")
    options = parser.parse_args(arguments)
    try:
        changed = (write if options.write else stale)(options.transforms)
    except CrossdockError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path in changed:
        sys.stdout.write(f"{'wrote' if options.write else 'stale'} {path}\n")
    if options.check and changed:
        sys.stdout.write("Run: python -m contracts.dbt --write\n")
        return 1
    sys.stdout.write("dbt files are fresh\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
