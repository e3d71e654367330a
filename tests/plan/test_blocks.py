"""Blocks and bytes, against enumeration."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from volconv.boundary import KINDS, source_index
from volconv.meta import ArrayMeta, Axis
from volconv.plan.blocks import BlockGrid, TileGrid
from volconv.plan.demands import axis_demands
from volconv.plan.output import OutputSpec
from volconv.plan.write import Write
from volconv.steps import WindowOptions, chain
from volconv.steps.correlate import correlate_step


@st.composite
def grids(draw):
    shape = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    unit = [draw(st.integers(1, size)) for size in shape]
    units = [draw(st.integers(1, 4)) for _ in shape]
    return BlockGrid(tuple(shape), tuple(unit), tuple(units))


@given(grids())
def test_blocks_cover_every_cell_once_and_every_object_once(grid):
    seen = np.zeros(grid.shape, int)
    objects = []
    for number in range(grid.total):
        seen[tuple(side.slice for side in grid.box(number))] += 1
        objects += grid.objects(number)
    assert (seen == 1).all()
    every = itertools.product(
        *(
            range(-(-size // unit))
            for size, unit in zip(grid.shape, grid.unit, strict=True)
        )
    )
    assert sorted(objects) == sorted(every)


@st.composite
def tile_grids(draw):
    shape = draw(st.lists(st.integers(1, 30), min_size=1, max_size=3))
    unit = [draw(st.integers(1, 9)) for _ in shape]
    tiles = [draw(st.integers(1, 4)) for _ in shape]
    shift = [draw(st.integers(0, cells - 1)) for cells in unit]
    ones = (1,) * len(shape)
    return TileGrid(tuple(shape), tuple(unit), ones, tuple(tiles), tuple(shift))


@given(tile_grids())
def test_shifted_tiles_cover_every_cell_of_their_blocks_once(grid):
    seen = np.zeros(grid.shape, int)
    for number in range(grid.total):
        box = grid.box(number)
        assert all(side.size for side in box)
        seen[tuple(side.slice for side in box)] += 1
    assert (seen == 1).all()
    for axis, tiles in enumerate(grid.tiles):
        sides = grid.intervals(axis)
        for place in range(0, grid.counts[axis], tiles):
            assert sides[place].start == place * grid.unit[axis]
        inner = {
            (side.start + grid.shift[axis]) % grid.unit[axis]
            for place, side in enumerate(sides)
            if place % tiles
        }
        assert inner <= {0}


@given(st.one_of(grids(), tile_grids()))
def test_intervals_of_an_axis_are_those_of_the_boxes(grid):
    for axis in range(len(grid.shape)):
        assert grid.intervals(axis) == sorted(
            {grid.box(number)[axis] for number in range(grid.total)}
        )


@given(st.data())
def test_decoded_cells_are_those_of_the_chunks_that_blocks_touch(data):
    cells = data.draw(st.integers(1, 20))
    chunk = data.draw(st.integers(1, cells))
    size = data.draw(st.integers(1, 4))
    kind = data.draw(st.sampled_from(KINDS))
    padding = data.draw(st.tuples(st.integers(3, 8), st.integers(0, 8)))
    stride = data.draw(st.integers(1, 4))
    meta = ArrayMeta((Axis("x", cells),), "int16", (chunk,))
    options = WindowOptions(stride=stride, padding=padding, boundary=kind)
    step = correlate_step(meta, np.ones(size), "x", options)
    outputs = step.target.shape[0]
    unit = data.draw(st.integers(1, outputs))
    grid = BlockGrid((outputs,), (unit,), (1,))
    length = cells
    write = Write(1, OutputSpec("", "v", "int16", (unit,)), (outputs,), (1,))
    reads = axis_demands(chain([step]), meta, grid, [write], 0).reads
    touched = 0
    for number in range(grid.total):
        (box,) = grid.box(number)
        cells = [
            source_index(k * stride - padding[0] + j, length, kind)
            for k in range(box.start, box.stop)
            for j in range(size)
        ]
        chunks = {cell // chunk for cell in cells if cell is not None}
        # cells between two strided windows are read with them: never fewer
        assert chunks <= set(reads.chunks[number])
        if stride <= size:
            assert chunks == set(reads.chunks[number])
        touched += sum(map(reads.cells, reads.chunks[number]))
    assert reads.decoded(1) == touched
    assert reads.decoded(grid.total) == sum(
        map(reads.cells, set().union(*reads.chunks))
    )


def test_a_block_behind_the_mirror_does_not_move_as_the_one_in_it():
    meta = ArrayMeta((Axis("x", 19),), "int16", (3,))
    options = WindowOptions(stride=4, padding=(5, 0), boundary="reflect")
    step = correlate_step(meta, np.ones(1), "x", options)
    grid = BlockGrid((6,), (1,), (1,))
    write = Write(1, OutputSpec("", "v", "int16", (1,)), (6,), (1,))
    reads = axis_demands(chain([step]), meta, grid, [write], 0).reads
    # cells 5 and 1 in the mirror, then 3, 7, 11, 15
    assert reads.chunks == ((1,), (0,), (1,), (2,), (3,), (5,))
