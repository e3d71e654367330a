"""What chunks are made of: plain arrays of NumPy, or what is told."""

import dask.array as da
import numpy as np
import pint
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

import volconv
from tests.strategies import meta_of
from volconv.errors import KindError, NumberError
from volconv.lazy.join import lazy_join
from volconv.steps.cellwise import join_step

CELLS = np.arange(24.0).reshape(4, 6)


def masked(dtype):
    """Cells above 15 masked, in the chunks that have such, behind a plain meta."""

    def hide(chunk):
        return np.ma.masked_greater(chunk, 15) if (chunk > 15).any() else chunk

    lazy = xr.DataArray(CELLS.astype(dtype), dims=("y", "x")).chunk(y=2, x=3)
    return xr.apply_ufunc(hide, lazy, dask="parallelized", output_dtypes=[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "step",
    [
        volconv.abs,
        lambda data: volconv.box(data, 3),
        lambda data: volconv.box(data, 3, boundary="wrap"),
        lambda data: volconv.box(data, 3, padding="valid"),
        lambda data: volconv.box(data, 3, skipna=True),
        lambda data: volconv.pad(data, {"x": 20}, boundary="wrap"),
    ],
)
def test_masked_cells_of_a_chunk_are_nan_as_they_are_once_computed(step, dtype):
    data = masked(dtype)
    assert type(data.data._meta) is np.ndarray
    holed = np.where(CELLS > 15, np.nan, CELLS).astype(dtype)
    expected = step(xr.DataArray(holed, dims=("y", "x")))
    found = step(data)
    assert found.chunks is not None
    assert found.dtype == dtype
    assert_array_equal(found.values, expected.values)


def test_masked_cells_are_nan_where_arrays_are_joined():
    data = masked("float64").data
    step = join_step("add", [meta_of(CELLS.shape, "float64")] * 2, None)
    found = lazy_join(step, [data, data]).compute()
    assert not np.ma.isMaskedArray(found)
    assert_array_equal(found, np.where(CELLS > 15, np.nan, 2 * CELLS))


def test_masked_integers_are_refused_when_they_are_met():
    data = masked("int64")
    smooth = volconv.box(data, 3)
    with pytest.raises(NumberError, match=r"masked cells of dtype int64.*ma.filled"):
        smooth.compute()
    filled = data.copy(data=da.ma.filled(data.data, 0))
    expected = volconv.box(
        xr.DataArray(np.where(CELLS > 15, 0, CELLS), dims=("y", "x")), 3
    )
    assert_array_equal(volconv.box(filled, 3).values, expected.values)


def test_a_dask_array_that_says_it_is_masked_is_as_xarray_fills_it():
    hidden = da.ma.masked_greater(da.from_array(CELLS, 3), 15)
    assert isinstance(hidden._meta, np.ma.MaskedArray)
    holed = xr.DataArray(np.where(CELLS > 15, np.nan, CELLS), dims=("y", "x"))
    found = volconv.box(xr.DataArray(hidden, dims=("y", "x")), 3)
    assert_array_equal(found.values, volconv.box(holed, 3).values)


def test_chunks_of_another_library_are_refused_at_the_call():
    metre = pint.UnitRegistry().m
    data = xr.DataArray(CELLS, dims=("y", "x")).chunk(y=2, x=3)
    lengths = data.copy(
        data=data.data.map_blocks(lambda chunk: chunk * metre, meta=CELLS * metre)
    )
    for step in (volconv.abs, volconv.square, lambda data: volconv.unsharp(data, 1)):
        with pytest.raises(KindError, match=r"pint.*Quantity; expected one of NumPy"):
            step(lengths)
    assert_array_equal(volconv.square(lengths.as_numpy()).values, CELLS**2)


def test_chunks_of_another_library_that_no_one_told_of_are_refused_when_met():
    metre = pint.UnitRegistry().m
    data = xr.DataArray(CELLS, dims=("y", "x")).chunk(y=2, x=3)
    lengths = xr.apply_ufunc(
        lambda chunk: chunk * metre, data, dask="parallelized", output_dtypes=[float]
    )
    smooth = volconv.box(lengths, 3, padding="valid")
    with pytest.raises(KindError, match=r"pint.*Quantity; expected one of NumPy"):
        smooth.compute()
