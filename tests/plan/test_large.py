"""Plans of a million blocks: made in seconds, kept in little memory."""

import sys
import time

import pytest

from benchmarks.hollow import grown
from volconv.meta import ArrayMeta, Axis
from volconv.plan.blocks import BlockGrid
from volconv.plan.output import OutputSpec, output_spec
from volconv.plan.plan import make_plan
from volconv.plan.search import Search
from volconv.plan.stage import Room
from volconv.plan.sweep import Tiling
from volconv.plan.write import Write
from volconv.steps import WindowOptions, chain
from volconv.steps.gaussian import gaussian_step


def smooth(shape, chunks):
    axes = tuple(Axis(dim, size) for dim, size in zip("zyx", shape, strict=False))
    meta = ArrayMeta(axes, "float32", chunks)
    options = WindowOptions(padding="same", boundary="wrap")
    return meta, chain([gaussian_step(meta, 1.0, None, 4.0, options)])


@pytest.mark.parametrize(
    ("shape", "unit"),
    [((800, 800, 800), (8, 8, 8)), ((80_000, 800), (8, 8))],
)
def test_a_million_blocks_are_planned_in_seconds(shape, unit):
    meta, pipeline = smooth(shape, unit)
    spec = OutputSpec("", "v", "float32", unit)
    write = Write(1, spec, shape, (1,) * len(shape))
    grid = BlockGrid(shape, unit, (1,) * len(shape))
    assert grid.total == 10**6
    begun = time.process_time()
    search = Search(meta, pipeline, (write,), Room(4, 2**33), 1)
    stage = search.stage(grid, Tiling())
    order = (stage.number(turn) for turn in (0, 1, 999_999))
    assert len(set(order)) == 3
    assert time.process_time() - begun < 20  # 10 s on a machine that is not shared
    assert stage.bytes_read == 4 * meta.cells


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory")
def test_a_plan_of_a_terabyte_is_as_small_as_any():
    meta, pipeline = smooth((8192, 8192, 4096), (64, 64, 64))
    spec = output_spec(meta, meta, path="o", variable="v")
    begun = time.process_time()
    with grown() as growth:
        plan = make_plan(meta, pipeline, spec, {}, Room(2, 2**31))
    assert plan.peak_bytes <= 2**31
    assert growth.nbytes < 40e6
    assert time.process_time() - begun < 40  # 5 s on a machine that is not shared
