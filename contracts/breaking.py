"""All rows that break a rule, for whoever has to mend them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb

from contracts.errors import ContractError
from contracts.model import Contract
from contracts.queries import named, query
from contracts.sample import told
from contracts.state import state


def breaking(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    table: str,
    rule: str,
    *,
    now: datetime,
    catalog: str = "lake",
) -> list[dict[str, Any]]:
    """Return every row that breaks a rule now, as a verdict's sample would show it.

    Takes no lock and writes nothing. Raises ``ContractError`` for a rule that is not there, is not
    about rows (a count, an age, a type), or cannot be held.
    """
    of = contract.table(table)
    asked = next((one for one in of.rules if one.id == rule), None)
    if asked is None:
        raise ContractError(f"Contract {contract.key} has no rule '{rule}' on {table}.")
    if asked.kind in ("exists", "type", "greatExpectations"):
        raise ContractError(f"{rule} is not about single rows: its verdict says all.")
    with state(con, named([(contract, of)]), catalog) as found:
        if contract.dataset(table) not in found:
            raise ContractError(f"The table {contract.dataset(table)} is missing.")
        wanted = query(asked, contract, now=now)
        if wanted.is_number:
            raise ContractError(f"{rule} is about a number, not about rows: its verdict says it.")
        try:
            rows = con.execute(wanted.sql).to_arrow_table().to_pylist()
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            raise ContractError(f"{rule} cannot be held: {first}") from None
    return told(contract, of, asked, wanted, rows)
