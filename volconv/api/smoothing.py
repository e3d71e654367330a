"""The public functions that smooth: means of the cells around each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from volconv.api.apply import Dims, Labelled, apply, value_names
from volconv.api.weights import missing_of, weights_dims
from volconv.boundary import BoundaryLike
from volconv.geometry import LabelLike, PaddingLike, PerDim
from volconv.kernels import LengthLike, SizeLike
from volconv.steps import WindowOptions
from volconv.steps.ball import ball_step
from volconv.steps.box import box_step
from volconv.steps.gaussian import gaussian_step

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import DTypeLike

__all__ = ["SMOOTHING", "ball", "box", "gaussian"]

SMOOTHING = ("same", "symmetric")
"""Padding and boundary of smoothing for dimensions that a mapping leaves out."""


def gaussian(
    data: Labelled,
    sigma: LengthLike,
    *,
    dims: Dims | None = None,
    truncate: float = 4.0,
    stride: PerDim = 1,
    padding: PaddingLike = "same",
    label: LabelLike = "center",
    boundary: BoundaryLike = "symmetric",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    skipna: bool = False,
    min_weight: float = 0,
    weights: xr.DataArray | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Labelled data smoothed by Gaussian weights that sum to 1.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    sigma : float, str, or {dim: float or str}
        Standard deviation: a number counts cells; a text such as ``"1.2 mm"`` is divided
        by the spacing of each dimension's coordinate, whose ``units`` say its unit.
    dims : str or sequence of str, optional
        Dimensions that one `sigma` for all goes to: by default all, or, for a text,
        those whose unit is of its kind.
    truncate : float
        Standard deviations from the centre to the last tap.
    stride, padding, label, boundary, fill_value, dtype, engine, skipna, min_weight, \
weights, keep_attrs
        As for `correlate`; the defaults of padding and boundary make the result that of
        `scipy.ndimage.gaussian_filter`.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`.

    Raises
    ------
    UnitError
        If a unit is unknown or missing, or cells are not evenly spaced.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> row = xr.DataArray(np.eye(5)[2], {"x": ("x", np.arange(5) * 0.5)}, "x")
    >>> row.x.attrs["units"] = "mm"
    >>> gaussian(row, "0.5 mm", truncate=1).values.round(3)
    array([0.   , 0.274, 0.452, 0.274, 0.   ])
    """
    missing = missing_of(data, skipna, min_weight, weights)
    options = WindowOptions(
        stride,
        padding,
        1,
        boundary,
        fill_value,
        dtype,
        engine,
        *SMOOTHING,
        label,
        missing,
    )
    return apply(
        data,
        partial(
            gaussian_step, sigma=sigma, dims=dims, truncate=truncate, options=options
        ),
        (*value_names(sigma, dims), *weights_dims(weights)),
        keep_attrs,
    )


def box(
    data: Labelled,
    size: SizeLike,
    *,
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: PaddingLike = "same",
    dilation: PerDim = 1,
    label: LabelLike = "center",
    boundary: BoundaryLike = "symmetric",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    skipna: bool = False,
    min_weight: float = 0,
    weights: xr.DataArray | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Mean of the cells under a box.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    size : int, str, or {dim: int or str}
        Cells of the box along each dimension; a text such as ``"6 mm"`` is the nearest
        whole number of them, and at least one.
    dims : str or sequence of str, optional
        Dimensions that one `size` for all goes to: by default all, or, for a text,
        those whose unit is of its kind.
    stride, padding, dilation, label, boundary, fill_value, dtype, engine, skipna, \
min_weight, weights, keep_attrs
        As for `correlate`; with ``padding="valid"`` and a stride of the box's size, the
        means of blocks.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`.

    Raises
    ------
    UnitError
        If a unit is unknown or missing, or cells are not evenly spaced.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> row = xr.DataArray(np.arange(6.0), {"x": np.arange(6)}, "x")
    >>> box(row, 3, stride=3, padding="valid").values
    array([1., 4.])
    """
    missing = missing_of(data, skipna, min_weight, weights)
    options = WindowOptions(
        stride,
        padding,
        dilation,
        boundary,
        fill_value,
        dtype,
        engine,
        *SMOOTHING,
        label,
        missing,
    )
    return apply(
        data,
        partial(box_step, size=size, dims=dims, options=options),
        (*value_names(size, dims), *weights_dims(weights)),
        keep_attrs,
    )


def ball(
    data: Labelled,
    radius: LengthLike,
    *,
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: PaddingLike = "same",
    label: LabelLike = "center",
    boundary: BoundaryLike = "symmetric",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    skipna: bool = False,
    min_weight: float = 0,
    weights: xr.DataArray | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Mean of the cells whose centres lie within a radius of the window's centre.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    radius : float, str, or {dim: float or str}
        A number counts cells; a text such as ``"3 mm"`` is divided by the spacing of
        each dimension's coordinate, so that cells of any shape make a sphere of it.
        Radii by name make an ellipsoid.
    dims : str or sequence of str, optional
        Dimensions that one `radius` for all goes to: by default all, or, for a text,
        those whose unit is of its kind.
    stride, padding, label, boundary, fill_value, dtype, engine, skipna, min_weight, \
weights, keep_attrs
        As for `correlate`.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`; windows have ``2 floor(r) + 1`` cells along a dimension
        with a radius of r cells.

    Raises
    ------
    UnitError
        If a unit is unknown or missing, or cells are not evenly spaced.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> cells = xr.DataArray(np.zeros((3, 7)), dims=("y", "x"))
    >>> cells[1, 3] = 7
    >>> cells["y"] = ("y", [0.0, 2.0, 4.0], {"units": "mm"})
    >>> cells["x"] = ("x", np.arange(7.0), {"units": "mm"})
    >>> ball(cells, "2 mm").values
    array([[0., 0., 0., 1., 0., 0., 0.],
           [0., 1., 1., 1., 1., 1., 0.],
           [0., 0., 0., 1., 0., 0., 0.]])
    """
    missing = missing_of(data, skipna, min_weight, weights)
    options = WindowOptions(
        stride,
        padding,
        1,
        boundary,
        fill_value,
        dtype,
        engine,
        *SMOOTHING,
        label,
        missing,
    )
    return apply(
        data,
        lambda meta: ball_step(meta, radius, dims, options),
        (*value_names(radius, dims), *weights_dims(weights)),
        keep_attrs,
    )
