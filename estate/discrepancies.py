"""Where a system's stock figure is wrong, by how much and why: what a reconciliation must find.

At most one at a node and article, so that each cause can be told from the figures alone.
"""

from estate.store import Row
from estate.world import World


def record(
    world: World, fault: str | None, system: str, node: str, sku: str, kind: str, units: int
) -> None:
    """Write down that `system` shows `units` too many; no fault where nobody injected it."""
    world.book.add(
        "net.discrepancies", node=node, sku=sku, fault=fault, system=system, kind=kind, qty=units,
        is_closed=0,
    )  # fmt: skip


def standing(world: World, node: str, sku: str) -> Row | None:
    """The discrepancy at this node and article, if there is one."""
    row = world.book.get("net.discrepancies", node, sku)
    return row if row is not None and not row["is_closed"] else None


def settle(world: World, node: str, sku: str) -> None:
    """Write down that the figure is right again."""
    row = world.book.rows["net.discrepancies"][node, sku]
    world.book.change("net.discrepancies", row, qty=0, is_closed=1)
