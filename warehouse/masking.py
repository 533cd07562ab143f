"""What may be shown of a unit: only what its contract is sure is not personal."""

import re
from dataclasses import dataclass

from contracts import Contract, ContractError
from warehouse import contracted
from warehouse.held import Unit
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.strict_json import Object, parse
from warehouse.masker import WORD, Masker

MAX_DEPTH = 500
SIGN = re.compile(r"[^\w\s]")
QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")


@dataclass(frozen=True)
class Content:
    """A unit's message with masks in it, or None and why; `is_whole` when nothing is masked."""

    message: Object | None
    is_whole: bool
    why: str = ""


class Masks:
    """Masks units, each source's contract read once."""

    def __init__(self) -> None:
        self._contracts: dict[str, Contract | str] = {}

    def content(self, unit: Unit) -> Content:
        """Return what may be shown of a unit (with its raw bytes) to who may see the quarantine."""
        contract = self._contracts.get(unit.source)
        if contract is None:
            contract = self._contracts[unit.source] = _contract(unit.source)
        if isinstance(contract, str):
            return Content(None, False, contract)
        return _content(unit, contract)


def _contract(source: str) -> Contract | str:
    """Return a source's contract, or why there is none."""
    try:
        contract = contracted.read(source)
    except ContractError:
        return f"the contract sources/{source} cannot be read"
    return contract or f"no contract sources/{source} says which columns are personal"


def _content(unit: Unit, contract: Contract) -> Content:
    def nothing(why: str) -> Content:
        return Content(None, False, why)

    table = next((table for table in contract.tables if table.name == unit.stream), None)
    if table is None:
        return nothing(f"the contract {contract.key} does not have its stream")
    if unit.overflow is not None:
        return nothing("only its head is kept here")
    try:
        message = parse(unit.raw, max_depth=MAX_DEPTH)
    except (HeldBackError, ValueError, RecursionError):
        return nothing("it cannot be read as JSON")
    if not isinstance(message, Object) or message.get("type") != "RECORD":
        return nothing("it is no RECORD message")
    if len(set(message.names())) != len(message):
        return nothing("a key of the message stands twice")
    if message.get("stream") != table.name:
        return nothing("it is a record of another stream")
    masker = Masker(contract, table)
    return Content(masker.message(message), not masker.hidden)


def detail(text: str) -> str:
    """Return a detail with those quoted names masked that are no plain words.

    Details quote the names of columns, which may be pieces of data where a record made them up.
    """

    def masked(found: re.Match[str]) -> str:
        name = found[1] if found[1] is not None else found[2]
        is_plain = WORD.fullmatch(name) or SIGN.fullmatch(name)
        return found[0] if is_plain else "<a name>"

    return QUOTED.sub(masked, text)
