"""Pooling against plain NumPy over enumerated windows."""

import statistics
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import volconv
from tests.families import (
    allocated,
    labelled,
    pooled,
    same_whatever_the_cuts,
    windows_of,
)
from tests.oracle import same_bits
from tests.strategies import BOOLS, DTYPES, FLOATS, INTEGERS, meta_of
from volconv.errors import (
    DimError,
    GeometryError,
    KernelError,
    KindError,
    NumberError,
)
from volconv.steps import WindowOptions
from volconv.steps.pooling import mean_pool_step, pool_step

LABELS = (*BOOLS, *INTEGERS)
REAL = (*LABELS, *FLOATS)


def middle(windows):
    """The middle of each window: of an even number of integers the lower one."""
    if windows.dtype.kind == "f":
        return np.median(windows, axis=-1).astype(windows.dtype)
    return np.sort(windows, axis=-1)[..., (windows.shape[-1] - 1) // 2]


def mode(windows):
    """The most frequent value of each window; of several, the smallest."""
    flat = windows.reshape(-1, windows.shape[-1])
    found = [min(statistics.multimode(row.tolist())) for row in flat]
    return np.array(found, windows.dtype).reshape(windows.shape[:-1])


KINDS: dict[str, tuple[Any, Any]] = {
    "max": (REAL, lambda windows: windows.max(axis=-1)),
    "min": (REAL, lambda windows: windows.min(axis=-1)),
    "median": (REAL, middle),
    "mode": (LABELS, mode),
}


def call(kind):
    return getattr(volconv, f"{kind}_pool")


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_pooling_is_the_definition_whatever_the_cuts(kind, data):
    dtypes, define = KINDS[kind]
    array = data.draw(labelled(dtypes))
    if kind == "mode":
        array = array % 3 if array.dtype != bool else array
    options = data.draw(pooled(array))
    size, stride = options["size"], options["stride"]
    rest = {key: options[key] for key in ("padding", "dilation", "boundary")}
    found = same_whatever_the_cuts(
        array,
        lambda a: call(kind)(a, size, stride=stride, fill_value=1, **rest),
        lambda m: pool_step(
            kind, m, size, stride, None, WindowOptions(1, fill_value=1, **rest)
        ),
        data,
    )
    assert found.dtype == array.dtype.name
    expected = define(windows_of(array, options, 1))
    assert found.shape == expected.shape
    if kind == "median" and array.dtype.kind == "f":
        eps = np.finfo(array.dtype).eps
        np.testing.assert_allclose(found.values, expected, rtol=2 * eps, atol=eps)
    else:
        assert np.array_equal(found.values, expected)


@given(data=st.data())
def test_a_mean_is_the_definition_whatever_the_cuts(data):
    array = data.draw(labelled(DTYPES))
    options = data.draw(pooled(array))
    size, stride = options["size"], options["stride"]
    rest = {key: options[key] for key in ("padding", "dilation", "boundary")}
    found = same_whatever_the_cuts(
        array,
        lambda a: volconv.mean_pool(a, size, stride=stride, fill_value=1, **rest),
        lambda m: mean_pool_step(
            m, size, stride, None, WindowOptions(1, fill_value=1, **rest)
        ),
        data,
    )
    wide = "complex128" if array.dtype.kind == "c" else "float64"
    expected = windows_of(array, options, 1).astype(wide).mean(axis=-1)
    eps = np.finfo(found.dtype).eps
    np.testing.assert_allclose(found.values, expected, rtol=9 * eps, atol=900 * eps)


@given(data=st.data())
def test_nan_and_zeros_of_both_signs_have_the_bits_of_the_whole(data):
    kind = data.draw(st.sampled_from(["max", "min", "median"]))
    shape = (data.draw(st.integers(3, 9)), data.draw(st.integers(3, 40)))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    values = rng.choice([0.0, -0.0, np.nan, -np.nan, 1.0, -np.inf], shape)
    few = rng.random(shape) < data.draw(st.sampled_from([0.0, 0.8]))
    array = xr.DataArray(np.where(few, -0.0, values).astype("float32"), dims=("y", "x"))
    size, stride = data.draw(st.sampled_from([2, 3])), data.draw(st.integers(1, 2))
    found = same_whatever_the_cuts(
        array,
        lambda a: call(kind)(a, size, stride=stride),
        lambda m: pool_step(kind, m, size, stride, None, WindowOptions()),
        data,
    )
    options = {
        "size": dict.fromkeys("yx", size),
        "stride": dict.fromkeys("yx", stride),
        "dilation": dict.fromkeys("yx", 1),
        "padding": {},
        "boundary": {},
    }
    absent = np.isnan(windows_of(array, options)).any(axis=-1)
    assert np.array_equal(np.isnan(found.values), absent)
    assert not np.signbit(found.values[~absent & (found.values == 0)]).any()


@pytest.fixture
def volume():
    rng = np.random.default_rng(11)
    coords = {"x": np.arange(9) * 0.5}
    return xr.DataArray(rng.normal(size=(6, 8, 9)), coords, ("z", "y", "x"))


def test_windows_lie_side_by_side_and_the_rest_is_left_out(volume):
    found = volconv.max_pool(volume, 2)
    coarse = volume.coarsen(z=2, y=2, x=2, boundary="trim").max()
    assert found.shape == (3, 4, 4)
    assert np.array_equal(found.values, coarse.values)
    assert found.x.values.tolist() == [0.25, 1.25, 2.25, 3.25]


def test_dimensions_without_a_size_are_left_alone(volume):
    found = volconv.min_pool(volume, {"y": 4})
    assert found.shape == (6, 2, 9)
    assert found.identical(volconv.min_pool(volume, 4, dims="y"))
    assert volconv.min_pool(volume, 2, stride={"x": 1}).shape == (3, 4, 8)


@pytest.mark.parametrize(
    ("kind", "theirs"),
    [
        ("max", ndimage.maximum_filter),
        ("min", ndimage.minimum_filter),
        ("median", ndimage.median_filter),
    ],
)
def test_a_window_that_slides_is_scipy_s_filter(volume, kind, theirs):
    found = call(kind)(volume, 3, stride=1, padding="same")
    assert np.array_equal(found.values, theirs(volume.values, 3, mode="nearest"))


def test_the_edge_brings_no_value_in_that_a_window_lacks():
    low = xr.DataArray([-3.0, -1.0, -2.0], dims="x")
    assert volconv.max_pool(low, 2, padding=(1, 0)).values.tolist() == [-3, -1]
    zeros = volconv.max_pool(low, 2, padding=(1, 0), boundary="constant")
    assert zeros.values.tolist() == [0, -1]


def test_means_of_integers_are_floats():
    data = xr.DataArray(np.array([1, 2, 3, 255], "uint8"), dims="x")
    assert volconv.mean_pool(data, 2).values.tolist() == [1.5, 129]
    assert volconv.mean_pool(data, 2, dtype="uint8").values.tolist() == [2, 129]


def test_a_middle_of_huge_floats_does_not_overflow():
    big = np.finfo("float32").max
    data = xr.DataArray(np.array([big, big / 2], "float32"), dims="x")
    assert volconv.median_pool(data, 2).values.tolist() == [0.75 * big]


def test_labels_keep_their_dtype_and_ties_go_to_the_smallest():
    data = xr.DataArray(np.array([9, 4, 4, 9, 7, 2], "uint64"), dims="x")
    found = volconv.mode_pool(data, 4, stride=2)
    assert found.dtype == np.uint64
    assert found.values.tolist() == [4, 2]
    assert volconv.mode_pool(data, 2).values.tolist() == [4, 4, 2]


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (
            lambda v: volconv.mode_pool(v, 2),
            NumberError,
            "data: got float64 under mode_pool; expected labels: integers or booleans. "
            "Fix: cast first",
        ),
        (
            lambda v: volconv.max_pool(v.astype(complex), 2),
            NumberError,
            "data: got complex128 under max_pool; expected real numbers. Fix: take abs",
        ),
        (
            lambda v: volconv.max_pool(v.astype(object), 2),
            NumberError,
            "data: got dtype object",
        ),
        (lambda v: volconv.max_pool(v, 0), GeometryError, "size along 'z': got 0"),
        (lambda v: volconv.max_pool(v, 2.5), KindError, "size along 'z': got 2.5"),
        (lambda v: volconv.max_pool(v, {}), KernelError, "size: got no dimension"),
        (lambda v: volconv.max_pool(v, {"w": 2}), DimError, "size: got 'w'"),
        (
            lambda v: volconv.max_pool(v, 2, stride={"w": 2}),
            DimError,
            "stride: got 'w'; expected dimensions",
        ),
        (
            lambda v: volconv.median_pool(v, 7),
            GeometryError,
            "kernel along 'z': got span 7 over 6 cells padded to 6",
        ),
        (lambda v: volconv.min_pool(v, 2, stride=0), GeometryError, "stride along 'z'"),
        (
            lambda v: volconv.max_pool(v, 2, dtype="int99"),
            NumberError,
            "dtype: got 'int99'",
        ),
    ],
)
def test_bad_input_gets_one_clear_error(volume, given, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        given(volume)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [2, 5])
@pytest.mark.parametrize("target", [None, "uint8", "float64"])
def test_work_bytes_bound_what_is_allocated_and_are_no_many_times_it(
    kind, size, target
):
    rng = np.random.default_rng(1)
    for dtype in ("uint8", "int64", "float32", "float64")[: 2 if kind == "mode" else 4]:
        block = (100 * rng.random((48, 50, 60))).astype(dtype)
        meta = meta_of(block.shape, dtype)
        options = WindowOptions(dtype=target)
        for stride in (None, 2, 7):
            step = pool_step(kind, meta, size, stride, None, options)
            outputs = int(np.prod(step.target.shape))
            said = step.work_bytes(outputs, block.size)
            assert allocated(step, block) <= said <= 4 * allocated(step, block)


def test_large_windows_are_taken_in_parts():
    data = xr.DataArray(np.random.default_rng(2).random((40, 50)), dims=("y", "x"))
    found = volconv.median_pool(data, 21, stride=1)
    expected = ndimage.median_filter(data.values, 21)[10:-10, 10:-10]
    assert same_bits(found.values, expected)


def test_the_mean_of_two_middles_is_made_in_a_wider_dtype():
    near = xr.DataArray(np.array([1, 1 + 2**-10, 7, -7], "f2"), dims="x")
    found = volconv.median_pool(near, 4, dtype="float64")
    assert found.values.tolist() == [1 + 2**-11]
    many = volconv.median_pool(near.pad(x=48, mode="symmetric"), 100, dtype="float64")
    assert many.values.tolist() == [1 + 2**-11]
