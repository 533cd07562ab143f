"""What must hold: contracts on every table, read from ODCS files, and what derives from them."""

from contracts.errors import ContractError, CrossdockError
from contracts.judging import judge
from contracts.model import Column, Contract, Rule, Table
from contracts.reader import read, read_all
from contracts.verdict import Verdict

__all__ = [
    "Column",
    "Contract",
    "ContractError",
    "CrossdockError",
    "Rule",
    "Table",
    "Verdict",
    "judge",
    "read",
    "read_all",
]
