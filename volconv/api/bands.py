"""The public functions that compare cells with smoothed ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from volconv.api.apply import Dims, Labelled, apply, value_names
from volconv.api.smoothing import SMOOTHING
from volconv.boundary import BoundaryLike
from volconv.geometry import LabelLike, PaddingLike, PerDim
from volconv.kernels import LengthLike
from volconv.steps import WindowOptions
from volconv.steps.bands import difference_of_gaussians_step, unsharp_step

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["difference_of_gaussians", "unsharp"]


def difference_of_gaussians(
    data: Labelled,
    low_sigma: LengthLike,
    high_sigma: LengthLike,
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
    keep_attrs: bool | None = None,
) -> Labelled:
    """What a narrow Gaussian keeps and a wide one does not: the narrow less the wide.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    low_sigma, high_sigma : float, str, or {dim: float or str}
        Standard deviation of the narrow and of the wide one: as for `gaussian`.
    dims, truncate
        As for `gaussian`.
    stride, padding, label, boundary, fill_value, dtype, engine, keep_attrs
        As for `gaussian`. Both are computed from one padded block.

    Returns
    -------
    DataArray or Dataset
        As for `gaussian`.

    Raises
    ------
    KernelError
        If `low_sigma` is above `high_sigma` along a dimension.
    UnitError
        As for `gaussian`.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> spot = xr.DataArray(np.eye(5)[2], dims="x")
    >>> difference_of_gaussians(spot, 0.5, 1.0).values.round(2)
    array([-0.06, -0.14,  0.39, -0.14, -0.06])
    """
    options = WindowOptions(
        stride, padding, 1, boundary, fill_value, dtype, engine, *SMOOTHING, label
    )
    both = [sigma for sigma in (low_sigma, high_sigma) if isinstance(sigma, Mapping)]
    named = dict.fromkeys(dim for sigma in both for dim in sigma)
    return apply(
        data,
        lambda meta: difference_of_gaussians_step(
            meta, (low_sigma, high_sigma), dims, truncate, options
        ),
        tuple(named) or value_names(None, dims),
        keep_attrs,
    )


def unsharp(
    data: Labelled,
    sigma: LengthLike,
    *,
    amount: float = 1.0,
    dims: Dims | None = None,
    truncate: float = 4.0,
    stride: PerDim = 1,
    padding: PaddingLike = "same",
    label: LabelLike = "center",
    boundary: BoundaryLike = "symmetric",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Sharpened data: ``x + amount (x - smooth)``, smooth by a Gaussian.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    sigma : float, str, or {dim: float or str}
        Standard deviation of the Gaussian: as for `gaussian`.
    amount : float
        How much of the difference is added.
    dims, truncate
        As for `gaussian`.
    stride, padding, label, boundary, fill_value, dtype, engine, keep_attrs
        As for `gaussian`; values are not clipped.

    Returns
    -------
    DataArray or Dataset
        As for `gaussian`.

    Raises
    ------
    NumberError, KindError
        If `amount` is no finite number.
    UnitError
        As for `gaussian`.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> step = xr.DataArray([0.0, 0.0, 0.0, 1.0, 1.0, 1.0], dims="x")
    >>> unsharp(step, 1.0, truncate=1).values.round(2)
    array([ 0.  ,  0.  , -0.27,  1.27,  1.  ,  1.  ])
    """
    options = WindowOptions(
        stride, padding, 1, boundary, fill_value, dtype, engine, *SMOOTHING, label
    )
    return apply(
        data,
        lambda meta: unsharp_step(meta, sigma, amount, dims, truncate, options),
        value_names(sigma, dims),
        keep_attrs,
    )
