"""What the filters of `volconv.compat.ndimage` refuse, and what they say of it."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr

import volconv.errors as e
from volconv.compat import ndimage

ROW = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0])
WITHOUT_TYPES = vars(ndimage).__getitem__
"""A filter by name: for what a type checker would refuse."""

ERRORS = [
    (
        lambda: ndimage.correlate(ROW, [1, 2], "nearest"),
        e.NumberError,
        "mode='nearest'",
    ),
    (lambda: ndimage.correlate(ROW, [1, 2], mode="edge"), e.BoundaryError, "reflect"),
    (lambda: ndimage.correlate(ROW, [[1, 2]]), e.DimError, "2 axes"),
    (lambda: ndimage.correlate(ROW, [1, 2], origin=1), e.GeometryError, "from -1 to 0"),
    (lambda: ndimage.correlate(ROW, [1, np.nan]), e.KernelError, "NaN"),
    (lambda: ndimage.correlate(ROW, []), e.KernelError, "one tap"),
    (lambda: ndimage.correlate1d(ROW, [[1, 2]]), e.KernelError, "one axis"),
    (lambda: ndimage.correlate1d(ROW, [1, 2], 1), e.DimError, "from -1 to 0"),
    (lambda: ndimage.correlate1d(ROW, [1j], cval=1j), e.BoundaryError, "real number"),
    (
        lambda: ndimage.correlate(ROW, [1], cval=1j, mode="constant"),
        e.BoundaryError,
        "real",
    ),
    (lambda: ndimage.gaussian_filter(ROW, [1, 1]), e.DimError, "2 values"),
    (lambda: ndimage.gaussian_filter(ROW, 1, axes=(0, -1)), e.DimError, "once"),
    (lambda: ndimage.gaussian_filter(ROW, 1, -1), e.KernelError, "order"),
    (lambda: ndimage.gaussian_filter(ROW, 1, radius=-1), e.KernelError, "radius"),
    (lambda: ndimage.gaussian_filter(ROW, np.inf), e.KernelError, "finite"),
    (
        lambda: ndimage.gaussian_filter1d(ROW, 0),
        e.KernelError,
        "gaussian_filter leaves",
    ),
    (lambda: ndimage.gaussian_filter1d(ROW, 0.0, radius=2), e.KernelError, "above 0"),
    (
        lambda: WITHOUT_TYPES("gaussian_laplace")(ROW, 1, trunc=2),
        e.KindError,
        "truncate",
    ),
    (lambda: ndimage.uniform_filter1d(ROW, 0), e.GeometryError, "at least 1"),
    (lambda: ndimage.uniform_filter(ROW, 4 * 10**9), e.KernelError, "taps"),
    (lambda: WITHOUT_TYPES("uniform_filter")(ROW, None), e.KindError, "size: got None"),
    (lambda: WITHOUT_TYPES("laplace")(ROW, mode=None), e.BoundaryError, "got None"),
    (
        lambda: WITHOUT_TYPES("gaussian_filter")(ROW, 1, radius=2.0),
        e.KindError,
        "radius: got 2.0; expected a whole number",
    ),
    (
        lambda: WITHOUT_TYPES("gaussian_filter")(ROW, 1, order=1.0),
        e.KindError,
        "order: got 1.0",
    ),
    (
        lambda: ndimage.gaussian_filter(ROW, 1, truncate=np.inf),
        e.KernelError,
        "truncate: got inf",
    ),
    (
        lambda: WITHOUT_TYPES("correlate")(ROW, [1, 2], origin=0.5),
        e.KindError,
        "origin: got 0.5",
    ),
    (
        lambda: WITHOUT_TYPES("correlate")(ROW, [1, 2], axes="x"),
        e.KindError,
        "axis: got 'x'",
    ),
    (
        lambda: WITHOUT_TYPES("rank_filter")(ROW, 1.0, 3),
        e.KindError,
        "rank: got 1.0",
    ),
    (
        lambda: WITHOUT_TYPES("percentile_filter")(ROW, "50", 3),
        e.KindError,
        "percentile: got '50'",
    ),
    (
        lambda: ndimage.laplace(ROW, np.broadcast_to(0.0, 7)),
        e.KindError,
        "read only",
    ),
    (lambda: ndimage.maximum_filter(ROW), e.GeometryError, "footprint"),
    (lambda: ndimage.maximum_filter(ROW, footprint=[0, 0]), e.KernelError, "counts"),
    (lambda: ndimage.maximum_filter(ROW, footprint=[[1]]), e.DimError, "2 axes"),
    (lambda: ndimage.maximum_filter(ROW + 1j, 3), e.KindError, "take abs"),
    (lambda: ndimage.rank_filter(ROW, 3, 3), e.NumberError, "3 of 3"),
    (lambda: ndimage.percentile_filter(ROW, 101, 3), e.NumberError, "from -100"),
    (lambda: ndimage.laplace(ROW, np.zeros(3)), e.GeometryError, r"\(7,\)"),
    (lambda: ndimage.laplace(ROW, [1, 2]), e.KindError, "in memory"),
    (lambda: ndimage.laplace(ROW, da.zeros(7)), e.KindError, "leave it out"),
    (lambda: ndimage.laplace(ROW, "no dtype"), e.KindError, "a dtype"),
    (
        lambda: WITHOUT_TYPES("laplace")(xr.Dataset({"a": ("x", ROW)})),
        e.KindError,
        "map",
    ),
    (lambda: ndimage.laplace(np.array(["a", "b"])), e.NumberError, "dtype"),
    (
        lambda: ndimage.correlate(ROW, [1j], output=np.zeros(7)),
        e.NumberError,
        "complex dtype",
    ),
    (
        lambda: ndimage.laplace(
            da.from_array(ROW, chunks=3)[da.from_array(ROW > 2, 3)]
        ),
        e.KindError,
        "compute_chunk_sizes",
    ),
]


@pytest.mark.parametrize(("call", "kind", "says"), ERRORS)
def test_errors_say_what_can_be(call, kind, says):
    with pytest.raises(kind, match=says):
        call()
