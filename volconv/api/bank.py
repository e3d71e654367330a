"""The public function of several kernels over one read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import xarray as xr

from volconv.api.apply import Dims, Labelled, apply
from volconv.api.kernels import kernel_names
from volconv.boundary import BoundaryLike
from volconv.geometry import LabelLike, PaddingLike, PerDim
from volconv.kernels.kernel import are_several
from volconv.steps import WindowOptions
from volconv.steps.bank import correlate_bank_step

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

__all__ = ["correlate_bank"]


def correlate_bank(
    data: Labelled,
    kernels: Mapping[Any, ArrayLike] | Sequence[ArrayLike] | xr.DataArray,
    *,
    dim: str = "kernel",
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    label: LabelLike = "center",
    boundary: BoundaryLike = "constant",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Cross-correlation with several kernels at once, along a new dimension.

    Each block is read and padded once, and every kernel moves over it.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    kernels : list of kernels, {name: kernel}, or DataArray
        Kernels of one shape, each as `correlate` takes it. Names become the coordinate
        of the new dimension. A DataArray has the new dimension among its own; what it
        has for coordinates along it is kept.
    dim : str
        The new dimension. It comes first, so that the result of each kernel lies
        together.
    dims : str or sequence of str, optional
        As for `correlate`; for all kernels.
    stride, padding, dilation, label, boundary, fill_value, dtype, engine, keep_attrs
        As for `correlate`; for all kernels.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`, whose bits each kernel's part has. All parts are of one
        dtype: where integers are summed, the one that holds those of all kernels, as
        NumPy finds it, or int64.

    Raises
    ------
    KernelError
        If the kernels differ in shape: pad the smaller with zeros, which cost nothing.
    DimError
        If the data have the new dimension already, or the DataArray lacks it.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> row = xr.DataArray(np.array([1.0, 2.0, 4.0, 8.0]), dims="x")
    >>> both = correlate_bank(row, {"sum": [1, 1], "slope": [-1, 1]})
    >>> both.dims, both.sel(kernel="slope").values
    (('kernel', 'x'), array([1., 2., 4.]))
    """
    options = WindowOptions(
        stride, padding, dilation, boundary, fill_value, dtype, engine, label=label
    )
    found = apply(
        data,
        lambda meta: correlate_bank_step(meta, kernels, dim, dims, options),
        bank_names(data, kernels, dim, dims),
        keep_attrs,
    )
    return found.assign_coords(coords_along(kernels, dim))


def bank_names(
    data: object, kernels: object, dim: str, dims: Dims | None
) -> tuple[str, ...]:
    """Dimensions that kernels and `dims` name: see `kernel_names`."""
    own = getattr(kernels, "dims", None)
    if own is not None:
        return tuple(str(name) for name in own if name != dim)
    each = kernels.values() if isinstance(kernels, Mapping) else kernels
    first = next(iter(each), None) if are_several(each) else None
    return kernel_names(data, first, dims)


def coords_along(kernels: object, dim: str) -> dict[Any, xr.DataArray]:
    """Coordinates that a DataArray of kernels has along their own dimension."""
    if not isinstance(kernels, xr.DataArray):
        return {}
    coords = kernels.coords.items()
    return {name: coord for name, coord in coords if coord.dims == (dim,)}
