"""The public functions that put one value in a window's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.api.apply import Dims, Labelled, apply, value_names
from volconv.boundary import BoundaryLike
from volconv.geometry import PaddingLike, PerDim
from volconv.steps import WindowOptions
from volconv.steps.pooling import mean_pool_step, pool_step

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["max_pool", "mean_pool", "median_pool", "min_pool", "mode_pool"]

CLOSEST = ("valid", "edge")
"""Padding and boundary of pooling for dimensions that a mapping leaves out."""


def mean_pool(
    data: Labelled,
    size: PerDim,
    *,
    dims: Dims | None = None,
    stride: PerDim | None = None,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    boundary: BoundaryLike = "edge",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    count_padding: bool = True,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Mean of each window, by default of windows side by side.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    size : int or {dim: int}
        Cells of a window along each dimension.
    dims : str or sequence of str, optional
        Dimensions that one `size` for all goes to; by default all.
    stride : int or {dim: int}, optional
        Cells from one output to the next; by default the size. With ``stride=1`` and
        ``padding="same"`` the window slides.
    padding, dilation
        As for `correlate`: by default cells at the end that fill no window are left
        out.
    boundary : str or {dim: str}
        As for `correlate`. ``"edge"`` brings no value in that a window lacks.
    count_padding : bool
        Whether padded cells count. If not, the mean is of the cells of a window that
        lie in the array, whatever `boundary`; NaN where none does.
    fill_value, dtype, engine, keep_attrs
        As for `correlate`; by default the mean of integers is a float.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`. A window with a NaN has NaN for its mean.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([1, 2, 3, 6, 9], {"x": [0, 10, 20, 30, 40]}, "x")
    >>> halved = mean_pool(row, 2)
    >>> halved.values, halved.x.values
    (array([1.5, 4.5]), array([ 5., 25.]))
    """
    options = WindowOptions(
        1, padding, dilation, boundary, fill_value, dtype, engine, *CLOSEST
    )
    return apply(
        data,
        lambda meta: mean_pool_step(
            meta, size, stride, dims, options, count_padding=count_padding
        ),
        value_names(size, dims),
        keep_attrs,
    )


def max_pool(
    data: Labelled,
    size: PerDim,
    *,
    dims: Dims | None = None,
    stride: PerDim | None = None,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
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
    size, dims, stride, padding, dilation, boundary, fill_value, keep_attrs
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
        1, padding, dilation, boundary, fill_value, dtype, "auto", *CLOSEST
    )
    return apply(
        data,
        lambda meta: pool_step("max", meta, size, stride, dims, options),
        value_names(size, dims),
        keep_attrs,
    )


def min_pool(
    data: Labelled,
    size: PerDim,
    *,
    dims: Dims | None = None,
    stride: PerDim | None = None,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
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
    size, dims, stride, padding, dilation, boundary, fill_value, keep_attrs
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
        1, padding, dilation, boundary, fill_value, dtype, "auto", *CLOSEST
    )
    return apply(
        data,
        lambda meta: pool_step("min", meta, size, stride, dims, options),
        value_names(size, dims),
        keep_attrs,
    )


def median_pool(
    data: Labelled,
    size: PerDim,
    *,
    dims: Dims | None = None,
    stride: PerDim | None = None,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
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
    size, dims, stride, padding, dilation, boundary, fill_value, keep_attrs
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
        1, padding, dilation, boundary, fill_value, dtype, "auto", *CLOSEST
    )
    return apply(
        data,
        lambda meta: pool_step("median", meta, size, stride, dims, options),
        value_names(size, dims),
        keep_attrs,
    )


def mode_pool(
    data: Labelled,
    size: PerDim,
    *,
    dims: Dims | None = None,
    stride: PerDim | None = None,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
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
    size, dims, stride, padding, dilation, boundary, fill_value, keep_attrs
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
        1, padding, dilation, boundary, fill_value, dtype, "auto", *CLOSEST
    )
    return apply(
        data,
        lambda meta: pool_step("mode", meta, size, stride, dims, options),
        value_names(size, dims),
        keep_attrs,
    )
