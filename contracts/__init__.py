"""What must hold: contracts on every table, read from ODCS files, and what derives from them."""

from contracts.errors import ContractError, CrossdockError
from contracts.model import Column, Contract, Rule, Table
from contracts.reader import read, read_all

__all__ = [
    "Column",
    "Contract",
    "ContractError",
    "CrossdockError",
    "Rule",
    "Table",
    "read",
    "read_all",
]
