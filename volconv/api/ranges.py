"""The public functions that scale values, or compare them with given numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.api.apply import Labelled, apply
from volconv.steps.ranges import clip_step, normalise_step, scale_step, threshold_step

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["clip", "normalise", "scale", "threshold"]


def scale(
    data: Labelled,
    factor: float = 1,
    offset: float = 0,
    *,
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Values times a factor, plus an offset: ``x factor + offset``.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `abs`.
    factor, offset : float
        Finite. Where both and the data are integers, so is the result, of a dtype that
        holds every possible one.
    dtype, keep_attrs
        As for `abs`.

    Returns
    -------
    DataArray or Dataset
        As for `abs`; without ``units``.

    Raises
    ------
    NumberError
        As for `abs`; if a number is not finite; or, when computed, if an integer is
        beyond 64 bits.
    KindError
        If `factor` or `offset` is no number.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> counts = xr.DataArray(np.array([0, 200], "uint8"), dims="x")
    >>> scale(counts, 2, -1).values
    array([ -1, 399], dtype=int16)
    >>> scale(counts, 0.5, 0.25).values
    array([  0.25, 100.25], dtype=float32)
    """
    return apply(
        data, lambda meta: scale_step(meta, factor, offset, dtype), (), keep_attrs
    )


def normalise(
    data: Labelled,
    *,
    mean: float | None = None,
    std: float | None = None,
    min: float | None = None,  # noqa: A002
    max: float | None = None,  # noqa: A002
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Values less a mean, over a standard deviation; or from a range to 0 … 1.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `abs`.
    mean, std : float, optional
        ``(x - mean) / std``.
    min, max : float, optional
        ``(x - min) / (max - min)``; values outside are not clipped.
    dtype, keep_attrs
        As for `sqrt`.

    Returns
    -------
    DataArray or Dataset
        As for `sqrt`.

    Raises
    ------
    KindError
        If not one of the pairs is given, whole.
    NumberError
        As for `abs`; if `std` is not above 0, or `max` not above `min`.

    Examples
    --------
    >>> import xarray as xr
    >>> air_and_bone = xr.DataArray([-1000, 1000], dims="x")
    >>> normalise(air_and_bone, min=-1000, max=3000).values
    array([0. , 0.5])
    """
    return apply(
        data,
        lambda meta: normalise_step(meta, (mean, std), (min, max), dtype),
        (),
        keep_attrs,
    )


def clip(
    data: Labelled,
    min: float | None = None,  # noqa: A002
    max: float | None = None,  # noqa: A002
    *,
    dtype: DTypeLike | None = None,
    keep_attrs: bool | None = None,
) -> Labelled:
    """Values below `min` become it, those above `max` become that; NaN stays.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `abs`, but not complex.
    min, max : float, optional
        One of them, or both; whole numbers for integers.
    dtype, keep_attrs
        As for `abs`; by default the data's dtype.

    Returns
    -------
    DataArray or Dataset
        As for `abs`.

    Raises
    ------
    NumberError
        As for `sqrt`; if an end is not finite, is none that the data can hold, or if
        `max` is below `min`.
    KindError
        If no end is given, or one is no number.

    Examples
    --------
    >>> import xarray as xr
    >>> clip(xr.DataArray([-2000, 40, 5000], dims="x"), -1000, 3000).values
    array([-1000,    40,  3000])
    """
    return apply(data, lambda meta: clip_step(meta, min, max, dtype), (), keep_attrs)


def threshold(
    data: Labelled,
    *,
    above: float | None = None,
    below: float | None = None,
    dtype: DTypeLike | None = "bool",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Whether ``above < x`` and ``x < below``; NaN is neither.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `clip`.
    above, below : float, optional
        One of them, or both. Integers are compared exactly; floats in their own dtype.
    dtype : dtype, optional
        Of the result: booleans, or numbers, 1 for true and 0 for false.
    keep_attrs : bool, optional
        As for `abs`.

    Returns
    -------
    DataArray or Dataset
        As for `abs`; without ``units``.

    Raises
    ------
    NumberError
        As for `sqrt`; if a number is not finite, or `below` is not above `above`.
    KindError
        If neither is given, or one is no number.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([100, 300, 2000], dims="x")
    >>> threshold(row, above=100, below=1000).values
    array([False,  True, False])
    """
    return apply(
        data, lambda meta: threshold_step(meta, above, below, dtype), (), keep_attrs
    )
