"""Blocks that are read and computed in tiles: the same bytes, in the order of the plan."""

import pytest

from tests.run.conftest import CONFIG, prepared
from tests.run.runs import tree
from volconv.meta import ArrayMeta, Axis
from volconv.plan import search
from volconv.plan.output import output_spec
from volconv.plan.plan import make_plan
from volconv.plan.search import Search
from volconv.plan.stage import Room
from volconv.plan.sweep import Tiling
from volconv.plan.tiles import Tiles
from volconv.plan.traffic import Traffic, orders
from volconv.run.runner import run_plan
from volconv.steps import WindowOptions, chain
from volconv.steps.box import box_step
from volconv.steps.gaussian import gaussian_step

TILINGS = [
    Tiling((3, 1, 1)),
    Tiling((1, 2, 5)),
    Tiling((3, 2, 5)),
    Tiling((1, 4, 1)),
    Tiling((3, 2, 5), (0, 1, 0)),
    Tiling((1, 2, 1), (0, 3, 0)),
]


def ready(folder, monkeypatch, tiling, **limits):
    """The plan of a configuration whose blocks are cut as is said."""
    monkeypatch.setattr(Search, "tilings", lambda *_: ([tiling], []))
    monkeypatch.setattr(Search, "shifted", lambda _, __, tiling: tiling)
    found = prepared(folder, CONFIG, **limits)
    assert all(stage.tiling == tiling for stage in found.plan.stages)
    return found


@pytest.mark.parametrize("tiling", TILINGS)
def test_blocks_in_tiles_write_the_same_bytes(folder, monkeypatch, tiling):
    whole = ready(folder, monkeypatch, Tiling())
    run_plan(whole.plan, whole.source, whole.labels)
    expected = tree(folder / "out.zarr")
    cut = ready(folder, monkeypatch, tiling)
    run_plan(cut.plan, cut.source, cut.labels, restart=True)
    assert tree(folder / "out.zarr") == expected


@pytest.mark.parametrize("tiling", TILINGS)
def test_tiles_come_in_the_order_of_the_plan(folder, monkeypatch, tiling):
    for stage in ready(folder, monkeypatch, tiling, workers=1).plan.stages:
        turns = range(stage.sweep.total)
        tiles = [tile for turn in turns for tile in stage.tiles_of(turn)]
        assert tiles == list(stage.tile_sweep)


@pytest.mark.parametrize("tiling", TILINGS)
def test_tiles_in_pencils_write_the_same_bytes_in_the_order_of_the_plan(
    folder, monkeypatch, tiling
):
    whole = ready(folder, monkeypatch, Tiling())
    run_plan(whole.plan, whole.source, whole.labels)
    expected = tree(folder / "out.zarr")

    def least(order, axis):
        return order.side(axis, order.ways[axis][-1])

    def thrifty(reads, room, tiling, at_once=1, most=None):
        """The order of those that fit that holds least of what is held at all."""
        tiles = Tiles(reads, tiling, at_once)
        found = [
            Traffic.of(
                order, order.joint([least(order, axis) for axis in range(len(reads))])
            )
            for order in orders(tiles)
        ]
        fitting = [traffic for traffic in found if 0 < traffic.held <= room]
        return min(
            fitting or [Traffic.plain(tiles)],
            key=lambda traffic: (-len(traffic.within), traffic.held),
        )

    monkeypatch.setattr(search, "best_traffic", thrifty)
    cut = ready(folder, monkeypatch, tiling)
    kept = {loop.keeps for stage in cut.plan.stages for loop in stage.tile_sweep.loops}
    assert kept != {"all"}
    for stage in cut.plan.stages:
        turns = range(stage.sweep.total)
        tiles = [tile for turn in turns for tile in stage.tiles_of(turn)]
        assert tiles == list(stage.tile_sweep)
    run_plan(cut.plan, cut.source, cut.labels, restart=True)
    assert tree(folder / "out.zarr") == expected


def test_a_block_that_reads_far_more_than_it_writes_is_read_in_parts():
    """Of 8³ cells each: a chunk of the result has 4 GiB of the input, and of it 8 MiB."""
    sizes = (Axis(dim, 2048) for dim in "zyx")
    meta = ArrayMeta(tuple(sizes), "float32", (128, 128, 128))
    mean = box_step(meta, 8, None, WindowOptions(stride=8))
    options = WindowOptions(stride=8, padding="same", boundary="edge")
    smooth = gaussian_step(meta, 8.0, None, 4.0, options)
    for step, limit, most in ((mean, 400, 1), (smooth, 450, 2.5)):
        spec = output_spec(step.target, meta, path="out.zarr", variable="v")
        plan = make_plan(meta, chain([step]), spec, {}, Room(2, limit * 2**20))
        (stage,) = plan.stages
        assert stage.tiling.total > 8
        assert stage.read_amplification <= most
