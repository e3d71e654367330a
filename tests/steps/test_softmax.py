"""Shares of channels against SciPy's, whatever the cuts."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import volconv
from tests.families import allocated, labelled, same_whatever_the_cuts
from tests.oracle import same_bits
from tests.strategies import FLOATS, INTEGERS, meta_of
from volconv.errors import DimError, NumberError
from volconv.geometry import Interval
from volconv.steps.softmax import softmax_step


@settings(max_examples=30)
@given(st.data())
def test_shares_are_scipy_s_whatever_the_cuts(data):
    array = data.draw(labelled(("bool", *INTEGERS, *FLOATS)))
    channel = data.draw(st.sampled_from(array.dims))
    found = same_whatever_the_cuts(
        array,
        lambda a: volconv.softmax(a, channel=channel),
        lambda m: softmax_step(m, channel),
        data,
    )
    cells = array.values.astype("float64")
    expected = special.softmax(cells, axis=array.dims.index(channel))
    eps = np.finfo(found.dtype).eps
    # below float32's normal numbers fewer digits are left
    np.testing.assert_allclose(found.values, expected, rtol=16 * eps, atol=1e-37)


def test_equal_channels_share_evenly_and_exactly_however_large():
    data = xr.DataArray(np.full((4, 3), 1e30), dims=("channel", "x"))
    assert volconv.softmax(data).values.tolist() == [[0.25] * 3] * 4
    whole = xr.DataArray(np.full((2, 3), 2**60), dims=("channel", "x"))
    assert volconv.softmax(whole).values.tolist() == [[0.5] * 3] * 2


def test_channels_keep_their_names_and_cells_their_places():
    data = xr.DataArray(
        np.zeros((2, 3)),
        {"channel": ["road", "roof"], "x": [1.0, 2.0, 4.0]},
        ("channel", "x"),
        attrs={"units": "K", "note": "kept"},
    )
    for one in (data, data.chunk(channel=1)):
        found = volconv.softmax(one)
        assert found.channel.values.tolist() == ["road", "roof"]
        assert found.x.values.tolist() == [1, 2, 4]
        assert set(found.attrs) == {"note", "volconv"}


def test_missing_and_infinite_cells_are_missing_in_all_channels():
    data = xr.DataArray(
        [[np.nan, np.inf, -np.inf, -np.inf], [0, 0, 0, -np.inf]], dims=("channel", "x")
    )
    found = volconv.softmax(data).values
    assert np.isnan(found[:, [0, 3]]).all()
    assert np.isnan(found[0, 1])
    assert found[:, 2].tolist() == [0, 1]


def test_a_box_of_some_channels_has_the_bits_of_all():
    cells = np.random.default_rng(0).normal(size=(5, 8, 999)).astype("float32")
    step = softmax_step(meta_of(cells.shape, "float32"), "z")
    whole = step.compute(cells)
    part = step.of_box((Interval(2, 4), Interval(0, 8), Interval(0, 999)))
    assert same_bits(part.compute(cells), whole[2:4])
    last = softmax_step(meta_of((8, 999, 5), "float32"), "x")
    assert same_bits(last.compute(np.moveaxis(cells, 0, -1)), np.moveaxis(whole, 0, -1))
    for start in range(1, 20):
        assert same_bits(step.compute(cells[:, :, start:]), whole[:, :, start:])


def test_what_does_not_fit_is_refused():
    data = xr.DataArray(np.ones((2, 3)), dims=("channel", "x"))
    with pytest.raises(DimError, match="band"):
        volconv.softmax(data, channel="band")
    with pytest.raises(NumberError, match="complex128 under softmax"):
        volconv.softmax(data * 1j)


@pytest.mark.parametrize("dtype", ["int8", "float32", "float64"])
def test_work_bytes_bound_what_is_allocated(dtype):
    for shape in ((3, 300, 400), (70_000, 2)):
        step = softmax_step(
            meta_of(shape, dtype), meta_of(shape, dtype).dims[0], "float32"
        )
        block = np.ones(shape, dtype=dtype)
        assert allocated(step, block) <= step.work_bytes(block.size, block.size)
