"""How often each chunk is decoded, by the plan and by the cache itself; nothing is read.

    python scripts/count_decodes.py

Blocks of one chunk read a halo around them. For each grid of chunks and each share of it
that may be held, prints what the planner counts on for its order, what the cache does in
that order, and what blocks would decode of which each reads for itself.
"""

import argparse
import itertools
import math

import numpy as np

from volconv.geometry import Interval
from volconv.plan.reads import AxisReads
from volconv.plan.sweep import Tiling
from volconv.plan.traffic import best_traffic
from volconv.run.cache import ChunkCache
from volconv.run.holdings import Holdings
from volconv.run.readers import Readers

CHUNK = 16
GRIDS = ((5, 8, 8), (8, 8, 8), (16, 16, 16))
SHARES = (4, 16)


def axis_reads(chunks: int, before: int, after: int) -> AxisReads:
    """An axis whose blocks are its chunks."""
    size = chunks * CHUNK
    needs = tuple(
        (Interval(max(0, at - before), min(size, at + CHUNK + after)),)
        for at in range(0, size, CHUNK)
    )
    return AxisReads(size, CHUNK, needs)


def decoded(cache: ChunkCache) -> int:
    """Chunks that the cache decodes if every block reads in its turn."""
    for turn in range(cache.readers.sweep.total):
        cache.block_read(turn)
        for chunk in cache.readers.chunks_of(turn):
            cache.part(turn, chunk, cache.readers.part(turn, chunk))
        cache.finish(turn)
    return cache.decoded


def main() -> None:
    """Print a table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    cells = np.empty((CHUNK,) * 3, "u1")
    print(
        "| grid of chunks | halo | held at most | planned | counted | each for itself |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for grid, (before, after), share in itertools.product(
        GRIDS, ((1, 1), (0, 2)), SHARES
    ):
        reads = [axis_reads(chunks, before, after) for chunks in grid]
        room = math.prod(grid) * CHUNK**3 // share
        traffic = best_traffic(reads, room, Tiling())

        def read(box: tuple[Interval, ...]) -> np.ndarray:
            return cells[tuple(slice(0, side.size) for side in box)]

        cache = ChunkCache(read, Holdings(Readers(reads, traffic.sweep), room))
        chunks = math.prod(grid)
        alone = math.prod(axis.alone for axis in reads) / CHUNK**3
        print(
            f"| {' x '.join(map(str, grid))} | {before} before, {after} after | "
            f"1/{share}: {chunks // share} | {traffic.decoded / CHUNK**3 / chunks:.2f} | "
            f"{decoded(cache) / chunks:.2f} | {alone / chunks:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
