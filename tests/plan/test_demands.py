"""What blocks need of each place, block by block, however the planner counts it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.writes import writes_of
from tests.steps.graphs import graphs
from tests.strategies import kinds
from volconv.boundary import KINDS
from volconv.meta import ArrayMeta, Axis
from volconv.plan.blocks import BlockGrid, TileGrid
from volconv.plan.cuts import aligned
from volconv.plan.demands import axis_demands
from volconv.plan.write import Write
from volconv.steps import Step, WindowOptions, chain
from volconv.steps.correlate import correlate_step
from volconv.steps.frame import crop_step, pad_step
from volconv.steps.upsample import METHODS, upsample_step


def grids(shape):
    """Blocks over an array, or tiles of them that are shifted."""

    def cut(unit, tiles, shift):
        shift = tuple(by % cells for by, cells in zip(shift, unit, strict=True))
        return TileGrid(shape, unit, (1,) * len(shape), tiles, shift)

    units = st.tuples(*(st.integers(1, size) for size in shape))
    few = st.tuples(*(st.integers(1, 4) for _ in shape))
    return units.map(lambda unit: BlockGrid(shape, unit, (1,) * len(shape))) | (
        st.builds(cut, units, few, units)
    )


@given(graphs(), st.data())
def test_demands_of_blocks_are_those_of_each_block_by_itself(graph, data):
    last = graph.pipeline.last
    shape = graph.shape(last)
    grid = data.draw(grids(shape))
    unit = grid.unit
    writes = writes_of(shape, unit, last)
    for axis in range(len(shape)):
        found = axis_demands(graph.pipeline, graph.source, grid, writes, axis)
        for block, cells in enumerate(grid.intervals(axis)):
            alone = graph.pipeline.demands(axis, {last: cells})
            assert found.by_block[block] == alone


@given(st.data())
def test_demands_of_many_blocks_of_finer_and_coarser_places_are_those_of_each(data):
    """Where a place moves by parts of a cell, and where saves have units of their own."""
    meta = ArrayMeta((Axis("x", data.draw(st.integers(20, 40))),), "float64", (4,))
    steps: list[Step] = []
    for _ in range(data.draw(st.integers(1, 3))):
        how = data.draw(st.sampled_from(["finer", "longer", "shorter", "coarser"]))
        if how == "finer":
            method = data.draw(st.sampled_from(METHODS))
            factor, kind = data.draw(st.integers(2, 3)), data.draw(kinds)
            steps.append(upsample_step(meta, factor, None, method, kind, 0, None))
        elif how == "longer":
            cells = data.draw(st.tuples(st.integers(0, 9), st.integers(1, 30)))
            steps.append(pad_step(meta, cells, "constant", 0))
        elif how == "shorter" and meta.sizes["x"] > 8:
            start = data.draw(st.integers(0, 3))
            steps.append(crop_step(meta, {"x": (start, meta.sizes["x"] - 4)}))
        else:
            stride = data.draw(st.integers(1, 3))
            options = WindowOptions(stride=stride, padding="same")
            steps.append(correlate_step(meta, [1.0, 2.0, 3.0], None, options))
        meta = steps[-1].target
    pipeline, source = chain(steps), steps[0].source
    units = st.integers(1, 9)
    grid = BlockGrid(meta.shape, (data.draw(units),), (data.draw(st.integers(1, 2)),))
    writes = writes_of(meta.shape, grid.unit, len(steps))
    for place in data.draw(st.sets(st.integers(1, len(steps)))) - {len(steps)}:
        jump, shape = pipeline.jumps[place], pipeline.meta(place, source).shape
        output = aligned(writes[0].output, writes[0].output, jump)
        writes.append(Write(place, output, shape, jump))
    found = axis_demands(pipeline, source, grid, writes, 0)
    written = dict.fromkeys((write.step for write in writes), 0)
    for block in range(grid.counts[0]):
        wanted = {write.step: write.cells(grid, 0, block) for write in writes}
        assert found.by_block[block] == pipeline.demands(0, wanted)
        for write in writes:
            # one after the other, each storage unit by one block
            assert wanted[write.step].start == written[write.step]
            written[write.step] = wanted[write.step].stop
            is_last = written[write.step] == write.shape[0]
            assert is_last or written[write.step] % write.output.unit[0] == 0
    assert written == {write.step: write.shape[0] for write in writes}


@pytest.mark.parametrize(("stride", "factor", "unit"), [(2, 3, 7), (3, 4, 6)])
def test_shares_of_a_save_that_reads_hide_for_a_while_are_needed_all_the_same(
    stride, factor, unit
):
    meta = ArrayMeta((Axis("x", 120),), "float64", (4,))
    options = WindowOptions(stride=stride, padding="same", boundary="edge")
    one = correlate_step(meta, [1.0], None, WindowOptions())
    wide = correlate_step(one.target, [1.0] * 9, None, options)
    fine = upsample_step(wide.target, factor, None, "nearest", "edge", 0, None)
    pipeline, shape = chain([one, wide, fine]), fine.target.shape
    jump = pipeline.jumps[1]
    writes = writes_of(shape, (unit,), 3)
    save = aligned(writes[0].output, writes[0].output, jump)
    writes.append(Write(1, save, one.target.shape, jump))
    grid = BlockGrid(shape, (unit,), (1,))
    found = axis_demands(pipeline, meta, grid, writes, 0)
    for block in range(grid.counts[0]):
        wanted = {write.step: write.cells(grid, 0, block) for write in writes}
        assert found.by_block[block] == pipeline.demands(0, wanted)


@given(st.data())
def test_demands_of_many_blocks_in_long_padding_are_those_of_each(data):
    """Blocks in a mirror move backwards, in a wrapped side forwards, at an edge not."""
    size = data.draw(st.integers(1, 40))
    meta = ArrayMeta((Axis("x", size),), "float64", (4,))
    steps = []
    for _ in range(data.draw(st.integers(1, 2))):
        options = WindowOptions(
            stride=data.draw(st.integers(1, 3)),
            padding=data.draw(st.tuples(st.integers(3, 30), st.integers(0, 30))),
            boundary=data.draw(st.sampled_from(KINDS)),
        )
        steps.append(correlate_step(meta, [1.0, 2.0, 3.0], None, options))
        meta = steps[-1].target
    pipeline, source = chain(steps), steps[0].source
    grid = data.draw(grids(meta.shape))
    writes = writes_of(meta.shape, grid.unit, len(steps))
    found = axis_demands(pipeline, source, grid, writes, 0)
    for block, cells in enumerate(grid.intervals(0)):
        assert found.by_block[block] == pipeline.demands(0, {len(steps): cells})
