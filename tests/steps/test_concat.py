"""Results one behind the other against NumPy."""

import numpy as np
import pytest

from tests.strategies import meta_of
from volconv.errors import DimError, NumberError
from volconv.geometry import Interval, Part
from volconv.steps.concat import concat_step
from volconv.steps.pipeline import Node, wired
from volconv.steps.pointwise import Abs


def test_dtypes_and_sizes_are_those_of_numpy():
    blocks = [np.full((2, n, 3), n, dtype) for n, dtype in ((1, "int16"), (4, "u1"))]
    metas = [meta_of(block.shape, block.dtype.name) for block in blocks]
    dim = metas[0].dims[1]
    step = concat_step(metas, dim, None)
    found = step.combine(blocks)
    expected = np.concatenate(blocks, axis=1)
    assert found.dtype == expected.dtype == step.target.dtype
    assert found.shape == expected.shape == step.target.shape
    assert (found == expected).all()
    assert concat_step(metas, dim, "float32").combine(blocks).dtype == np.float32


def test_a_box_of_one_part_reads_nothing_of_the_others():
    metas = [meta_of((n, 6), "float32") for n in (3, 5, 2)]
    step = concat_step(metas, metas[0].dims[0], None)
    assert [g[step.dim].source(Interval(4, 8)).size for g in step.geometries] == [
        0,
        4,
        0,
    ]
    windows = [geometry[step.dim] for geometry in step.geometries]
    assert [window.source(Interval(2, 9)) for window in windows] == [
        Interval(2, 3),
        Interval(0, 5),
        Interval(0, 1),
    ]
    assert [
        window.out_size(n) for window, n in zip(windows, (3, 5, 2), strict=True)
    ] == [10] * 3
    assert isinstance(windows[0], Part)


def test_a_branch_that_a_box_does_not_need_is_not_computed():
    meta = meta_of((4, 6), "float32")
    one, other = Abs().resolve(meta), Abs().resolve(meta)
    step = concat_step([one.target, other.target], meta.dims[0], None)
    pipeline = wired([Node(one, (0,)), Node(other, (0,)), Node(step, (1, 2))])
    box = (Interval(5, 7), Interval(1, 3))
    assert [len(sides[0]) for sides in pipeline.boxes({3: box})] == [1, 0, 1, 1]
    cells = -np.arange(24, dtype="float32").reshape(4, 6)
    found = pipeline.compute({3: box}, lambda b: cells[tuple(s.slice for s in b)])[3]
    assert (found == -cells[1:3, 1:3]).all()


def test_what_does_not_fit_is_refused():
    one, other = meta_of((2, 6), "float32"), meta_of((3, 5), "float32")
    with pytest.raises(DimError, match=r"one shape but along 'y'.*crop"):
        concat_step([one, other], one.dims[0], None)
    with pytest.raises(DimError, match="band"):
        concat_step([one, one], "band", None)
    with pytest.raises(NumberError, match="complex result"):
        concat_step([meta_of((2,), "complex64")] * 2, "x", "float32")
