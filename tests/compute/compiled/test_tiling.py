"""Slabs between separable passes: cut so that the least is summed and read twice."""

import itertools

import pytest

from volconv.compute.compiled.direct.layout import Axis, Layout
from volconv.compute.compiled.separable import tiling

ITEM = 4


def layout_of(shape, taps):
    planes, rows, cells = (
        Axis(number, count, ITEM, ITEM, taps) for number, count in enumerate(shape)
    )
    return Layout(cells, rows, planes, (), (ITEM,) * 3, (2,))


def work(deep, high, shape, taps):
    """Sums of all slabs in multiplications of a line, and what they read counted so."""
    found = 0
    for first, top in itertools.product(
        range(0, shape[0], deep), range(0, shape[1], high)
    ):
        planes, rows = min(deep, shape[0] - first), min(high, shape[1] - top)
        read = tiling.READ * (planes + taps - 1)
        found += (rows + taps - 1) * (planes * taps + read)
    return found


def cuts(count):
    """Sizes of equal parts, in whole tiles of rows, that are not too small to pay."""
    sizes = {-(-count // (4 * pieces)) * 4 for pieces in range(1, count + 1)}
    return {min(size, count) for size in sizes if size >= tiling.FEWEST}


@pytest.mark.parametrize("taps", [5, 17, 33, 65, 129])
@pytest.mark.parametrize(
    "shape", [(64, 256, 256), (128, 128, 128), (256, 256, 256), (100, 300, 300)]
)
def test_no_other_cut_of_a_block_into_slabs_that_fit_takes_less_work(shape, taps):
    (first, *_) = found = list(tiling.tiles(layout_of(shape, taps), True, ITEM))
    deep, high = first[0][1], first[1][1]
    assert len(found) == -(-shape[0] // deep) * -(-shape[1] // high)

    room = tiling.SLAB if taps < tiling.MANY else tiling.LARGE_SLAB
    lines = room // tiling.spaced((shape[2] + taps - 1) * ITEM)
    others = [
        work(*cut, shape, taps)
        for cut in itertools.product(cuts(shape[0]), cuts(shape[1]))
        if cut[0] * (cut[1] + taps - 1) <= lines
    ]
    assert others
    assert work(deep, high, shape, taps) <= min(others)
