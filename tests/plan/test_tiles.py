"""Orders of the tiles of blocks: what they decode and hold, by simulation; and cuts."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plan.grids import simulated, traffics
from volconv.coordinates import NoCoords
from volconv.geometry import Interval
from volconv.meta import ArrayMeta, Axis
from volconv.plan.blocks import BlockGrid
from volconv.plan.output import output_spec
from volconv.plan.plan import make_plan
from volconv.plan.reads import AxisReads
from volconv.plan.report import plan_json, plan_text
from volconv.plan.stage import PLAIN_PROCESS, Room
from volconv.plan.sweep import Tiling
from volconv.plan.tilings import tilings
from volconv.plan.traffic import best_traffic
from volconv.steps import WindowOptions, chain
from volconv.steps.gaussian import gaussian_step


@st.composite
def cut_axes(draw):
    """What the tiles of an axis read, each its own cells and a halo; and tiles a block."""
    tile, tiles = draw(st.sampled_from((1, 2, 3, 4, 6))), draw(st.integers(1, 4))
    blocks = draw(st.integers(1, 3))
    size = tile * tiles * blocks - draw(st.integers(0, tile * tiles - 1))
    before, after = draw(st.sampled_from(((0, 0), (1, 1), (2, 0), (0, 2), (3, 2))))
    needs = tuple(
        (Interval(max(0, at - before), min(size, at + tile + after)),)
        for at in range(0, size, tile)
    )
    return AxisReads(size, draw(st.sampled_from((2, 3, 4, 8))), needs), tiles


@st.composite
def cut_cases(draw, most=3):
    """What tiles read along two or three axes, and how blocks are cut into them."""
    axes = draw(st.lists(cut_axes(), min_size=2, max_size=most))
    while math.prod(reads.size for reads, _ in axes) > 4000:
        axes.pop()
    return [reads for reads, _ in axes], Tiling(tuple(tiles for _, tiles in axes))


@settings(max_examples=40)
@given(cut_cases(), st.data())
def test_tiles_decode_what_their_order_says_in_little_more_than_its_room(case, data):
    """In a quarter more, on these grids of a few cells; with plenty, all of them do."""
    reads, tiling = case
    shape = [axis.size for axis in reads]
    array = np.arange(math.prod(shape), dtype="int32").reshape(shape)
    orders = list(traffics(reads, tiling))
    for traffic in [data.draw(st.sampled_from(orders)) for _ in range(2)]:
        counts = [axis.blocks for axis in reads]
        sweep = traffic.sweep.cut(tiling, traffic.within, counts)
        for budget in (5 * traffic.held, 4 * array.nbytes):
            done = simulated(reads, sweep, array, budget)
            assert done.decoded_cells <= traffic.decoded


@settings(max_examples=40)
@given(cut_cases(), st.data())
def test_each_tile_comes_once_and_those_of_a_block_together(case, data):
    reads, tiling = case
    traffic = data.draw(st.sampled_from(list(traffics(reads, tiling))))
    counts = [axis.blocks for axis in reads]
    sweep = traffic.sweep.cut(tiling, traffic.within, counts)
    order = list(sweep)
    assert sorted(order) == list(itertools.product(*map(range, counts)))

    def block_of(index):
        sides = enumerate(index)
        return tuple(place // tiling.along(axis) for axis, place in sides)

    blocks = [block for block, _ in itertools.groupby(order, block_of)]
    assert blocks == list(traffic.sweep)


@settings(max_examples=20)
@given(cut_cases(most=2))
def test_the_best_order_of_tiles_decodes_least_of_those_that_fit(case):
    reads, tiling = case
    orders = list(traffics(reads, tiling))
    for room in (0, max(order.held for order in orders) // 3, 10**9):
        best = best_traffic(reads, room, tiling)
        fitting = [order for order in orders if order.held <= room]
        least = min((order.decoded, order.held) for order in fitting)
        assert (best.decoded, best.held) == least
        # one that is known decodes as little
        known = best_traffic(reads, room, tiling, most=best.decoded)
        assert known.decoded == best.decoded


def test_tiles_of_one_block_lie_in_pencils_that_hand_on_faces():
    """Tiles of a chunk and a halo of one cell in eight: 27 chunks each, if for itself."""
    needs = tuple((Interval(max(0, 8 * n - 1), min(64, 8 * n + 9)),) for n in range(8))
    axes = [AxisReads(64, 8, needs) for _ in range(3)]
    tiling = Tiling((8, 8, 8))
    for share, most in ((4, 1), (8, (9 / 8) ** 2), (16, (11 / 8) ** 2)):
        found = best_traffic(axes, 64**3 // share, tiling)
        assert found.decoded <= most * 64**3
        assert found.within


def smoothed(sigma, room, *, is_remote=False):
    """The plan of a gaussian over 2.5 GiB, with a stride of its sigma."""
    sizes = zip("zyx", (640, 1024, 1024), strict=True)
    axes = tuple(itertools.starmap(Axis, sizes))
    meta = ArrayMeta(axes, "float32", (128,) * 3, is_remote=is_remote)
    options = WindowOptions(stride=sigma, padding="same", boundary="edge")
    step = gaussian_step(meta, float(sigma), None, 4.0, options)
    spec = output_spec(step.target, meta, path="out.zarr", variable="v")
    return make_plan(meta, chain([step]), spec, {}, room)


@pytest.mark.parametrize(
    ("sigma", "workers", "limit", "most"),
    [
        (8, 1, 802, 1),
        (8, 1, 600, 1),
        (8, 1, 475, 1.2),
        (8, 2, 802, 1),
        (8, 2, 600, 1.2),
        (8, 2, 475, 1.9),
        (8, 8, 845, 5.2),
        (4, 1, 802, 1),
        (4, 2, 802, 1),
        (4, 2, 600, 1),
        (4, 2, 475, 1.6),
        (4, 8, 1024, 1.3),
    ],
)
def test_blocks_that_read_much_decode_little_twice(sigma, workers, limit, most):
    plan = smoothed(sigma, Room(workers, limit * 2**20, libraries=PLAIN_PROCESS))
    assert plan.read_amplification <= most
    assert plan.peak_bytes <= plan.room.limit


def test_all_threads_share_the_tiles_of_one_block():
    for workers, limit in ((1, 845), (2, 845), (8, 2048)):
        plan = smoothed(8, Room(workers, limit * 2**20))
        (stage,) = plan.stages
        assert plan.blocks == 1
        assert plan.tasks_at_once == workers
        assert stage.results == 1
        in_all = stage.shared_bytes + workers * stage.task_bytes
        in_all += stage.bytes_compiling
        assert plan.peak_bytes == (plan.room.process + in_all + stage.bytes_held)
        assert stage.result_bytes == 80 * 128 * 128 * 4


def beside(mebibytes):
    """Two tasks at once, and so much memory for them beside the process."""
    return Room(2, PLAIN_PROCESS + mebibytes * 2**20, libraries=PLAIN_PROCESS)


@pytest.mark.parametrize(("sigma", "most"), [(2, 2.5), (4, 2), (8, 2.3)])
def test_fewer_tasks_are_at_once_where_more_leave_no_memory_for_chunks(sigma, most):
    """A sixteenth of the volume, where two would decode each chunk 5 to 15 times."""
    room = beside(180)
    plan = smoothed(sigma, room)
    assert plan.tasks_at_once == 1
    assert plan.read_amplification <= most
    assert plan.peak_bytes <= room.limit
    ample = smoothed(sigma, replace(room, limit=2**30))
    assert ample.tasks_at_once == 2


@pytest.mark.parametrize(
    ("sigma", "free", "tasks"), [(2, 240, 2), (2, 222, 1), (4, 222, 1), (8, 222, 1)]
)
def test_more_tasks_at_once_are_taken_only_where_they_save_time(sigma, free, tasks):
    """In half as much memory for chunks they decode half as often again."""
    room = beside(free)
    plan = smoothed(sigma, room)
    one = smoothed(sigma, replace(room, workers=1))
    assert plan.tasks_at_once == tasks
    assert (plan.read_amplification > one.read_amplification) == (tasks == 2)


@pytest.mark.parametrize(
    ("sigma", "free", "most"),
    [(1, 190, 1.9), (1, 220, 1.7), (1, 702, 1), (4, 300, 1.5)],
)
def test_an_input_behind_a_network_is_read_less_often(sigma, free, most):
    """Where two tasks at once, or smaller tiles, would be faster of one at hand."""
    room = beside(free)
    plan = smoothed(sigma, room, is_remote=True)
    assert plan.read_amplification <= most
    assert plan.peak_bytes <= room.limit


def test_a_plan_says_how_tiles_are_shifted_and_that_fewer_are_at_once():
    plan = smoothed(4, beside(180))
    (stage,) = plan.stages
    tile, shift = (" x ".join(map(str, n)) for n in (stage.tiles.block, (4, 4, 4)))
    text = plan_text(plan, NoCoords())
    assert f"in tiles of {tile} shifted by {shift}, " in text
    assert "at once  1 task, for more would leave too little memory" in text
    (told,) = plan_json(plan, NoCoords())["stages"]
    assert told["blocks"]["shift"] == [4, 4, 4]
    assert told["memory"]["tasks_at_once"] == 1
    ample = smoothed(4, Room(2, 2**32))
    assert "at once  " not in plan_text(ample, NoCoords())


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_results_are_counted_of_the_blocks_that_may_be_in_work(workers):
    plan = smoothed(2, Room(workers, 2**30))
    (stage,) = plan.stages
    assert stage.tiling.total >= workers
    assert plan.blocks > 2
    assert stage.results == (1 if workers == 1 else 2)
    # the tiles of all but one are enough for all threads but one
    for tiles in (2, 3, 7, 64):
        tiling = Tiling((tiles,))
        blocks = tiling.blocks_at_once(workers)
        assert (blocks - 1) * tiles >= workers - 1 > (blocks - 2) * tiles


def test_a_single_block_is_cut_for_the_threads_where_all_of_it_would_fit():
    sizes = zip("zyx", (256, 256, 256), strict=True)
    meta = ArrayMeta(tuple(itertools.starmap(Axis, sizes)), "float32", (64,) * 3)
    options = WindowOptions(stride=4, padding="same", boundary="edge")
    step = gaussian_step(meta, 4.0, None, 4.0, options)
    spec = output_spec(step.target, meta, path="out.zarr", variable="v")
    for workers in (1, 2, 4):
        plan = make_plan(meta, chain([step]), spec, {}, Room(workers, 2**32))
        assert (plan.blocks, plan.tasks_at_once) == (1, workers)


def test_sides_that_cannot_be_halved_are_cut_into_more():
    grid = BlockGrid((75, 95, 202), (75, 95, 202), (1, 1, 1))
    cuts, finer = tilings(grid, (160, 200, 400), (Fraction(1),) * 3)
    assert finer == [Tiling((1, 5, 2)), Tiling((3, 5, 2))]
    assert set(cuts) == {Tiling(), Tiling((1, 1, 2))}


def test_some_tiles_own_chunks_of_the_input_and_some_half_of_one():
    grid = BlockGrid((80, 128, 128), (80, 128, 128), (1, 1, 1))
    cuts, finer = tilings(
        grid, (640, 1024, 1024), (Fraction(5), Fraction(8), Fraction(8))
    )
    assert {Tiling((5, 8, 8)), Tiling((10, 8, 8)), Tiling((5, 16, 8))} <= set(cuts)
    assert cuts[0] == Tiling()
    assert not set(cuts) & set(finer)
    # of five tiles a block, groups would not begin anew with those that are counted once
    many = BlockGrid((80 * 1000,), (80,), (1,))
    (cuts, _) = tilings(many, (640,), (Fraction(5),))
    assert {one.total for one in cuts} == {1, 2, 4, 8}
