"""The public functions that make more cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.api.apply import Dims, Labelled, apply, value_names
from volconv.boundary import BoundaryLike
from volconv.geometry import PerDim
from volconv.steps.upsample import upsample_step

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["upsample"]


def upsample(
    data: Labelled,
    factor: PerDim,
    *,
    dims: Dims | None = None,
    method: str = "nearest",
    boundary: BoundaryLike = "edge",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Several cells in the place of each: repeated, or on a line from one to the next.

    Results are those of ``torch.nn.functional.interpolate`` with a whole
    ``scale_factor``, ``mode="nearest"`` or ``"linear"`` (``"bilinear"``,
    ``"trilinear"``) and ``align_corners=False``.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    factor : int or {dim: int}
        Cells in the place of each.
    dims : str or sequence of str, optional
        Dimensions that one `factor` for all goes to; by default all.
    method : str
        ``"nearest"`` repeats each cell, of any dtype; ``"linear"`` interpolates between
        the centres of cells, along each dimension that has a factor.
    boundary : str or {dim: str}
        What ``"linear"`` finds beyond the edge, as for `correlate`: ``"edge"`` as in
        PyTorch, ``"wrap"`` for a longitude. ``"nearest"`` reads nothing there.
    fill_value : number
        As for `correlate`.
    dtype : dtype, optional
        Of the result: by default the data's; under ``"linear"`` integers of up to 16
        bits become float32, others float64.
    keep_attrs : bool, optional
        As for `correlate`.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`. Coordinates are those of the smaller cells: the first one's
        lies before the first of the data.

    Raises
    ------
    KindError
        If the method is not known, or no dimension has a factor.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([0.0, 8.0, 4.0], {"x": [10, 20, 30]}, "x")
    >>> upsample(row, 2).values
    array([0., 0., 8., 8., 4., 4.])
    >>> between = upsample(row, 2, method="linear")
    >>> between.values
    array([0., 2., 6., 7., 5., 4.])
    >>> between.x.values
    array([ 7.5, 12.5, 17.5, 22.5, 27.5, 32.5])
    """
    return apply(
        data,
        lambda meta: upsample_step(
            meta, factor, dims, method, boundary, fill_value, dtype
        ),
        value_names(factor, dims),
        keep_attrs,
    )
