"""The public functions of single cells with numbers of their own for each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.api.apply import Labelled, apply
from volconv.steps.channelwise import (
    NormNumbers,
    batch_norm_step,
    prelu_step,
    slopes_in,
)
from volconv.steps.softmax import softmax_step

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

__all__ = ["batch_norm", "prelu", "softmax"]


def prelu(
    data: Labelled,
    weight: ArrayLike,
    *,
    channel: str = "channel",
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Values above zero as they are, others times a slope that was learned.

    Parameters
    ----------
    data, dtype, keep_attrs
        As for `relu`.
    weight : float, or array_like, shape (channels,)
        What values below zero are multiplied by: one number, or one for each channel.
    channel : str
        The dimension of channels, where there are several numbers.

    Returns
    -------
    DataArray or Dataset
        As for `relu`.

    Raises
    ------
    KernelError
        If there are not as many numbers as channels.
    DimError
        If there is no such dimension.
    NumberError
        As for `relu`.

    Examples
    --------
    >>> import xarray as xr
    >>> pair = xr.DataArray([[-2.0, 1.0], [-2.0, 1.0]], dims=("channel", "x"))
    >>> prelu(pair, [0.5, -1]).values
    array([[-1.,  1.],
           [ 2.,  1.]])
    """
    slopes = slopes_in("weight", weight)
    are_many = isinstance(slopes, tuple) and len(slopes) > 1
    return apply(
        data,
        lambda meta: prelu_step(meta, slopes, channel, dtype),
        (channel,) if are_many else (),
        keep_attrs,
    )


def batch_norm(
    data: Labelled,
    mean: ArrayLike,
    variance: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    *,
    eps: float = 1e-5,
    channel: str = "channel",
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Batch normalisation of a trained network.

    Parameters
    ----------
    data, dtype, keep_attrs
        As for `relu`.
    mean, variance : array_like, shape (channels,)
        Of each channel, as training found them.
    weight, bias : array_like, shape (channels,), optional
        What normalised values are multiplied by, and what they are added; by default
        1 and 0.
    eps : float
        What is added to the variance.
    channel : str
        The dimension of channels.

    Returns
    -------
    DataArray or Dataset
        As for `relu`; without ``units``. ``x a + c`` in the precision of the data, a
        product and a sum that are each rounded, with
        ``a = weight / √(variance + eps)`` and ``c = bias - mean a`` made in float64 and
        rounded to that precision once.

    Raises
    ------
    KernelError
        If there are not as many numbers as channels.
    DimError
        If there is no such dimension.
    NumberError
        As for `relu`; and for a variance without a root to divide by.

    Examples
    --------
    >>> import xarray as xr
    >>> pair = xr.DataArray([[1.0, 3.0], [5.0, 5.0]], dims=("channel", "x"))
    >>> batch_norm(pair, [2, 5], [4, 1], bias=[0, 7], eps=0).values
    array([[-0.5,  0.5],
           [ 7. ,  7. ]])
    """
    learned = NormNumbers(mean, variance, weight, bias, eps)
    return apply(
        data,
        lambda meta: batch_norm_step(meta, learned, channel, dtype),
        (channel,),
        keep_attrs,
    )


def softmax(
    data: Labelled,
    *,
    channel: str = "channel",
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Each channel's share of all: ``exp(x) / Σ exp(x)``, a sum over channels.

    Parameters
    ----------
    data, dtype, keep_attrs
        As for `relu`.
    channel : str
        The dimension of channels. It keeps its coordinate.

    Returns
    -------
    DataArray or Dataset
        As for `relu`; without ``units``. The largest channel is subtracted first, so
        that no exponential overflows; channels are summed in their order.

    Raises
    ------
    DimError
        If there is no such dimension.
    NumberError
        As for `relu`.

    Examples
    --------
    >>> import xarray as xr
    >>> softmax(xr.DataArray([1000.0, 1000.0], dims="channel")).values
    array([0.5, 0.5])
    """
    return apply(
        data, lambda meta: softmax_step(meta, channel, dtype), (channel,), keep_attrs
    )
