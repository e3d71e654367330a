"""The public functions of single cells: their coordinates stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.api.apply import Labelled, apply
from volconv.steps.pointwise import (
    abs_step,
    cast_step,
    log_step,
    sqrt_step,
    square_step,
)

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = [
    "abs",
    "cast",
    "log",
    "sqrt",
    "square",
]


def abs(  # noqa: A001  numpy and xarray call it so, too
    data: Labelled, *, dtype: DTypeLike | None = None, keep_attrs: bool | None = None
) -> Labelled:
    """Absolute values, ``|x|``.

    Parameters
    ----------
    data : DataArray or Dataset
        Integers, floats, complex numbers or booleans.
    dtype : dtype, optional
        Of the result: values are rounded half to even, and saturated at an integer
        dtype's ends. By default floats keep theirs; signed integers become unsigned
        ones of the same size, which hold them all; complex numbers become real.
    keep_attrs : bool, optional
        Whether attributes are kept; by default xarray's own option says.

    Returns
    -------
    DataArray or Dataset
        Lazy where `data` is backed by Dask.

    Raises
    ------
    NumberError
        If a dtype cannot be computed with.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> abs(xr.DataArray(np.array([-128, 3], "int8"), dims="x")).values
    array([128,   3], dtype=uint8)
    """
    return apply(data, lambda meta: abs_step(meta, dtype), (), keep_attrs)


def square(
    data: Labelled, *, dtype: DTypeLike | None = None, keep_attrs: bool | None = None
) -> Labelled:
    """Squares, ``x²``.

    Parameters
    ----------
    data, dtype, keep_attrs
        As for `abs`; by default integers become integers of twice the bits, up to 64.

    Returns
    -------
    DataArray or Dataset
        As for `abs`; without ``units``.

    Raises
    ------
    NumberError
        As for `abs`; or, when computed, if a square is beyond 64 bits.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> square(xr.DataArray(np.array([-128, 3], "int8"), dims="x")).values
    array([16384,     9], dtype=int16)
    """
    return apply(data, lambda meta: square_step(meta, dtype), (), keep_attrs)


def sqrt(
    data: Labelled, *, dtype: DTypeLike | None = None, keep_attrs: bool | None = None
) -> Labelled:
    """Square roots, ``√x``; NaN below zero.

    Parameters
    ----------
    data, dtype, keep_attrs
        As for `abs`, but not complex; by default integers of up to 16 bits become
        float32, longer ones float64.

    Returns
    -------
    DataArray or Dataset
        As for `abs`; without ``units``.

    Raises
    ------
    NumberError
        As for `abs`, and for complex numbers.

    Examples
    --------
    >>> import xarray as xr
    >>> sqrt(xr.DataArray([4.0, 9.0, -1.0], dims="x")).values
    array([ 2.,  3., nan])
    """
    return apply(data, lambda meta: sqrt_step(meta, dtype), (), keep_attrs)


def log(
    data: Labelled, *, dtype: DTypeLike | None = None, keep_attrs: bool | None = None
) -> Labelled:
    """Natural logarithms, ``ln x``; -inf at zero, NaN below.

    Parameters
    ----------
    data, dtype, keep_attrs
        As for `sqrt`.

    Returns
    -------
    DataArray or Dataset
        As for `sqrt`.

    Raises
    ------
    NumberError
        As for `sqrt`.

    Examples
    --------
    >>> import xarray as xr
    >>> log(xr.DataArray([1.0, 0.0, -1.0], dims="x")).values
    array([  0., -inf,  nan])
    """
    return apply(data, lambda meta: log_step(meta, dtype), (), keep_attrs)


def cast(
    data: Labelled, dtype: DTypeLike, *, keep_attrs: bool | None = None
) -> Labelled:
    """Values in another dtype: rounded half to even, and saturated.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `abs`.
    dtype : dtype
        Of the result. Beyond an integer dtype's ends values become its ends; booleans
        are what is not zero.
    keep_attrs : bool, optional
        As for `abs`.

    Returns
    -------
    DataArray or Dataset
        As for `abs`.

    Raises
    ------
    NumberError
        As for `abs`; for complex numbers that are to become real; or, when computed, if
        a NaN is to become an integer.

    Examples
    --------
    >>> import xarray as xr
    >>> cast(xr.DataArray([0.5, 1.5, 300.0, -4.0], dims="x"), "uint8").values
    array([  0,   2, 255,   0], dtype=uint8)
    """
    return apply(data, lambda meta: cast_step(meta, dtype), (), keep_attrs)
