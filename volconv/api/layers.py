"""The public functions of convolution layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.api.apply import Dims, Labelled, apply, value_names
from volconv.boundary import BoundaryLike
from volconv.geometry import PaddingLike, PerDim
from volconv.steps import WindowOptions
from volconv.steps.conv import conv_step
from volconv.steps.conv_transpose import CellsByDim, Moves, conv_transpose_step
from volconv.steps.layer import LayerOptions

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

__all__ = ["conv", "conv_transpose"]


def conv(
    data: Labelled,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    channel: str = "channel",
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    groups: int = 1,
    boundary: BoundaryLike = "constant",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """A convolution layer: each output channel is a sum over input channels and taps.

    Shapes and results are those of ``torch.nn.functional.conv1d``, ``conv2d`` and
    ``conv3d``, over data of any size in any chunks.

    Parameters
    ----------
    data : DataArray or Dataset
        Real numbers, with a dimension of channels. Dimensions that the kernel lacks are
        carried along.
    weight : array_like, shape (output channels, input channels of a group, *kernel)
        The weights, their 1 to 3 last axes those of the kernel. Unlike those of
        `correlate`, weights of zero take part: NaN times zero is NaN.
    bias : array_like, shape (output channels,), optional
        What each output channel is added.
    channel : str
        The dimension of channels. In the result it has no coordinate.
    dims : str or sequence of str, optional
        Dimensions of the kernel's axes, in their order: by default all but `channel`.
    stride, padding, dilation : int, or {dim: int}
        As for `correlate`, along `dims`.
    groups : int
        Parts into which input and output channels are divided, each output channel
        reading the input channels of its part; as many as channels for a depthwise
        layer.
    boundary, fill_value : str or {dim: str}, number
        As for `correlate`. PyTorch's padding modes zeros, reflect, replicate and
        circular are constant, reflect, edge and wrap here.
    dtype : dtype, optional
        Of the result. By default floats keep theirs; integers of up to 16 bits become
        float32, others float64.
    engine : str
        ``"auto"``, ``"direct"`` (compiled) or ``"reference"`` (NumPy).
    keep_attrs : bool, optional
        As for `correlate`.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`. Sums start with the bias and go channel by channel, tap by
        tap, in the precision of the data: the bits do not depend on chunks. Units are
        lost.

    Raises
    ------
    KernelError
        If weights, bias, groups and channels do not fit each other.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> pair = xr.DataArray(np.arange(8.0).reshape(2, 4), dims=("channel", "x"))
    >>> weight = [[[0, 0], [1, 1]], [[1, -1], [0, 0]], [[1, 0], [1, 0]]]
    >>> conv(pair, weight, [0, 0, 0.5]).values
    array([[ 9. , 11. , 13. ],
           [-1. , -1. , -1. ],
           [ 4.5,  6.5,  8.5]])
    """
    options = WindowOptions(
        stride, padding, dilation, boundary, fill_value, dtype, engine
    )
    layer = LayerOptions(channel, dims, groups)
    return apply(
        data,
        lambda meta: conv_step(meta, weight, bias, layer, options),
        (channel, *value_names(None, dims)),
        keep_attrs,
    )


def conv_transpose(
    data: Labelled,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    channel: str = "channel",
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: CellsByDim = 0,
    output_padding: PerDim = 0,
    dilation: PerDim = 1,
    groups: int = 1,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """A transposed convolution layer: each input cell is spread over several outputs.

    Shapes and results are those of ``torch.nn.functional.conv_transpose1d``,
    ``conv_transpose2d`` and ``conv_transpose3d``, over data of any size in any chunks.

    Parameters
    ----------
    data : DataArray or Dataset
        Real numbers, with a dimension of channels. Dimensions that the kernel lacks are
        carried along.
    weight : array_like, shape (input channels, output channels of a group, *kernel)
        What a cell of an input channel adds to outputs of each output channel of its
        group.
    bias : array_like, shape (output channels,), optional
        What each output channel is added.
    channel, dims
        As for `conv`.
    stride : int or {dim: int}
        Outputs from where a cell is spread to where the next one is.
    padding : int, pair, or {dim: int or pair}
        Outputs left out before and after. Cells beyond the edge are none, so that no
        boundary is to be chosen.
    output_padding : int or {dim: int}
        Outputs added after, fewer than the stride, or than the dilation.
    dilation : int or {dim: int}
        Outputs from one tap to the next.
    groups : int
        Parts into which input and output channels are divided.
    dtype, engine, keep_attrs
        As for `conv`.

    Returns
    -------
    DataArray or Dataset
        As for `conv`. The middle of the outputs that a cell is spread over lies at the
        cell; the other outputs lie between.

    Raises
    ------
    KernelError
        If weights, bias, groups and channels do not fit each other.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([[1.0, 2.0, 4.0]], {"x": [0, 10, 20]}, ("channel", "x"))
    >>> found = conv_transpose(row, [[[1, 10, 100]]], stride=2, padding=1)
    >>> found.values, found.x.values
    (array([[ 10., 102.,  20., 204.,  40.]]), array([ 0.,  5., 10., 15., 20.]))
    """
    options = WindowOptions(dtype=dtype, engine=engine)
    layer = LayerOptions(channel, dims, groups)
    moves = Moves(stride, padding, output_padding, dilation)
    return apply(
        data,
        lambda meta: conv_transpose_step(meta, weight, bias, layer, moves, options),
        (channel, *value_names(None, dims)),
        keep_attrs,
    )
