"""What a build costs after a day on which one row in a hundred changed, beside one of everything.

`python -m benchmarks.rebuild` simulates a network, lands it and builds it whole; then the rows of
one order in a hundred are told anew and a hundredth of the WMS's movements is added, the build of
what changed is measured, and after it a build of everything, whose tables must be equal. CPU is
dbt's.
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.score.network import pull_all, run_dbt
from estate import Estate
from orchestration import build, increment
from warehouse.lake import Lake

# A row told anew is a row updated. Orders stand for their shipments, parcels, labels and trackers.
_ORDERS = "select order_no from lake.erp.sales_orders where hash(order_no) % 100 = {part}"
_SHIPMENTS = f"select shipment_no from lake.wms.shipments where order_no in ({_ORDERS})"  # noqa: S608
_NUMBERS = f"select tracking_no from lake.wms.packages where shipment_no in ({_SHIPMENTS})"  # noqa: S608
_TOLD_ANEW = {
    "erp.sales_orders": ("updated_at", f"order_no in ({_ORDERS})"),
    "erp.sales_order_lines": ("updated_at", f"order_no in ({_ORDERS})"),
    "wms.shipments": ("updated_at", f"shipment_no in ({_SHIPMENTS})"),
    "wms.shipment_lines": ("updated_at", f"shipment_no in ({_SHIPMENTS})"),
    "wms.packages": ("updated_at", f"shipment_no in ({_SHIPMENTS})"),
    "wms.picks": ("picked_at", f"shipment_no in ({_SHIPMENTS})"),
    "carrier.shipments": ("updated_at", f"tracking_code in ({_NUMBERS})"),
    "carrier.trackers": ("updated_at", f"tracking_code in ({_NUMBERS})"),
    "wms.stock": ("updated_at", "hash(bin_id) % 100 = {part}"),
    "erp.stock": ("updated_at", "hash(sku) % 100 = {part}"),
}
_MOVED = """
    insert into lake.wms.movements by name
    select * replace (
        movement_id + (select max(movement_id) from lake.wms.movements) as movement_id,
        (select max(occurred_at) from lake.wms.movements) as occurred_at
    )
    from lake.wms.movements where hash(movement_id) % 100 = {part}"""


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--size", default="medium", help="Of the simulated network: small, medium or large.")
@click.option("--home", type=click.Path(path_type=Path), help="A landed home to take, and change.")
@click.option("--days", default=3, help="How many such days.")
def main(size: str, home: Path | None, days: int) -> None:
    """Hold a build of what changed against a build of everything: CPU, seconds, equal tables."""
    console = Console()
    with tempfile.TemporaryDirectory() as scratch:
        lake = Lake(home) if home else _landed(Path(scratch), size, console)
        with build.recorded(lake, 600), console.status("the first build"):
            _built(lake, whole=True)
        table = Table("day", "rows changed", "CPU s", "all: CPU s", "ratio", "wall ratio", "tables")
        for day in range(days):
            with console.status(f"day {day + 1} of {days}"), build.recorded(lake, 600):
                changed = _change(lake, part=day)
                part, part_wall = _measured(lambda: _built(lake, whole=False))
                in_part = _contents(lake)
                whole, wall = _measured(lambda: _built(lake, whole=True))
                told = _contents(lake)
                other = sorted(name for name in told if told[name] != in_part[name])
            table.add_row(
                str(day + 1), f"{changed:,}", f"{part:.1f}", f"{whole:.1f}", f"{part / whole:.1%}",
                f"{part_wall / wall:.1%}", f"[red]{', '.join(other)}" if other else "equal",
            )  # fmt: skip
        console.print(table)


def _landed(folder: Path, size: str, console: Console) -> Lake:
    with console.status(f"a {size} network, landed"):
        estate = Estate.create(folder / "estate", size=size)
        lake = Lake(folder / "home").create()
        pull_all(estate, lake)
    return lake


def _built(lake: Lake, *, whole: bool) -> None:
    home = lake.paths.home
    os.environ["CROSSDOCK_HOME"] = str(home)
    # As if a part were built: then no build before it is gone on from.
    span = increment.begin(lake, home, "benchmark", is_whole=not whole, small=0)
    if not whole and span.since is None:
        raise click.ClickException(f"Everything would be built: {span.why}.")
    with increment.exported(span):
        run_dbt(home)
    increment.finish(home, "benchmark", span)


def _change(lake: Lake, part: int) -> int:
    rows = 0
    with lake.connect() as con:
        for table, (column, where) in _TOLD_ANEW.items():
            done = con.execute(
                f"update lake.{table} set {column} = {column} + interval 1 second, "  # noqa: S608
                f"_sdc_received_at = now() where {where.format(part=part)}"
            ).fetchone()
            rows += done[0] if done else 0
        done = con.execute(_MOVED.format(part=part)).fetchone()
        return rows + (done[0] if done else 0)


def _measured(what: Callable[[], None]) -> tuple[float, float]:
    """CPU seconds of the processes that it starts, and seconds that pass."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    what()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.perf_counter() - began


def _contents(lake: Lake) -> dict[str, tuple[int, int]]:
    with lake.connect(read_only=True) as con:
        names = con.execute(
            "select distinct table_name from duckdb_columns() "
            "where database_name = 'lake' and schema_name = 'canonical'"
        ).fetchall()
        return {
            name: con.execute(
                f"select count(*), sum(hash(told)) from lake.canonical.{name} as told"  # noqa: S608
            ).fetchone()
            for (name,) in names
        }


if __name__ == "__main__":
    main()
