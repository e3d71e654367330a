"""Single cells by channel: each has its own numbers, whatever the cuts."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import volconv
from tests.families import allocated, labelled, same_whatever_the_cuts
from tests.oracle import same_bits
from tests.strategies import FLOATS, INTEGERS, meta_of
from volconv.errors import DimError, KernelError, KindError, NumberError
from volconv.geometry import Interval
from volconv.steps.channelwise import NormNumbers, batch_norm_step, prelu_step
from volconv.steps.step import of_box

REAL = ("bool", *INTEGERS, *FLOATS)


@st.composite
def with_channels(draw):
    """An array, and which of its dimensions is that of channels."""
    array = draw(labelled(REAL))
    return array, draw(st.sampled_from(array.dims))


def learned(count, seed, low=-9):
    """Whole numbers, one for each channel."""
    return np.random.default_rng(seed).integers(low, 10, count).tolist()


@settings(max_examples=25)
@given(with_channels(), st.integers(0, 99), st.data())
def test_batch_norm_is_one_factor_and_one_offset_whatever_the_cuts(case, seed, data):
    array, channel = case
    count = array.sizes[channel]
    mean, weight, bias = (learned(count, seed + one) for one in range(3))
    variance = learned(count, seed, low=0)
    found = same_whatever_the_cuts(
        array,
        lambda a: volconv.batch_norm(
            a, mean, variance, weight, bias, eps=0.3, channel=channel
        ),
        lambda m: batch_norm_step(
            m, NormNumbers(mean, variance, weight, bias, 0.3), channel
        ),
        data,
    )
    along = [xr.DataArray(np.array(one, float), dims=channel) for one in (mean, weight)]
    root = np.sqrt(xr.DataArray(np.array(variance, float), dims=channel) + 0.3)
    expected = (array.astype(float) - along[0]) / root * along[1]
    expected = (expected + xr.DataArray(bias, dims=channel)).transpose(*array.dims)
    eps = np.finfo(found.dtype).eps
    largest = abs(array.astype(float)).max().item() + 9
    bound = 4 * eps * (largest * 9 / np.sqrt(0.3) + 9)
    assert np.abs(found.values.astype(float) - expected.values).max() <= bound


@settings(max_examples=25)
@given(with_channels(), st.integers(0, 99), st.data())
def test_prelu_scales_what_is_below_zero_whatever_the_cuts(case, seed, data):
    array, channel = case
    slopes = learned(array.sizes[channel], seed)
    found = same_whatever_the_cuts(
        array,
        lambda a: volconv.prelu(a, slopes, channel=channel),
        lambda m: prelu_step(m, slopes, channel),
        data,
    )
    cells = array.astype(np.float64 if found.dtype == np.float64 else np.float32)
    each = xr.DataArray(np.array(slopes, cells.dtype), dims=channel)
    expected = xr.where(cells > 0, cells, cells * each).transpose(*array.dims)
    assert np.array_equal(found.values, expected.values.astype(found.dtype))


def test_folded_numbers_of_whole_roots_are_exact():
    data = xr.DataArray([[1, 3], [5, 9]], dims=("channel", "x")).astype("int16")
    found = volconv.batch_norm(data, [1, 5], [4, 16], [2, -8], [7, 1], eps=0)
    assert found.dtype == np.float32
    assert found.values.tolist() == [[7, 9], [1, -7]]
    plain = volconv.batch_norm(data, [1, 5], [4, 16], eps=0)
    assert plain.values.tolist() == [[0, 1], [0, 1]]


def test_one_slope_needs_no_channels_and_is_that_of_leaky_relu():
    data = xr.DataArray(np.linspace(-1, 1, 9), dims="x", attrs={"units": "K"})
    expected = volconv.leaky_relu(data, 0.3)
    for weight in (0.3, [0.3], np.array([0.3]), np.float64(0.3)):
        found = volconv.prelu(data, weight)
        assert same_bits(found.values, expected.values)
        assert found.attrs["units"] == "K"


def test_a_box_of_some_channels_takes_their_numbers():
    cells = np.random.default_rng(0).normal(size=(5, 8, 9)).astype("float32")
    meta = meta_of(cells.shape, "float32")
    step = prelu_step(meta, [1, 2, 3, 4, 5], "z")
    box = (Interval(2, 4), Interval(0, 8), Interval(3, 9))
    part = of_box(step, box).compute(cells[2:4, :, 3:])
    assert same_bits(part, step.compute(cells)[2:4, :, 3:])


def test_variables_of_a_dataset_without_channels_pass():
    pair = xr.DataArray(-np.ones((2, 3)), dims=("channel", "x"))
    data = xr.Dataset({"pair": pair, "one": -pair[0]})
    found = volconv.prelu(data, [2, 3])
    assert found.pair.values.tolist() == [[-2] * 3, [-3] * 3]
    assert found.one.values.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda d: volconv.prelu(d, [1, 2, 3]),
            KernelError,
            "weight: got 3 numbers; expected one for each of 2 channels, as dimension",
        ),
        (
            lambda d: volconv.prelu(d, [1, 2], channel="band"),
            DimError,
            "channel: got .*band",
        ),
        (
            lambda d: volconv.prelu(d, []),
            KindError,
            r"weight: got \[\]; expected real numbers, one for each channel",
        ),
        (
            lambda d: volconv.prelu(d, "1"),
            KindError,
            "weight: got '1'; expected one real number",
        ),
        (
            lambda d: volconv.prelu(d * 1j, 1),
            NumberError,
            "data: got complex128 under prelu",
        ),
        (
            lambda d: volconv.batch_norm(d, [1], [1, 1]),
            KernelError,
            "mean: got 1 numbers; expected one for each of 2 channels",
        ),
        (
            lambda d: volconv.batch_norm(d, 0, [1, 1]),
            KindError,
            "mean: got 0; expected real numbers, one for each channel",
        ),
        (
            lambda d: volconv.batch_norm(d, [0, np.nan], [1, 1]),
            NumberError,
            "mean: got nan; expected a finite number",
        ),
        (
            lambda d: volconv.batch_norm(d, [0, 0], [1, -1]),
            NumberError,
            "variance: got -1.0 among them; expected numbers of at least 0",
        ),
        (
            lambda d: volconv.batch_norm(d, [0, 0], [1, 0], eps=0),
            NumberError,
            "variance: got 0.0 among them; expected numbers above 0",
        ),
        (
            lambda d: volconv.batch_norm(d, [0, 0], [1, 1], eps=-1),
            NumberError,
            "eps: got -1; expected a number of at least 0",
        ),
    ],
)
def test_bad_input_gets_one_clear_error(call, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        call(xr.DataArray(np.ones((2, 3)), dims=("channel", "x")))


@pytest.mark.parametrize("dtype", ["int8", "float32", "float64"])
def test_work_bytes_bound_what_is_allocated(dtype):
    block = np.ones((3, 300, 400), dtype=dtype)
    meta = meta_of(block.shape, dtype)
    for step in (
        prelu_step(meta, [1, 2, 3], "z"),
        batch_norm_step(meta, NormNumbers([1, 2, 3], [1, 2, 3]), "z"),
    ):
        assert allocated(step, block) <= step.work_bytes(block.size, block.size)


def test_real_channels_may_be_stored_as_complex_ones():
    pair = xr.DataArray([[1.0, 3.0], [5.0, 5.0]], dims=("channel", "x"))
    found = volconv.batch_norm(pair, [2, 5], [4, 1], eps=0, dtype="complex64")
    assert found.dtype == "complex64"
    assert found.values.tolist() == [[-0.5, 0.5], [0, 0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: volconv.batch_norm(d, None, [1, 1]), "mean: got nothing"),
        (lambda d: volconv.batch_norm(d, [1, 1], None), "variance: got nothing"),
        (lambda d: volconv.prelu(d, [[1, 2], [3]]), r"weight: got \[1, 2\]"),
        (lambda d: volconv.prelu(d, xr.Dataset({"a": 1})), "weight: got"),
    ],
)
def test_what_is_no_row_of_numbers_is_refused(call, message):
    with pytest.raises(KindError, match=message):
        call(xr.DataArray(np.ones((2, 3)), dims=("channel", "x")))
