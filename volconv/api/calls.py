"""The public function that calls a function of the user's own over windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from volconv.api.apply import Dims, Labelled, apply, value_names
from volconv.boundary import BoundaryLike
from volconv.geometry import LabelLike, PaddingLike, PerDim
from volconv.kernels import SizeLike
from volconv.steps import WindowOptions
from volconv.steps.calls import map_windows_step

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["map_windows", "token_of"]


def map_windows(
    data: Labelled,
    func: Callable[..., Any],
    size: SizeLike,
    *,
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    label: LabelLike = "center",
    boundary: BoundaryLike = "constant",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """What a function of your own makes of each window.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    func : callable
        Called as ``func(windows, axis=axes)`` with a read-only array that has one axis
        for each of the data's, and after them the axes of a window, in the data's
        order; `axes` is a tuple of the latter. It returns an array without these, as
        `numpy.median`, `numpy.ptp` or ``functools.partial(numpy.quantile, q=0.9)`` do.
        It is called several times, each time with some of all windows, and must treat
        each window by itself.
    size : int, str, or {dim: int or str}
        Cells of a window along each dimension; a text as for `box`.
    dims : str or sequence of str, optional
        Dimensions that one `size` for all goes to, as for `box`.
    stride, padding, dilation, label, boundary, fill_value, keep_attrs
        As for `correlate`.
    dtype : dtype, optional
        What `func` returns; by default the data's. Another one is an error, not a cast.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`; without ``units``. The function sees each window whole,
        however the data are chunked.

    Raises
    ------
    KindError
        If `func` is none; or, when computed, if what it returns has another shape.
    NumberError
        When computed, if what it returns has another dtype.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> row = xr.DataArray([1.0, 2.0, 4.0, 8.0], dims="x")
    >>> map_windows(row, np.ptp, 2).values
    array([1., 2., 4.])
    """
    options = WindowOptions(
        stride, padding, dilation, boundary, fill_value, dtype, label=label
    )
    token = token_of(func)
    return apply(
        data,
        lambda meta: map_windows_step(meta, func, token, size, dims, options),
        value_names(size, dims),
        keep_attrs,
    )


def token_of(func: object) -> str:
    """What identifies a function, its closure and its arguments included."""
    from dask.base import tokenize

    return str(tokenize(func))
