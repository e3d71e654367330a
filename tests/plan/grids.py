"""Blocks that read an array, drawn at random, and the reads carried out."""

import itertools
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from volconv.boundary import KINDS
from volconv.geometry import Interval
from volconv.meta import ArrayMeta, Axis
from volconv.plan.blocks import BlockGrid
from volconv.plan.demands import axis_demands
from volconv.plan.output import OutputSpec
from volconv.plan.reads import AxisReads
from volconv.plan.sweep import Tiling
from volconv.plan.tiles import Tiles
from volconv.plan.traffic import Traffic, orders
from volconv.plan.write import Write
from volconv.run import holdings, shelf
from volconv.run.cache import ChunkCache
from volconv.run.holdings import Holdings
from volconv.run.readers import Readers
from volconv.steps import WindowOptions, chain
from volconv.steps.correlate import correlate_step


@st.composite
def axis_reads(draw, most=24):
    """What blocks of one axis read: strided, padded by any boundary, or valid."""
    cells = draw(st.integers(2, most))
    size = draw(st.integers(1, min(4, cells)))
    padding = draw(st.sampled_from(((0, 0), (1, 1), (2, 0), (3, 3))))
    options = WindowOptions(
        stride=draw(st.integers(1, 3)),
        padding=padding,
        boundary=draw(st.sampled_from(KINDS)),
    )
    chunk = draw(st.integers(1, cells))
    meta = ArrayMeta((Axis("x", cells),), "int32", (chunk,))
    step = correlate_step(meta, np.ones(size), "x", options)
    (outputs,) = step.target.shape
    unit = draw(st.integers(max(1, outputs // 8), outputs))
    grid = BlockGrid((outputs,), (unit,), (1,))
    write = Write(1, OutputSpec("", "v", "int32", (unit,)), (outputs,), (1,))
    return axis_demands(chain([step]), meta, grid, [write], 0).reads


@st.composite
def read_cases(draw, axes=None):
    """What blocks read along each of one to three axes."""
    count = axes or draw(st.integers(1, 3))
    return [draw(axis_reads(24 if count < 3 else 12)) for _ in range(count)]


def new_axis(blocks):
    """What blocks read along a dimension that a step makes: all of them its one cell."""
    return AxisReads(1, 1, ((Interval(0, 1),),) * blocks)


WHOLE = Tiling()


def traffics(case, tiling=WHOLE):
    """Orders of blocks worth a look, first the one in which each reads for itself."""
    tiles = Tiles(case, tiling, 1)
    yield Traffic.plain(tiles)
    for order in orders(tiles):
        sides = [
            [order.side(axis, way) for way in ways]
            for axis, ways in enumerate(order.ways)
        ]
        for choice in itertools.product(*sides):
            yield Traffic.of(order, order.joint(choice))


def cell_sets(case):
    """For each axis and each block the cells that it reads, one by one."""
    return [
        [
            {cell for need in needs for cell in range(need.start, need.stop)}
            for needs in axis.needs
        ]
        for axis in case
    ]


@dataclass
class Simulated:
    """What a cache did."""

    decodings: int
    decoded_cells: int
    most_held: int


def simulated(case: list[AxisReads], sweep, array, budget) -> Simulated:
    """All blocks read in their turn, through a cache of so many bytes."""
    done = Simulated(0, 0, 0)

    def decode(box):
        cells = array[tuple(side.slice for side in box)].copy()
        done.decodings += 1
        done.decoded_cells += cells.size
        return cells

    cache = chunk_cache(decode, case, sweep, budget)
    for turn, index in enumerate(sweep):
        read = cache.block_read(turn)
        needs = [axis.needs[place] for axis, place in zip(case, index, strict=True)]
        for box in itertools.product(*needs):
            if all(side.size for side in box):
                found = read(box)
                assert np.array_equal(found, array[tuple(s.slice for s in box)])
            done.most_held = max(done.most_held, cache.holdings.nbytes)
            assert cache.holdings.nbytes == sum(
                entry.nbytes for entry in cache.holdings.entries.values()
            )
        cache.finish(turn)
    assert not cache.holdings.entries
    assert cache.holdings.nbytes == 0
    return done


def whole(array):
    """The box of a whole array."""
    return tuple(Interval(0, size) for size in array.shape)


def chunk_cache(read, reads, sweep, budget, lag=0):
    """A cache of chunks that blocks read in the order of a sweep."""
    return ChunkCache(read, Holdings(Readers(reads, sweep), budget, lag))


def by_the_byte(monkeypatch):
    """Pieces of a few bytes lie on the shelf, too."""
    for module in (shelf, holdings):
        monkeypatch.setattr(module, "SMALL", 0)
    monkeypatch.setattr(shelf, "PAGE", 1)
    monkeypatch.setattr(shelf, "GIVES_BACK", False)


def beside(cache: ChunkCache, at_once) -> int:
    """Chunks that are decoded where tiles read beside each other, each a chunk a turn."""

    def reading(turn):
        cache.block_read(turn)
        for chunk in cache.readers.chunks_of(turn):
            cache.part(turn, chunk, cache.readers.part(turn, chunk))
            yield
        cache.finish(turn)

    waiting = map(reading, range(cache.readers.sweep.total))
    running = list(itertools.islice(waiting, at_once))
    while running:
        for tile in list(running):
            if next(tile, True):
                running.remove(tile)
                running += itertools.islice(waiting, 1)
    return cache.decoded
