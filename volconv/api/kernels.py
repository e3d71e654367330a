"""The public functions of a kernel that the user gives."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import xarray as xr

from volconv.api.apply import Dims, Labelled, apply, value_names
from volconv.api.weights import missing_of, weights_dims
from volconv.boundary import BoundaryLike
from volconv.errors import DimError
from volconv.geometry import LabelLike, PaddingLike, PerDim
from volconv.steps import WindowOptions
from volconv.steps.correlate import convolve_step, correlate_step

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

__all__ = ["convolve", "correlate", "kernel_names"]


def correlate(
    data: Labelled,
    kernel: ArrayLike | xr.DataArray,
    *,
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    label: LabelLike = "center",
    boundary: BoundaryLike = "constant",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    skipna: bool = False,
    min_weight: float = 0,
    weights: xr.DataArray | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Cross-correlation of labelled data with a kernel, which is not flipped.

    Parameters
    ----------
    data : DataArray or Dataset
        Values of any shape: integers, floats, complex numbers or booleans. Dimensions
        that the kernel lacks are carried along.
    kernel : array_like or DataArray
        Weights. A DataArray's dims say where it goes. A weight of exactly zero takes no
        part, and lets no NaN through.
    dims : str or sequence of str, optional
        Dimensions of the kernel's axes, in their order; by default the data's, where
        the kernel has as many.
    stride : int or {dim: int}
        Cells from one output to the next.
    padding : int, (int, int), str, or {dim: one of them}
        Cells added before and after: an integer for both, a pair, or ``"valid"``,
        ``"same"``, ``"same_upper"``, ``"same_lower"``, ``"full"``.
    dilation : int or {dim: int}
        Cells from one tap to the next.
    label : str or {dim: str}
        Which cell of its window gives an output its coordinate: ``"center"``, the middle
        or the mean of the two middle ones, ``"left"``, the first, or ``"right"``, the
        last.
    boundary : str or {dim: str}
        What padded cells hold: ``"constant"`` (`fill_value`), ``"edge"``,
        ``"reflect"``, ``"symmetric"`` or ``"wrap"``, as in `numpy.pad`.
    fill_value : number
        For ``"constant"``; the data's dtype must be able to hold it.
    dtype : dtype, optional
        Of the result: values are rounded half to even, and saturated at an integer
        dtype's ends. By default floats keep theirs; integers under float weights become
        float32 or float64, under integer weights an integer dtype that holds every sum.
    engine : str
        ``"auto"``, ``"direct"``, ``"separable"``, ``"fft"`` or ``"reference"``: see
        docs/numbers.md.
    skipna : bool
        Whether missing cells (NaN, and what an attribute ``_FillValue`` or
        ``missing_value`` declares) are left out, and the kernel's weights rescaled by
        those of the others; by default missing cells spread. Integers become floats.
    min_weight : float
        Share of the kernel's absolute weight that must be there, from 0 to 1; an output
        of less is missing. Any cell will do by default.
    weights : DataArray, optional
        How much each cell counts, along some of the data's dimensions: areas, or a mask.
        ``Σ w a v / Σ w a · Σ w`` for kernel weights w and cell weights a.
    keep_attrs : bool, optional
        Whether attributes are kept; by default xarray's own option says.

    Returns
    -------
    DataArray or Dataset
        ``floor((n + a + b - e) / s) + 1`` values along each dimension of the kernel, for
        n cells padded by a and b, span ``e = d (f - 1) + 1`` and stride s (Dumoulin &
        Visin 2016); coordinates are those of the windows' centres. Lazy where `data` is
        backed by Dask. The bits do not depend on chunks, but under ``"fft"``, which
        ``"auto"`` takes for large dense kernels, within that engine's error.

    Raises
    ------
    VolconvError
        The child that names what is wrong: `GeometryError`, `DimError`,
        `BoundaryError`, `KernelError`, `NumberError` or `KindError`; a `KernelError` for
        weights that sum to zero, which cannot be rescaled, too.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> row = xr.DataArray(np.arange(6.0), {"x": np.arange(6) * 10.0}, "x")
    >>> halved = correlate(row, [0.5, 0.5], stride=2)
    >>> halved.values, halved.x.values
    (array([0.5, 2.5, 4.5]), array([ 5., 25., 45.]))
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
        label=label,
        missing=missing,
    )
    return apply(
        data,
        partial(correlate_step, kernel=kernel, dims=dims, options=options),
        (*kernel_names(data, kernel, dims), *weights_dims(weights)),
        keep_attrs,
    )


def convolve(
    data: Labelled,
    kernel: ArrayLike | xr.DataArray,
    *,
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    label: LabelLike = "center",
    boundary: BoundaryLike = "constant",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    skipna: bool = False,
    min_weight: float = 0,
    weights: xr.DataArray | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Convolution of labelled data: `correlate` with the kernel flipped, nothing else.

    Parameters
    ----------
    data, kernel, dims, stride, padding, dilation, label, boundary, fill_value, dtype, \
engine, skipna, min_weight, weights, keep_attrs
        As for `correlate`.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([0.0, 0.0, 1.0, 0.0, 0.0], dims="x")
    >>> convolve(row, [1, 2, 3], padding="same").values
    array([0., 1., 2., 3., 0.])
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
        label=label,
        missing=missing,
    )
    return apply(
        data,
        partial(convolve_step, kernel=kernel, dims=dims, options=options),
        (*kernel_names(data, kernel, dims), *weights_dims(weights)),
        keep_attrs,
    )


def kernel_names(data: object, kernel: object, dims: Dims | None) -> tuple[str, ...]:
    """Dimensions that a kernel and `dims` name; a Dataset needs them named.

    Raises
    ------
    DimError
        If a Dataset is given with a kernel that has no names.
    """
    own = getattr(kernel, "dims", None)
    if own is not None:
        return tuple(str(dim) for dim in own)
    if dims is None and isinstance(data, xr.Dataset):
        raise DimError(
            "dims",
            "none",
            "one dimension for each axis of the kernel, where data is a Dataset",
            "say dims=[…], or pass the kernel as a DataArray",
        )
    return value_names(None, dims)
