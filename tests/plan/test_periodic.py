"""Axes counted by periods of blocks: all numbers are those of every block looked at."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plan.writes import writes_of
from tests.strategies import kinds
from volconv.meta import ArrayMeta, Axis
from volconv.plan import periodic
from volconv.plan.blocks import BlockGrid, TileGrid
from volconv.plan.demands import axis_demands
from volconv.plan.periodic import PeriodicDemands, planned_demands
from volconv.plan.sweep import WIDTHS
from volconv.steps import Pipeline, Step, WindowOptions, chain
from volconv.steps.correlate import correlate_step
from volconv.steps.upsample import upsample_step

FEW = (1, 2, 3, 6)


@st.composite
def long_cases(draw):
    """Steps over an axis of a few hundred blocks."""
    chunk = draw(st.sampled_from((1, 2, 3, 4, 6, 8)))
    cells = draw(st.integers(500, 900))
    meta = ArrayMeta((Axis("x", cells),), "float32", (chunk,))
    source, steps = meta, list[Step]()
    for _ in range(draw(st.integers(1, 2))):
        if draw(st.integers(0, 3)) == 0:
            step: Step = upsample_step(meta, 2, None, "linear", draw(kinds), 0, None)
        else:
            padding = draw(st.sampled_from(("same", "valid", (3, 0), (0, 5))))
            options = WindowOptions(
                stride=draw(st.integers(1, 2)), padding=padding, boundary=draw(kinds)
            )
            taps = [1.0] * draw(st.integers(1, 9))
            step = correlate_step(meta, taps, None, options)
        steps.append(step)
        meta = step.target
    unit = draw(st.integers(1, 3))
    grid = BlockGrid(meta.shape, (unit,), (1,))
    if draw(st.booleans()):
        tiles, shift = draw(st.sampled_from(FEW)), draw(st.integers(0, unit - 1))
        grid = TileGrid(meta.shape, (unit,), (1,), (tiles,), (shift,))
    return chain(steps), source, grid, writes_of(meta.shape, (unit,), len(steps))


def told(reads, widths):
    """All that the planner asks of what blocks read along an axis."""
    return {
        "alone": reads.alone,
        "most": reads.most,
        "is shared": reads.is_shared,
        "advance": reads.advance,
        "blocks": reads.blocks,
        "size": reads.size,
        **{
            (width, way): (one.decoded(width), one.held(width))
            for way, one in (("on", reads), ("back", reads.turned))
            for width in (*widths, reads.blocks)
        },
        **{
            (width, way, "faces"): (
                one.decoded_with_faces(width),
                one.faces_held(width),
            )
            for way, one in (("on", reads), ("back", reads.turned))
            for width in widths
        },
    }


@settings(max_examples=40)
@given(long_cases())
def test_all_that_is_told_of_a_long_axis_is_what_all_its_blocks_tell(case):
    pipeline, source, grid, writes = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(periodic, "GROUPS", math.lcm(*FEW))
        found = planned_demands(pipeline, source, grid, writes, 0)
    every = axis_demands(pipeline, source, grid, writes, 0)
    assert told(found.reads, FEW) == told(every.reads, FEW)
    assert found.totals == every.totals
    sizes = [
        [[cells.size for cells in needs] for needs in one.largest]
        for one in (found, every)
    ]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("boundary", ["constant", "wrap"])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_long_axis_is_looked_at_no_longer_than_a_short_one(
    boundary, stride, monkeypatch
):
    """Work is counted: the blocks that are worked out, and those that are looked at."""
    asked = []
    demands = Pipeline.demands

    def counted(*given):
        asked.append(given)
        return demands(*given)

    monkeypatch.setattr(Pipeline, "demands", counted)

    def work(blocks):
        asked.clear()
        meta = ArrayMeta((Axis("x", 8 * blocks * stride),), "float32", (8,))
        options = WindowOptions(stride=stride, padding="same", boundary=boundary)
        pipeline = chain([correlate_step(meta, [1.0] * 5, None, options)])
        grid = BlockGrid((8 * blocks,), (8,), (1,))
        writes = writes_of((8 * blocks,), (8,), 1)
        found = planned_demands(pipeline, meta, grid, writes, 0)
        assert isinstance(found, PeriodicDemands)
        assert found.reads.blocks == blocks
        assert found.reads.decoded(blocks) == meta.shape[0]
        return len(asked), found.reads.short.blocks, found.reads.longer.blocks

    assert work(30 * periodic.GROUPS + 5) == work(3000 * periodic.GROUPS + 5)


def test_groups_of_every_width_begin_anew_with_a_turn():
    for width in WIDTHS:
        for tiles in (1, 2, 4, 8):
            assert periodic.GROUPS % (width * tiles) == 0
