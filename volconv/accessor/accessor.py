"""``da.volconv`` and ``ds.volconv``: the public functions as methods.

Each method is the function of the same name in `volconv`, where its parameters are
explained, with the object as its data.
"""

from __future__ import annotations

from volconv.accessor.activations import Activations
from volconv.accessor.bands import Bands
from volconv.accessor.bank import Banks
from volconv.accessor.calls import Calls
from volconv.accessor.channelwise import Channelwise
from volconv.accessor.derivatives import Derivatives
from volconv.accessor.frame import Frame
from volconv.accessor.kernels import Kernels
from volconv.accessor.layers import Layers
from volconv.accessor.methods import Labelled
from volconv.accessor.network import Networks
from volconv.accessor.pointwise import Pointwise
from volconv.accessor.pooling import Pooling
from volconv.accessor.upsampling import Upsampling
from volconv.registration import register

__all__ = ["Accessor"]


class Accessor(
    Kernels[Labelled],
    Banks[Labelled],
    Derivatives[Labelled],
    Bands[Labelled],
    Pooling[Labelled],
    Upsampling[Labelled],
    Layers[Labelled],
    Networks[Labelled],
    Activations[Labelled],
    Channelwise[Labelled],
    Pointwise[Labelled],
    Frame[Labelled],
    Calls[Labelled],
):
    """The public functions as methods of a DataArray or a Dataset.

    Examples
    --------
    >>> import xarray as xr
    >>> import volconv
    >>> xr.DataArray([1.0, 2.0, 4.0], dims="x").volconv.correlate([1, 1]).values
    array([3., 6.])
    """


register(Accessor)
