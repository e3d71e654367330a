"""``da.volconv`` and ``ds.volconv``: the public functions as methods.

Each method is the function of the same name in `volconv`, with the object as its data.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from volconv import api
from volconv.registration import register

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Accessor"]

P = ParamSpec("P")


def method(
    function: Callable[Concatenate[Any, P], Any],
) -> Callable[Concatenate[Accessor, P], Any]:
    """A public function as a method, with its signature and docstring."""

    @wraps(function)
    def call(accessor: Accessor, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        return function(accessor.data, *args, **kwargs)

    return call


class Accessor:
    """The public functions as methods of a DataArray or a Dataset.

    Parameters
    ----------
    data : DataArray or Dataset
        The object.

    Examples
    --------
    >>> import xarray as xr
    >>> import volconv
    >>> xr.DataArray([1.0, 2.0, 4.0], dims="x").volconv.correlate([1, 1]).values
    array([3., 6.])
    """

    def __init__(self, data: xr.DataArray | xr.Dataset) -> None:
        self.data = data

    # kernels
    correlate = method(api.correlate)
    correlate_bank = method(api.correlate_bank)
    convolve = method(api.convolve)
    gaussian = method(api.gaussian)
    box = method(api.box)
    ball = method(api.ball)

    # derivatives and bands
    gradient = method(api.gradient)
    gradient_magnitude = method(api.gradient_magnitude)
    laplace = method(api.laplace)
    sobel = method(api.sobel)
    difference_of_gaussians = method(api.difference_of_gaussians)
    unsharp = method(api.unsharp)

    # windows of several cells, and several cells for one
    mean_pool = method(api.mean_pool)
    max_pool = method(api.max_pool)
    min_pool = method(api.min_pool)
    median_pool = method(api.median_pool)
    mode_pool = method(api.mode_pool)
    map_windows = method(api.map_windows)
    upsample = method(api.upsample)

    # cell by cell
    abs = method(api.abs)
    square = method(api.square)
    sqrt = method(api.sqrt)
    log = method(api.log)
    scale = method(api.scale)
    normalise = method(api.normalise)
    clip = method(api.clip)
    threshold = method(api.threshold)
    cast = method(api.cast)

    # edges
    pad = method(api.pad)
    pad_poles = method(api.pad_poles)
    crop = method(api.crop)

    # networks
    conv = method(api.conv)
    conv_transpose = method(api.conv_transpose)
    batch_norm = method(api.batch_norm)
    relu = method(api.relu)
    leaky_relu = method(api.leaky_relu)
    prelu = method(api.prelu)
    elu = method(api.elu)
    gelu = method(api.gelu)
    sigmoid = method(api.sigmoid)
    tanh = method(api.tanh)
    softmax = method(api.softmax)
    onnx = method(api.onnx)


register(Accessor)
