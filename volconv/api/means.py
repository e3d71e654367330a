"""The public function of the means of windows, which lie side by side by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.api.apply import Dims, Labelled, apply, value_names
from volconv.api.pooling import CLOSEST
from volconv.api.weights import missing_of, weights_dims
from volconv.boundary import BoundaryLike
from volconv.geometry import LabelLike, PaddingLike, PerDim
from volconv.kernels import SizeLike
from volconv.steps import WindowOptions
from volconv.steps.pooling import mean_pool_step

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import DTypeLike

__all__ = ["mean_pool"]


def mean_pool(
    data: Labelled,
    size: SizeLike,
    *,
    dims: Dims | None = None,
    stride: PerDim | None = None,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    label: LabelLike = "center",
    boundary: BoundaryLike = "edge",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    count_padding: bool = True,
    engine: str = "auto",
    skipna: bool = False,
    min_weight: float = 0,
    weights: xr.DataArray | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Mean of each window, by default of windows side by side.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    size : int, str, or {dim: int or str}
        Cells of a window along each dimension; a text as for `box`.
    dims : str or sequence of str, optional
        Dimensions that one `size` for all goes to, as for `box`.
    stride : int or {dim: int}, optional
        Cells from one output to the next; by default the size. With ``stride=1`` and
        ``padding="same"`` the window slides.
    padding, dilation, label
        As for `correlate`: by default cells at the end that fill no window are left
        out.
    boundary : str or {dim: str}
        As for `correlate`. ``"edge"`` brings no value in that a window lacks.
    count_padding : bool
        Whether padded cells count. If not, the mean is of the cells of a window that
        lie in the array, whatever `boundary`; NaN where none does.
    fill_value, dtype, engine, skipna, min_weight, weights, keep_attrs
        As for `correlate`; by default the mean of integers is a float.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`. A window with a NaN has NaN for its mean, unless it
        is left out.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([1, 2, 3, 6, 9], {"x": [0, 10, 20, 30, 40]}, "x")
    >>> halved = mean_pool(row, 2)
    >>> halved.values, halved.x.values
    (array([1.5, 4.5]), array([ 5., 25.]))
    """
    missing = missing_of(data, skipna, min_weight, weights)
    options = WindowOptions(
        1,
        padding,
        dilation,
        boundary,
        fill_value,
        dtype,
        engine,
        *CLOSEST,
        label,
        missing,
    )
    return apply(
        data,
        lambda meta: mean_pool_step(
            meta, size, stride, dims, options, count_padding=count_padding
        ),
        (*value_names(size, dims), *weights_dims(weights)),
        keep_attrs,
    )
