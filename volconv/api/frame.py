"""The public functions that move an array's edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from volconv.api.apply import Labelled, apply, value_names
from volconv.boundary import BoundaryLike
from volconv.geometry import PaddingLike
from volconv.steps.frame import crop_step, pad_step

__all__ = ["crop", "pad"]


def pad(
    data: Labelled,
    padding: PaddingLike,
    *,
    boundary: BoundaryLike = "constant",
    fill_value: complex = 0,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Data with cells added around it, and coordinates that go on.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    padding : int, (int, int), or {dim: one of them}
        Cells before and after: an integer for both, or a pair; for every dimension, or
        by name.
    boundary : str or {dim: str}
        What these cells hold: as for `correlate`.
    fill_value, keep_attrs
        As for `correlate`.

    Returns
    -------
    DataArray or Dataset
        ``n + a + b`` cells along each dimension. Coordinates are continued with the
        spacing at the end. Lazy where `data` is backed by Dask.

    Raises
    ------
    KindError
        If a padding has a name, which needs a window.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([1, 2, 3], {"x": [0, 10, 20]}, "x")
    >>> wide = pad(row, (2, 1), boundary="reflect")
    >>> wide.values, wide.x.values
    (array([3, 2, 1, 2, 3, 2]), array([-20, -10,   0,  10,  20,  30]))
    """
    return apply(
        data,
        lambda meta: pad_step(meta, padding, boundary, fill_value),
        value_names(padding, None),
        keep_attrs,
    )


def crop(
    data: Labelled,
    region: Mapping[str, Sequence[int]],
    *,
    keep_attrs: bool | None = None,
) -> Labelled:
    """The cells of a region.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    region : {dim: (int, int)}
        First cell and the one after the last, along each dimension that is cropped;
        for coordinates there is `xarray.DataArray.sel`.
    keep_attrs : bool, optional
        As for `correlate`.

    Returns
    -------
    DataArray or Dataset
        The cells with their own coordinates. Lazy where `data` is backed by Dask:
        chunks outside the region are not read.

    Raises
    ------
    DimError
        If the data have no such dimension.
    GeometryError
        If a range is empty, or reaches beyond the data.
    KindError
        If there is no region, or a range is no pair of whole numbers.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([1, 2, 3, 4], {"x": [0, 10, 20, 30]}, "x")
    >>> part = crop(row, {"x": (1, 3)})
    >>> part.values, part.x.values
    (array([2, 3]), array([10, 20]))
    """
    return apply(
        data,
        lambda meta: crop_step(meta, region),
        value_names(region, None),
        keep_attrs,
    )
