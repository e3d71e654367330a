"""The public functions that choose one value of each window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.api.apply import Dims, Labelled, apply, value_names
from volconv.boundary import BoundaryLike
from volconv.geometry import LabelLike, PaddingLike, PerDim
from volconv.kernels import SizeLike
from volconv.steps import WindowOptions
from volconv.steps.pooling import pool_step

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["CLOSEST", "max_pool", "median_pool", "min_pool", "mode_pool"]

CLOSEST = ("valid", "edge")
"""Padding and boundary of pooling for dimensions that a mapping leaves out."""


def max_pool(
    data: Labelled,
    size: SizeLike,
    *,
    dims: Dims | None = None,
    stride: PerDim | None = None,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    label: LabelLike = "center",
    boundary: BoundaryLike = "edge",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Largest value of each window, by default of windows side by side.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`, but not complex.
    size, dims, stride, padding, dilation, label, boundary, fill_value, keep_attrs
        As for `mean_pool`.
    dtype : dtype, optional
        Of the result; by default the data's.

    Returns
    -------
    DataArray or Dataset
        As for `mean_pool`, of the data's dtype. A window with a NaN has NaN for its value.

    Raises
    ------
    NumberError
        As for `correlate`, and for complex numbers.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([1, 5, 3, 2], dims="x")
    >>> max_pool(row, 2).values
    array([5, 3])
    """
    options = WindowOptions(
        1, padding, dilation, boundary, fill_value, dtype, "auto", *CLOSEST, label
    )
    return apply(
        data,
        lambda meta: pool_step("max", meta, size, stride, dims, options),
        value_names(size, dims),
        keep_attrs,
    )


def min_pool(
    data: Labelled,
    size: SizeLike,
    *,
    dims: Dims | None = None,
    stride: PerDim | None = None,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    label: LabelLike = "center",
    boundary: BoundaryLike = "edge",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Smallest value of each window, by default of windows side by side.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`, but not complex.
    size, dims, stride, padding, dilation, label, boundary, fill_value, keep_attrs
        As for `mean_pool`.
    dtype : dtype, optional
        Of the result; by default the data's.

    Returns
    -------
    DataArray or Dataset
        As for `mean_pool`, of the data's dtype. A window with a NaN has NaN for its value.

    Raises
    ------
    NumberError
        As for `correlate`, and for complex numbers.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([1, 5, 3, 2], dims="x")
    >>> min_pool(row, 2).values
    array([1, 2])
    """
    options = WindowOptions(
        1, padding, dilation, boundary, fill_value, dtype, "auto", *CLOSEST, label
    )
    return apply(
        data,
        lambda meta: pool_step("min", meta, size, stride, dims, options),
        value_names(size, dims),
        keep_attrs,
    )


def median_pool(
    data: Labelled,
    size: SizeLike,
    *,
    dims: Dims | None = None,
    stride: PerDim | None = None,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    label: LabelLike = "center",
    boundary: BoundaryLike = "edge",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Middle value of each window, by default of windows side by side.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`, but not complex.
    size, dims, stride, padding, dilation, label, boundary, fill_value, keep_attrs
        As for `mean_pool`.
    dtype : dtype, optional
        Of the result; by default the data's.

    Returns
    -------
    DataArray or Dataset
        As for `mean_pool`, of the data's dtype. Of an even number of floats it is the mean
        of the two in the middle, of integers the lower of them, which is a value that
        is there. A window with a NaN has NaN for its value.

    Raises
    ------
    NumberError
        As for `correlate`, and for complex numbers.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([1, 5, 3, 2], dims="x")
    >>> median_pool(row, 3, stride=1).values
    array([3, 3])
    >>> median_pool(row, 2).values
    array([1, 2])
    """
    options = WindowOptions(
        1, padding, dilation, boundary, fill_value, dtype, "auto", *CLOSEST, label
    )
    return apply(
        data,
        lambda meta: pool_step("median", meta, size, stride, dims, options),
        value_names(size, dims),
        keep_attrs,
    )


def mode_pool(
    data: Labelled,
    size: SizeLike,
    *,
    dims: Dims | None = None,
    stride: PerDim | None = None,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    label: LabelLike = "center",
    boundary: BoundaryLike = "edge",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Most frequent label of each window, by default of windows side by side.

    Parameters
    ----------
    data : DataArray or Dataset
        Labels: integers or booleans.
    size, dims, stride, padding, dilation, label, boundary, fill_value, keep_attrs
        As for `mean_pool`.
    dtype : dtype, optional
        Of the result; by default the data's.

    Returns
    -------
    DataArray or Dataset
        As for `mean_pool`, of the data's dtype. Of several labels that are equally
        frequent it is the smallest.

    Raises
    ------
    NumberError
        As for `correlate`, and for floats and complex numbers.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> labels = xr.DataArray([7, 7, 2, 9, 4, 4], dims="x")
    >>> mode_pool(labels, 3).values
    array([7, 4])
    >>> mode_pool(labels, 2).values
    array([7, 2, 4])
    """
    options = WindowOptions(
        1, padding, dilation, boundary, fill_value, dtype, "auto", *CLOSEST, label
    )
    return apply(
        data,
        lambda meta: pool_step("mode", meta, size, stride, dims, options),
        value_names(size, dims),
        keep_attrs,
    )
