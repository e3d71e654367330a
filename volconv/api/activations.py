"""The public functions of activations: single cells, their coordinates as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.api.apply import Labelled, apply
from volconv.steps.activations import (
    elu_step,
    gelu_step,
    leaky_relu_step,
    relu_step,
    sigmoid_step,
    tanh_step,
)

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["elu", "gelu", "leaky_relu", "relu", "sigmoid", "tanh"]


def relu(
    data: Labelled, *, dtype: DTypeLike | None = None, keep_attrs: bool | None = None
) -> Labelled:
    """The larger of each value and zero; NaN stays.

    Parameters
    ----------
    data : DataArray or Dataset
        Real numbers.
    dtype : dtype, optional
        Of the result. By default floats keep theirs; integers of up to 16 bits become
        float32, others float64, as in `conv`. For integers that stay integers, see
        `clip`.
    keep_attrs : bool, optional
        Whether attributes are kept; by default xarray's own option says.

    Returns
    -------
    DataArray or Dataset
        Lazy where `data` is backed by Dask.

    Raises
    ------
    NumberError
        If a dtype cannot be computed with, or for complex numbers.

    Examples
    --------
    >>> import xarray as xr
    >>> relu(xr.DataArray([-2.0, 0.5], dims="x")).values
    array([0. , 0.5])
    """
    return apply(data, lambda meta: relu_step(meta, dtype), (), keep_attrs)


def leaky_relu(
    data: Labelled,
    slope: float = 0.01,
    *,
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Values above zero as they are, others times a slope.

    Parameters
    ----------
    data, dtype, keep_attrs
        As for `relu`.
    slope : float
        What values below zero are multiplied by.

    Returns
    -------
    DataArray or Dataset
        As for `relu`.

    Raises
    ------
    NumberError
        As for `relu`.

    Examples
    --------
    >>> import xarray as xr
    >>> leaky_relu(xr.DataArray([-2.0, 0.5], dims="x"), 0.25).values
    array([-0.5,  0.5])
    """
    return apply(data, lambda meta: leaky_relu_step(meta, slope, dtype), (), keep_attrs)


def elu(
    data: Labelled,
    alpha: float = 1,
    *,
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Values above zero as they are, others ``alpha (exp(x) - 1)``.

    Parameters
    ----------
    data, dtype, keep_attrs
        As for `relu`.
    alpha : float
        What values go to far below zero, negated.

    Returns
    -------
    DataArray or Dataset
        As for `relu`; without ``units``.

    Raises
    ------
    NumberError
        As for `relu`.

    Examples
    --------
    >>> import xarray as xr
    >>> elu(xr.DataArray([-1.0, 0.5], dims="x")).values.round(3)
    array([-0.632,  0.5  ])
    """
    return apply(data, lambda meta: elu_step(meta, alpha, dtype), (), keep_attrs)


def sigmoid(
    data: Labelled, *, dtype: DTypeLike | None = None, keep_attrs: bool | None = None
) -> Labelled:
    """The logistic function, ``1 / (1 + exp(-x))``.

    Parameters
    ----------
    data, dtype, keep_attrs
        As for `relu`.

    Returns
    -------
    DataArray or Dataset
        As for `relu`; without ``units``.

    Raises
    ------
    NumberError
        As for `relu`.

    Examples
    --------
    >>> import xarray as xr
    >>> sigmoid(xr.DataArray([-1000.0, 0.0, 1.0], dims="x")).values.round(3)
    array([0.   , 0.5  , 0.731])
    """
    return apply(data, lambda meta: sigmoid_step(meta, dtype), (), keep_attrs)


def tanh(
    data: Labelled, *, dtype: DTypeLike | None = None, keep_attrs: bool | None = None
) -> Labelled:
    """The hyperbolic tangent.

    Parameters
    ----------
    data, dtype, keep_attrs
        As for `relu`.

    Returns
    -------
    DataArray or Dataset
        As for `relu`; without ``units``.

    Raises
    ------
    NumberError
        As for `relu`.

    Examples
    --------
    >>> import xarray as xr
    >>> tanh(xr.DataArray([-1.0, 0.0], dims="x")).values.round(3)
    array([-0.762,  0.   ])
    """
    return apply(data, lambda meta: tanh_step(meta, dtype), (), keep_attrs)


def gelu(
    data: Labelled,
    approximate: str = "none",
    *,
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Values times ``Φ(x)``, the share of the normal distribution below them.

    Parameters
    ----------
    data, dtype, keep_attrs
        As for `relu`.
    approximate : str
        ``"none"`` for ``x Φ(x)``; ``"tanh"`` for
        ``x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2``, which is near it.

    Returns
    -------
    DataArray or Dataset
        As for `relu`; without ``units``. Computed in float64, then rounded once.

    Raises
    ------
    KindError
        If the approximation is not known.
    NumberError
        As for `relu`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([-1.0, 0.0, 1.0], dims="x")
    >>> gelu(row).values.round(4), gelu(row, "tanh").values.round(4)
    (array([-0.1587,  0.    ,  0.8413]), array([-0.1588,  0.    ,  0.8412]))
    """
    return apply(data, lambda meta: gelu_step(meta, approximate, dtype), (), keep_attrs)
