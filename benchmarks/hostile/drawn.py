"""Inputs drawn by number, and the arena that they are landed in."""

import shutil
from pathlib import Path
from random import Random

from benchmarks.hostile import check
from benchmarks.hostile.streams import Writer
from warehouse.lake import Lake
from warehouse.landing import lines

LINE_BYTES = 2048
MEMORY = Path("/dev/shm")  # noqa: S108 - only a quicker place than the disk, where there is one


class Arena:
    """A lake that many loads share, each under a source of its own; now and then a new one."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0

    def faults_of(self, data: bytes, *, block: int, batch_rows: int) -> list[str]:
        """Land an input in blocks of `block` bytes; say where the guarantee does not hold."""
        place = self._folder / "lake"
        if self._number % 40 == 0:
            shutil.rmtree(place, ignore_errors=True)
            self._lake = Lake(place).create()
        self._number += 1
        usual, lines.BLOCK_BYTES = lines.BLOCK_BYTES, block
        try:
            source = f"src{self._number}"
            return check.land(
                self._lake, source, data, batch_rows=batch_rows, max_line_bytes=LINE_BYTES
            )
        finally:
            lines.BLOCK_BYTES = usual

    def faults_of_seed(self, seed: int, streams: int | None = None) -> list[str]:
        """Land the input that a seed draws."""
        data, block, batch_rows = draw_input(seed, streams)
        return self.faults_of(data, block=block, batch_rows=batch_rows)


def draw_input(seed: int, streams: int | None = None) -> tuple[bytes, int, int]:
    """Return an input, and how it is to be cut: bytes a block, rows a batch."""
    draw = Random(seed)  # noqa: S311 - an example, not a secret
    number, size = streams or draw.choice([1, 1, 2, 3, 6]), draw.choice([5, 20, 60])
    writer = Writer(draw, streams=number, lines=size, damage=draw.choice([0, 0.1, 0.5]))
    return (
        writer.write(),
        draw.choice([1, 7, 64, 1000, 1 << 20, 1 << 20]),
        draw.choice([size // 4 + 1, 17, 250_000, 250_000]),
    )
