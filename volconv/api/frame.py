"""The public functions that move an array's edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from volconv.api.apply import Labelled, apply, value_names
from volconv.boundary import BoundaryLike
from volconv.coordinates import labelled_region
from volconv.geometry import PaddingLike
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep
from volconv.steps.frame import Ends, crop_step, labels_beside, pad_step

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
    region: Mapping[str, Sequence[int]] | None = None,
    *,
    labels: Mapping[str, slice | Sequence[Any]] | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """The cells of a region.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    region : {dim: (int, int)}, optional
        First cell and the one after the last, along each dimension that is cropped by
        cells.
    labels : {dim: (first, last)}, optional
        First and last label, or a slice of them, along each dimension that is cropped
        by its coordinate: both are included and stand in the coordinate's order, as in
        `xarray.DataArray.sel`. Numbers; texts with a unit, such as ``"500 hPa"``; dates
        and times, or texts of them, such as ``"2026-01"``; None for an open end.
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
        If the data have no such dimension, or no coordinate along one of `labels`.
    GeometryError
        If a range is empty, or reaches beyond the data: by a cell, where it is given in
        labels; or if labels neither rise nor fall all along.
    UnitError
        If a label's unit does not fit the coordinate's.
    KindError
        If there is neither region nor labels, or a range is no pair.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([1, 2, 3, 4], {"x": [0, 10, 20, 30]}, "x")
    >>> part = crop(row, {"x": (1, 3)})
    >>> part.values, part.x.values
    (array([2, 3]), array([10, 20]))
    >>> crop(row, labels={"x": slice(10, 25)}).x.values
    array([10, 20])
    """
    named: Mapping[str, Ends] = labels_beside({} if labels is None else labels, region)

    def resolve(meta: ArrayMeta) -> BlockStep:
        cells = labelled_region(named, meta, data.coords.to_dataset())
        return crop_step(meta, {**region, **cells} if region else cells)

    return apply(data, resolve, (*value_names(region, None), *named), keep_attrs)
