"""The public function of a ball."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.api.apply import Dims, Labelled, apply, value_names
from volconv.api.kernels import SMOOTHING
from volconv.api.weights import missing_of, weights_dims
from volconv.boundary import BoundaryLike
from volconv.geometry import LabelLike, PaddingLike, PerDim
from volconv.kernels import LengthLike
from volconv.steps import WindowOptions
from volconv.steps.ball import ball_step

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import DTypeLike

__all__ = ["ball"]


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
