"""Plans of deep networks: bounds rule out what would not be chosen, and much of it."""

import math
from dataclasses import replace
from fractions import Fraction
from operator import attrgetter

import numpy as np
import pytest

from volconv.meta import ArrayMeta, Axis
from volconv.plan.blocks import BlockGrid
from volconv.plan.costs import BLOCK, COPY, DECODE, ENCODE, TILE
from volconv.plan.cuts import Builder, make_stages
from volconv.plan.output import output_spec
from volconv.plan.search import Search
from volconv.plan.stage import Room
from volconv.plan.sweep import Tiling
from volconv.plan.write import Write
from volconv.steps import Step, WindowOptions, chain
from volconv.steps.conv import conv_step
from volconv.steps.gaussian import gaussian_step
from volconv.steps.layer import LayerOptions


def convolutions(layers, channels=16, size=256, source_channels=None):
    """Convolutions of 3 cells cubed over a volume in chunks of 64 cells cubed."""
    source_channels = source_channels or channels
    axes = (Axis("channel", channels), *(Axis(dim, size) for dim in "zyx"))
    meta = ArrayMeta(axes, "float32", (source_channels, 64, 64, 64))
    weights = np.zeros((channels, channels, 3, 3, 3), "float32")
    steps: list[Step] = []
    for _ in range(layers):
        source = steps[-1].target if steps else meta
        options = WindowOptions(padding=1)
        steps.append(conv_step(source, weights, None, LayerOptions(), options))
    return meta, chain(steps)


def smoothing(sigmas):
    axes = tuple(Axis(dim, 512) for dim in "zyx")
    meta = ArrayMeta(axes, "float32", (64, 64, 64))
    steps: list[Step] = []
    for sigma in sigmas:
        source = steps[-1].target if steps else meta
        options = WindowOptions(padding="same", boundary="edge")
        steps.append(gaussian_step(source, sigma, None, 4.0, options))
    return meta, chain(steps)


def stages_of(made, room):
    meta, pipeline = made
    output = output_spec(pipeline.target(meta), meta, path="o", variable="v")
    return make_stages(meta, pipeline, output, {}, room, fuse=True)


@pytest.fixture
def worked_out(monkeypatch):
    """How many stages are worked out with memory and order."""
    count = {"stages": 0}
    stage = Search.stage

    def counted(self, grid, tiling, known=None):
        count["stages"] += 1
        return stage(self, grid, tiling, known)

    monkeypatch.setattr(Search, "stage", counted)
    return count


@pytest.mark.parametrize(
    ("made", "room"),
    [
        (convolutions(8), Room(2, 2**32)),
        (convolutions(8), Room(2, 800 * 2**20)),
        (smoothing([1, 20, 1, 10]), Room(2, 2**31)),
        (smoothing([2] * 4), Room(2, 400 * 2**20)),
    ],
)
def test_what_bounds_rule_out_would_not_have_been_chosen(
    made, room, worked_out, monkeypatch
):
    found = stages_of(made, room)
    bounded = worked_out["stages"]
    monkeypatch.setattr(Search, "may_beat", lambda *_: True)
    every = stages_of(made, room)
    assert worked_out["stages"] - bounded > bounded
    told = attrgetter("first", "grid", "tiling", "sweep", "within", "cost")
    assert list(map(told, found)) == list(map(told, every))


@pytest.mark.parametrize("sigmas", [[2] * 7, [1, 20, 1, 10, 3]])
def test_cuts_that_bounds_rule_out_would_not_have_been_chosen(sigmas, monkeypatch):
    meta, pipeline = smoothing(sigmas)
    output = output_spec(pipeline.target(meta), meta, path="o", variable="v")
    steps = range(1, len(sigmas) + 1)
    bounded = Builder(meta, pipeline, output, {}, Room(4, 2**32))
    found = bounded.cheapest(steps)
    monkeypatch.setattr(Builder, "is_whole", False)
    every = Builder(meta, pipeline, output, {}, Room(4, 2**32))
    told = attrgetter("first", "grid", "tiling", "sweep", "within", "cost")
    assert list(map(told, found)) == list(map(told, every.cheapest(steps)))
    assert len(bounded.made) < 0.8 * len(every.made)


def test_a_stage_of_forty_layers_is_worked_out_for_few_blocks(worked_out):
    (*_, last) = stages_of(convolutions(40), Room(2, 2**32))
    assert last.first + last.pipeline.last == 41
    # 36 stages between 8 places, of which each tries 20 sizes of blocks by 4 tilings
    assert worked_out["stages"] < 36 * 30


def test_a_store_between_stages_holds_all_channels_that_are_mixed():
    """Blocks of one channel would each compute all channels before it."""
    meta, pipeline = convolutions(8, channels=256, source_channels=1)
    output = output_spec(pipeline.target(meta), meta, path="o", variable="v")
    between = Builder(meta, pipeline, output, {}, Room(2, 2**32)).spec(4)
    assert between.chunks[0] == 256
    assert math.prod(between.chunks) <= 2**21
    assert max(between.chunks[1:]) <= 2 * min(between.chunks[1:])
    single, smooth = smoothing([1, 1])
    output = output_spec(smooth.target(single), single, path="o", variable="v")
    between = Builder(single, smooth, output, {}, Room(2, 2**32)).spec(1)
    assert between.chunks == single.chunks


@pytest.mark.parametrize(("side", "about"), [(128, 1.29), (64, 1.65)])
def test_the_halo_that_blocks_of_a_stack_compute_anew_is_in_the_cost(side, about):
    """Layer k of 12 from the last one on is computed k cells further on either side."""
    meta, pipeline = convolutions(12, channels=4, size=4096)
    output = replace(
        output_spec(meta, meta, path="o", variable="v"), chunks=(4, side, side, side)
    )
    write = Write(12, output, meta.shape, (Fraction(1),) * 4)
    search = Search(meta, pipeline, (write,), Room(2, 2**40), 1)
    grid = BlockGrid(meta.shape, output.unit, (1, 1, 1, 1))
    blocks = 4096 // side
    # halos end at the edges of the volume
    layers = [(1 + 2 * k * (blocks - 1) / 4096) ** 3 for k in range(12)]
    assert sum(layers) / 12 == pytest.approx(about, abs=0.02)
    products = sum(layers) * meta.cells * pipeline.steps[0].cell_cost
    beside = DECODE * 4 * meta.cells + ENCODE * 4 * meta.cells
    beside += COPY * 4 * meta.cells * (1 + 24 * (blocks - 1) / 4096) ** 3
    beside += (BLOCK + TILE) * blocks**3
    found = search.cost(grid, Tiling(), meta.cells)
    assert found == pytest.approx(products + beside)


def test_no_tile_of_a_deep_network_holds_two_billion_cells_where_memory_is_plenty():
    """Libraries that count cells in 32 bits fail beyond; without a bound it is 2**34."""
    stages = stages_of(convolutions(4, channels=64, size=1024), Room(1, 2**42))
    for stage in stages:
        by_axis = [demand.largest for demand in stage.demands]
        for place in range(stage.pipeline.last + 1):
            sides = [sum(side.size for side in one[place]) for one in by_axis]
            assert math.prod(sides) < 2**31
