"""The public functions that take differences of neighbouring cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.api.apply import Dims, Labelled, apply, value_names
from volconv.api.smoothing import SMOOTHING
from volconv.boundary import BoundaryLike
from volconv.geometry import LabelLike, PaddingLike, PerDim
from volconv.steps import WindowOptions
from volconv.steps.derivatives import (
    gradient_magnitude_step,
    gradient_step,
    laplace_step,
    sobel_step,
)

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["gradient", "gradient_magnitude", "laplace", "sobel"]


def gradient(
    data: Labelled,
    dim: str,
    *,
    per: str = "cell",
    stride: PerDim = 1,
    padding: PaddingLike = "same",
    label: LabelLike = "center",
    boundary: BoundaryLike = "symmetric",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Central differences along one dimension: ``(x[i+1] - x[i-1]) / 2 h``.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    dim : str
        The dimension.
    per : str
        ``"cell"``: h is 1. ``"unit"``: h is the spacing of the dimension's coordinate,
        negative where it descends; times count in seconds.
    stride, padding, label, boundary, fill_value, dtype, engine, keep_attrs
        As for `correlate`. Away from the edges the values are those of
        `numpy.gradient` and of `xarray.DataArray.differentiate`; at an edge, where
        these take the one-sided difference, the boundary decides, and the default
        gives half of it; ``padding="valid"`` leaves the edges out.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`. Per unit, ``units`` are divided by the coordinate's.

    Raises
    ------
    UnitError
        If it is wanted per unit, and the cells are not evenly spaced.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray(
    ...     [0.0, 1.0, 4.0, 9.0], {"x": ("x", [0.0, 0.5, 1.0, 1.5])}, "x"
    ... )
    >>> gradient(row, "x", padding="valid").values
    array([2., 4.])
    >>> gradient(row, "x", per="unit", padding="valid").values
    array([4., 8.])
    """
    options = WindowOptions(
        stride, padding, 1, boundary, fill_value, dtype, engine, *SMOOTHING, label
    )
    return apply(
        data, lambda meta: gradient_step(meta, dim, per, options), (dim,), keep_attrs
    )


def gradient_magnitude(
    data: Labelled,
    *,
    dims: Dims | None = None,
    per: str = "cell",
    stride: PerDim = 1,
    padding: PaddingLike = "same",
    label: LabelLike = "center",
    boundary: BoundaryLike = "symmetric",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Length of the gradient: ``√(Σ (∂x)²)`` of the central differences.

    All components are computed from one padded block, and never stored.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`, but not complex.
    dims : str or sequence of str, optional
        Dimensions of the components; by default all.
    per, stride, padding, label, boundary, fill_value, dtype, engine, keep_attrs
        As for `gradient`. Where dimensions have different spacings, ``per="unit"`` is
        the one that means something.

    Returns
    -------
    DataArray or Dataset
        As for `gradient`; where the coordinates' units differ, without ``units``.

    Raises
    ------
    UnitError
        As for `gradient`.
    NumberError
        As for `correlate`, and for complex numbers.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> plane = xr.DataArray(
    ...     3.0 * np.arange(4)[:, None] + 4.0 * np.arange(4), dims=("y", "x")
    ... )
    >>> gradient_magnitude(plane, padding="valid").values
    array([[5., 5.],
           [5., 5.]])
    """
    options = WindowOptions(
        stride, padding, 1, boundary, fill_value, dtype, engine, *SMOOTHING, label
    )
    return apply(
        data,
        lambda meta: gradient_magnitude_step(meta, dims, per, options),
        value_names(None, dims),
        keep_attrs,
    )


def laplace(
    data: Labelled,
    *,
    dims: Dims | None = None,
    per: str = "cell",
    stride: PerDim = 1,
    padding: PaddingLike = "same",
    label: LabelLike = "center",
    boundary: BoundaryLike = "symmetric",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Sum over dimensions of ``(x[i-1] - 2 x[i] + x[i+1]) / h²``.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    dims : str or sequence of str, optional
        Dimensions of the differences; by default all.
    per, stride, padding, label, boundary, fill_value, dtype, engine, keep_attrs
        As for `gradient`; the defaults give the result of `scipy.ndimage.laplace`, but
        integers stay integers, of a dtype that holds every sum.

    Returns
    -------
    DataArray or Dataset
        As for `gradient_magnitude`.

    Raises
    ------
    UnitError
        As for `gradient`.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> laplace(xr.DataArray([0, 1, 4, 9], dims="x"), padding="valid").values
    array([2, 2])
    """
    options = WindowOptions(
        stride, padding, 1, boundary, fill_value, dtype, engine, *SMOOTHING, label
    )
    return apply(
        data,
        lambda meta: laplace_step(meta, dims, per, options),
        value_names(None, dims),
        keep_attrs,
    )


def sobel(
    data: Labelled,
    dim: str | None = None,
    *,
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: PaddingLike = "same",
    label: LabelLike = "center",
    boundary: BoundaryLike = "symmetric",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Differences along one dimension, smoothed along the others; or their length.

    Weights ``-1 0 1`` along `dim`, times ``1 2 1`` along each other of `dims`, not
    normalised, per cell.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    dim : str, optional
        The dimension of the differences; by default the root of the sum of squares
        over all of `dims`, from one padded block.
    dims : str or sequence of str, optional
        Dimensions of the kernel; by default all.
    stride, padding, label, boundary, fill_value, dtype, engine, keep_attrs
        As for `correlate`; the defaults give the result of `scipy.ndimage.sobel`, but
        integers stay integers, of a dtype that holds every sum.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`.

    Raises
    ------
    DimError
        If `dim` is not one of `dims`.
    NumberError
        As for `correlate`; and for complex numbers, where no `dim` is given.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> plane = xr.DataArray(np.tile(np.arange(4), (3, 1)), dims=("y", "x"))
    >>> sobel(plane, "x", padding="valid").values
    array([[8, 8]])
    """
    options = WindowOptions(
        stride, padding, 1, boundary, fill_value, dtype, engine, *SMOOTHING, label
    )
    named = {*value_names(None, dims), *value_names(None, dim)}
    return apply(
        data,
        lambda meta: sobel_step(meta, dim, dims, options),
        sorted(named),
        keep_attrs,
    )
