"""One call of a filter here and in SciPy, on NumPy, Dask and xarray input, compared."""

import warnings

import numpy as np
import xarray as xr
from numpy.testing import assert_array_equal
from scipy import ndimage as scipy_ndimage

from volconv.compat import ndimage


def check(name, array, *args, gain=1.0, chunks=None, **options):
    """That a filter makes what SciPy's makes of an array, and the same of other kinds.

    Parameters
    ----------
    gain : float
        About the sum of the absolute weights, by which rounding is measured.
    chunks : dask array, optional
        The array in chunks.
    """
    before = array.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = getattr(scipy_ndimage, name)(array, *args, **options)
    found = getattr(ndimage, name)(array, *args, **options)
    assert_array_equal(array, before)
    assert isinstance(found, np.ndarray)
    assert not np.shares_memory(found, array)
    assert_as_scipy(found, expected, array, gain, options.get("cval", 0.0))
    labelled = with_coords(array)
    kept = getattr(ndimage, name)(labelled, *args, **options)
    xr.testing.assert_identical(kept, labelled.copy(data=found))
    if chunks is not None:
        lazy = getattr(ndimage, name)(chunks, *args, **options)
        assert lazy.chunks == chunks.chunks
        assert lazy.dtype == found.dtype
        computed = lazy.compute(scheduler="sync")
        assert computed.dtype == found.dtype
        assert computed.tobytes() == found.tobytes()
    return found


def assert_as_scipy(found, expected, array, gain, cval):
    """Integers are SciPy's; floats are within the rounding of their dtype."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if found.dtype.kind == "b":  # SciPy leaves other bytes than 0 and 1 in them
        assert_array_equal(found, expected.view("uint8") != 0)
        return
    if found.dtype.kind in "iu":
        assert_array_equal(found, expected)
        return
    # SciPy sums parts of complex numbers in the input's dtype
    own = [found.dtype, array.dtype] if array.dtype.kind == "c" else [found.dtype]
    eps = max(np.finfo(dtype).eps for dtype in own)
    largest = max(abs(array).max(initial=0), abs(cval), 1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=64 * eps * gain * largest)


def with_coords(array):
    """The array with dims, uneven coordinates, one without an index, attrs and a name."""
    dims = ("z", "y", "x")[-array.ndim :]
    coords = {
        dim: (dim, np.cumsum(np.arange(1.0, size + 1)), {"units": "mm"})
        for dim, size in zip(dims, array.shape, strict=True)
    }
    labels = {"row": (dims[0], [f"row {i}" for i in range(array.shape[0])])}
    return xr.DataArray(
        array, coords | labels, dims, "scan", {"long_name": "intensity"}
    )
