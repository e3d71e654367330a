"""Cells in memory: the same bits whatever the slabs, and whoever pads them."""

import numpy as np
import pytest

from tests.strategies import meta_of
from volconv.steps import WindowOptions, compute_cells, in_memory, slabs
from volconv.steps.correlate import correlate_step
from volconv.steps.window import WindowStep

SHAPE = (23, 18, 40)


def outputs(step, cells):
    return compute_cells(step, cells).tobytes()


@pytest.mark.parametrize("boundary", ["constant", "edge", "reflect", "wrap"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_slabs_and_padding_change_no_bit(monkeypatch, boundary, stride, dtype):
    rng = np.random.default_rng(4)
    cells = (50 * rng.standard_normal(SHAPE)).astype(dtype)
    meta = meta_of(SHAPE, dtype)
    kernel = rng.standard_normal((3, 5, 4))
    options = WindowOptions(stride=stride, padding=(2, 3), boundary=boundary)

    def step():
        return correlate_step(meta, kernel, None, options)

    expected = outputs(step(), cells)
    monkeypatch.setattr(slabs, "LARGE_SLAB_BYTES", 9000)
    monkeypatch.setattr(in_memory, "SLAB_BYTES", 5000)
    assert outputs(step(), cells) == expected
    monkeypatch.setattr(WindowStep, "padding", lambda *_: False)
    assert outputs(step(), cells) == expected
