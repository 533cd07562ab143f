"""What else happens to stock: counts, breakage, quality holds; and what the ERP believes."""

from decimal import Decimal

from estate import stockroom
from estate.geography import NODES
from estate.world import World


def count_stock(world: World) -> None:
    """Adjust a few positions, at each node about one in a hundred articles a day."""
    rng = world.rng("counting")
    rows = [row for row in world.book.all("net.stock") if row["qty"] > 0]
    available = [row for row in rows if row["disposition"] == "available"]
    for node in NODES:
        here = [row for row in available if row["node"] == node.code]
        for row in rng.sample(here, min(len(here), max(3, len(here) // 100))):
            at = world.at(20, rng.randint(0, 70))
            few = min(row["qty"], rng.randint(1, 3))
            match rng.choices(("lost", "found", "damaged", "quality_control"), (4, 3, 2, 2))[0]:
                case "lost":
                    stockroom.post(world, row, -few, at, "adjust", "count", _count_no(world))
                case "found":
                    stockroom.post(
                        world, row, few, at, "count_correction", "count", _count_no(world)
                    )
                case aside:
                    stockroom.set_aside(world, row, few, aside, at)


def post_beliefs(world: World) -> None:
    """Let the ERP take over yesterday's stock; now and then it gets it wrong."""
    rng = world.rng("beliefs")
    at = world.at(0, 30)
    for row in world.book.all("erp.stock"):
        key = (row["warehouse_code"], row["sku"])
        units = Decimal(sum(position["qty"] for position in world.positions[key]))
        if rng.random() < 0.02:
            units += rng.choice((-2, -1, 1, 3))
        if units != row["on_hand_qty"]:
            world.book.change("erp.stock", row, on_hand_qty=max(units, Decimal(0)), updated_at=at)


def _count_no(world: World) -> str:
    return f"CC-{world.number('count'):05d}"
