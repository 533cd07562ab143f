"""What else happens to stock: counts, breakage, quality holds."""

from estate import stockroom
from estate.geography import NODES
from estate.world import World


def count_stock(world: World) -> None:
    """Adjust a few positions, at each node about one in a hundred articles a day."""
    rng = world.rng("counting")
    available = world.book.all(
        "net.stock", lambda row: row["qty"] > 0 and row["disposition"] == "available"
    )
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


def _count_no(world: World) -> str:
    return f"CC-{world.number('count'):05d}"
