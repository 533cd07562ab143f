"""Score the canonical answers against simulated networks that know the truth, with every fault.

Example: python -m benchmarks.score --seeds 20 --write
"""

import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.score.measures import measure
from benchmarks.score.network import unified
from estate.faults import BENDS, FAULTS

RESULTS = Path(__file__).with_name("results.json")
# Alone, as nothing of the WMS is known while it lasts; the others at once.
SILENT = "stale_wms"
# Landing or the contracts stop these before anything is unified: tests hold that.
STOPPED = {"text_in_number", "column_renamed"}


@click.command(help=__doc__)
@click.option("--seeds", default=3, show_default=True, help="Networks; the README's table has 20.")
@click.option("--first", default=1, show_default=True, help="The first network's seed.")
@click.option("--orders", default=600, show_default=True, help="Orders of a network.")
@click.option("--products", default=240, show_default=True, help="Articles of a network.")
@click.option("--write", is_flag=True, help="Keep the results beside this script.")
def main(seeds: int, first: int, orders: int, products: int, write: bool) -> None:
    """Print the table; exit code 1 when a bar is missed."""
    # What bends a figure comes last, as it looks for figures that nothing else has made wrong.
    together = sorted(set(FAULTS) - {SILENT, *STOPPED}, key=lambda name: name in BENDS)
    cases: dict[str, tuple[list[str], int]] = {
        "no fault": ([], 0),
        "all faults at once": (together, 0),
        "WMS silent for two days": ([SILENT], 2),
    }
    found: dict[str, Counter[str]] = {name: Counter() for name in cases}
    out, began = Console(), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="crossdock-score-") as folder:
        for seed in track(range(first, first + seeds), "networks", console=Console(stderr=True)):
            for name, (faults, later) in cases.items():
                with (
                    unified(
                        Path(folder), seed, faults, orders=orders, products=products, later=later
                    ) as (estate, lake),
                    lake.connect(read_only=True) as con,
                ):
                    found[name] += measure(estate, con)
    out.print(table(found, seeds))
    for name, counts in found.items():
        for said, number in sorted(counts.items()):
            if said.startswith("class "):
                out.print(f"{name}: {said} {number}x")
    out.print(f"{seeds} networks in {time.perf_counter() - began:.0f} s")
    if write:
        RESULTS.write_text(json.dumps({"seeds": seeds, "found": found}, indent=1) + "\n")
    sys.exit(0 if all(holds(counts) for counts in found.values()) else 1)


def share(counts: Counter[str], part: str, whole: str) -> float:
    """Return a share; of nothing all is right."""
    return counts[part] / counts[whole] if counts[whole] else 1.0


def holds(counts: Counter[str]) -> bool:
    """Tell whether a case reaches every bar."""
    return (
        share(counts, "right_where_known", "places_known") >= 0.995
        and counts["wrong_but_trusted"] == 0
        and share(counts, "articles_right", "articles_matched") >= 0.998
        and share(counts, "articles_right", "articles") >= 0.95
        and share(counts, "discrepancies_right", "discrepancies") >= 0.95
        and counts["packages_right"] == counts["packages"]
    )


def table(found: dict[str, Counter[str]], seeds: int) -> Table:
    """Return the measures, a case a column."""
    shown = Table(title=f"{seeds} networks", title_justify="left")
    shown.add_column("measure")
    for name in found:
        shown.add_column(name, justify="right")

    def row(label: str, part: str, whole: str) -> None:
        cells = [
            f"{share(counts, part, whole):.2%} of {counts[whole]:,}" for counts in found.values()
        ]
        shown.add_row(label, *cells)

    row("on hand right, where any source knows it", "right_where_known", "places_known")
    row("on hand right, of all places", "right_of_all", "places")
    row("ERP alone", "erp_alone_right", "erp_alone_places")
    row("WMS alone", "wms_alone_right", "wms_alone_places")
    shown.add_row("wrong", *[f"{counts['wrong']:,}" for counts in found.values()])
    shown.add_row(
        "wrong at a confidence of 0.5 or more",
        *[f"{counts['wrong_but_trusted']:,}" for counts in found.values()],
    )
    row("answers that call themselves a guess", "guesses", "places")
    row("articles matched rightly (precision)", "articles_right", "articles_matched")
    row("articles matched (recall)", "articles_right", "articles")
    row("articles left to a steward", "articles_asked", "articles")
    row("discrepancies seen", "discrepancies_seen", "discrepancies")
    row("discrepancies classed rightly", "discrepancies_right", "discrepancies")
    row("package states exact", "packages_right", "packages")
    return shown


if __name__ == "__main__":
    main()
