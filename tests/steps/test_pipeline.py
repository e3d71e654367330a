"""Boxes of pipelines against the whole, and the whole against stored steps."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.boxes import Reader
from tests.oracle import correlated, padded, python_sums, same_bits
from tests.steps.pipelines import steps_over, whole_box
from tests.strategies import DTYPES, arrays, intervals, meta_of
from volconv.geometry import Interval
from volconv.kernels import Kernel, gaussian
from volconv.steps import (
    WindowOptions,
    chain,
    compute_box,
    source_intervals,
    window_step,
)
from volconv.steps.correlate import correlate_step


@st.composite
def pipelines(draw, dtypes=DTYPES, kinds="if", most_steps=3):
    """An array and one to three steps over it."""
    shape = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    dtype = draw(st.sampled_from(dtypes))
    array = draw(arrays(dtype, tuple(shape)))
    meta = meta_of(shape, dtype)
    steps = []
    for _ in range(draw(st.integers(1, most_steps))):
        steps.append(draw(steps_over(meta, kinds)))
        meta = steps[-1].target
    return array, steps


def stored_between(array, steps, compute):
    """Each step over the whole result of the one before, padded by `numpy.pad`."""
    for step in steps:
        pairs = [step.geometry[dim].padding for dim in step.source.dims]
        kinds = [step.boundaries[dim] for dim in step.source.dims]
        array = compute(step, padded(array, pairs, kinds, step.boundaries.fill_value))
    return array


@given(pipelines(kinds="ifc"), st.data())
def test_any_box_is_the_same_box_of_the_whole(case, data):
    array, steps = case
    shape = chain(steps).target(meta_of(array.shape, array.dtype.name)).shape
    whole = compute_box(chain(steps), whole_box(shape), Reader(array))
    for _ in range(3):
        box = tuple(data.draw(intervals(size)) for size in shape)
        part = compute_box(chain(steps), box, Reader(array))
        assert same_bits(part, whole[tuple(interval.slice for interval in box)])


@given(pipelines(kinds="ifc"))
def test_fused_steps_equal_steps_with_the_result_stored_in_between(case):
    array, steps = case
    box = whole_box(steps[-1].target.shape)
    found = compute_box(chain(steps), box, Reader(array))
    assert same_bits(
        found, stored_between(array, steps, lambda step, block: step.compute(block))
    )


def of_step(step) -> tuple[Any, list[int], list[int]]:
    """A step's weights, stride and dilation, with one axis for each of the array's."""
    windows = [step.geometry[dim] for dim in step.source.dims]
    stride = [window.stride for window in windows]
    return weights_over(step), stride, [window.dilation for window in windows]


def weights_over(step):
    """The kernel's weights with one axis for each of the array's."""
    dims = step.source.dims
    order = [step.kernel.dims.index(dim) for dim in dims if dim in step.kernel.dims]
    taps = step.kernel.weights.transpose(order)
    return taps.reshape([step.kernel.sizes.get(dim, 1) for dim in dims])


@given(pipelines(dtypes=("bool", "uint8", "int8", "int16", "uint32"), kinds="i"))
def test_a_pipeline_of_integers_equals_sums_of_pythons_integers(case):
    array, steps = case
    found = compute_box(chain(steps), whole_box(steps[-1].target.shape), Reader(array))
    expected = stored_between(
        array,
        steps,
        lambda step, block: python_sums(block, *of_step(step)),
    )
    assert found.tolist() == expected.astype(int).tolist()


@given(pipelines(dtypes=("float64",), kinds="f"))
def test_a_pipeline_of_floats_equals_the_oracle(case):
    array, steps = case
    found = compute_box(chain(steps), whole_box(steps[-1].target.shape), Reader(array))
    expected = stored_between(
        array,
        steps,
        lambda step, block: correlated(block, *of_step(step), dtype="float64"),
    )
    # three steps of at most 27 taps, each of which may be near 4
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@given(pipelines())
def test_a_result_has_the_shape_and_dtype_that_its_description_tells(case):
    array, steps = case
    meta = chain(steps).target(meta_of(array.shape, array.dtype.name))
    found = compute_box(chain(steps), whole_box(meta.shape), Reader(array))
    assert found.shape == meta.shape
    assert found.dtype == meta.dtype


@given(pipelines(most_steps=1), st.data())
def test_source_intervals_hold_what_the_outputs_read(case, data):
    _, (step,) = case
    box = tuple(data.draw(intervals(size)) for size in step.target.shape)
    for dim, outputs, source in zip(
        step.source.dims, box, source_intervals(step, box), strict=True
    ):
        window = step.geometry[dim]
        read = [
            output * window.stride - window.padding[0] + tap * window.dilation
            for output in range(outputs.start, outputs.stop)
            for tap in range(step.kernel.sizes.get(dim, 1))
        ]
        assert source == Interval(min(read), max(read) + 1)


def test_no_steps_are_what_is_read():
    array = np.arange(6)
    found = compute_box(chain([]), (Interval(1, 4),), Reader(array))
    assert found.tolist() == [1, 2, 3]
    assert chain([]).target(meta_of((6,), "int64")) == meta_of((6,), "int64")


def test_a_box_inside_reads_its_halo_once():
    array = np.arange(40, dtype="float32")
    smooth = WindowOptions(padding="same", boundary="wrap")
    meta = meta_of((40,), "float32")
    steps = []
    for _ in range(3):
        steps.append(correlate_step(meta, np.ones(5), None, smooth))
        meta = steps[-1].target
    read = Reader(array)
    compute_box(chain(steps), (Interval(15, 20),), read)
    assert read.boxes == [(Interval(9, 26),)]


def test_a_stack_of_padded_steps_is_not_one_step_over_a_padded_input():
    array = np.ones(4)
    same = WindowOptions(padding=1)
    first = correlate_step(meta_of((4,), "float64"), [1, 1, 1], None, same)
    second = correlate_step(first.target, [1, 1, 1], None, same)
    found = compute_box(chain([first, second]), (Interval(0, 4),), Reader(array))
    # between the steps: 2 3 3 2, with zeros beyond; one step of five taps gives 6 first
    assert found.tolist() == [5, 8, 8, 5]


def test_longitude_wraps_while_latitude_keeps_its_edge():
    array = np.arange(12.0).reshape(3, 4)
    step = window_step(
        "box",
        meta_of((3, 4), "float64"),
        Kernel.parse([[1.0, 0, 0], [0, 0, 0], [0, 0, 0]], ("y", "x"), ("y", "x")),
        WindowOptions(padding="same", boundary={"y": "edge", "x": "wrap"}),
    )
    found = compute_box(chain([step]), whole_box((3, 4)), Reader(array))
    assert found.tolist() == [[3, 0, 1, 2], [3, 0, 1, 2], [7, 4, 5, 6]]


@pytest.mark.parametrize("kind", ["gaussian", "uniform"])
def test_smoothing_that_wraps_equals_scipy_for_every_box(kind):
    from scipy import ndimage

    rng = np.random.default_rng(7)
    array = rng.random((10, 12))
    if kind == "gaussian":
        kernel = gaussian({"y": 1.0, "x": 1.0})
        theirs = ndimage.gaussian_filter(array, 1.0, mode="wrap")
    else:
        kernel = Kernel(("y", "x"), (np.full(5, 0.2), np.full(5, 0.2)))
        theirs = ndimage.uniform_filter(array, 5, mode="wrap")
    step = window_step(
        kind,
        meta_of(array.shape, "float64"),
        kernel,
        WindowOptions(padding="same", boundary="wrap"),
    )
    for y in range(0, 10, 4):
        for x in range(0, 12, 5):
            box = (Interval(y, min(y + 4, 10)), Interval(x, min(x + 5, 12)))
            found = compute_box(chain([step]), box, Reader(array))
            np.testing.assert_allclose(
                found, theirs[box[0].slice, box[1].slice], rtol=1e-13
            )


def test_a_tail_of_one_cell_under_a_halo_of_two_keeps_its_place():
    array = np.arange(129.0)
    step = correlate_step(
        meta_of((129,), "float64"),
        [0, 0, 1, 0, 0],
        None,
        WindowOptions(padding="same", boundary="reflect"),
    )
    for start, stop in ((0, 64), (64, 128), (128, 129)):
        found = compute_box(chain([step]), (Interval(start, stop),), Reader(array))
        assert found.tolist() == list(range(start, stop))


def test_a_stride_that_no_chunk_is_a_multiple_of_keeps_its_grid():
    array = np.arange(40)
    step = correlate_step(meta_of((40,), "int64"), [1], None, WindowOptions(stride=3))
    found = [
        compute_box(chain([step]), (Interval(k, min(k + 4, 14)),), Reader(array))
        for k in range(0, 14, 4)
    ]
    assert np.concatenate(found).tolist() == list(range(0, 40, 3))
