"""Functions across channels: memory, and boxes of some channels."""

from functools import partial

import numpy as np
import pytest

from tests.families import allocated
from tests.oracle import same_bits
from tests.strategies import meta_of
from volconv.compute.cross_channel import KINDS, LocalResponse, LogSoftmax
from volconv.geometry import Interval
from volconv.steps import BlockStep
from volconv.steps.cross_channel import cross_channel_step, reduction_step

SHAPES = ((3, 300, 400), (7_000, 2))


@pytest.mark.parametrize("dtype", ["int8", "float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_work_bytes_bound_what_is_allocated(dtype, shape):
    meta = meta_of(shape, dtype)
    block = np.ones(shape, dtype=dtype)
    kinds = (LogSoftmax, partial(LocalResponse, size=4))
    some = kinds if len(shape) > 2 else kinds[:1]  # sums of row by row: slow
    steps: list[BlockStep] = [
        cross_channel_step("it", meta, kind, meta.dims[0]) for kind in some
    ]
    steps += [reduction_step("it", meta, kind, meta.dims[0]) for kind in KINDS]
    for step in steps:
        outputs = block.size // (1 if step.target.shape == shape else shape[0])
        assert allocated(step, block) <= step.work_bytes(outputs, block.size)


@pytest.mark.parametrize("kind", [LogSoftmax, partial(LocalResponse, size=3)])
def test_a_box_of_some_channels_has_their_bits(kind):
    cells = np.random.default_rng(0).standard_normal((6, 5, 7))
    meta = meta_of(cells.shape, "float64")
    step = cross_channel_step("it", meta, kind, meta.dims[0])
    part = step.of_box((Interval(2, 4), Interval(0, 5), Interval(0, 7)))
    assert same_bits(part.compute(cells), step.compute(cells)[2:4])
