"""Middle values and other ranks of windows: see `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from numpy.typing import ArrayLike

from volconv.compat.arguments import Mode, whole
from volconv.compat.arrays import Array, Output
from volconv.compat.ranking import Sized, ranked
from volconv.errors import KindError, NumberError
from volconv.kernels.named import is_real

__all__ = ["median_filter", "percentile_filter", "rank_filter"]


def median_filter(
    input: Array,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: Output = None,
    mode: Mode = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Iterable[int] | None = None,
) -> Array:
    """Middle value of each window: `scipy.ndimage.median_filter`.

    Parameters
    ----------
    input, size, footprint, output, mode, cval, origin, axes
        As for `maximum_filter`.

    Returns
    -------
    array
        As for `maximum_filter`. Of an even number of cells it is the upper of the two in
        the middle.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> median_filter([1, 5, 2, 0], 3), median_filter([1, 5, 2, 0], 2)
    (array([1, 2, 2, 0]), array([1, 5, 5, 2]))
    """
    window = Sized(size, footprint, mode, cval, origin, axes)
    return ranked(input, output, window, lambda taps: taps // 2)


def rank_filter(
    input: Array,
    rank: int,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: Output = None,
    mode: Mode = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Iterable[int] | None = None,
) -> Array:
    """Value of some rank in each window: `scipy.ndimage.rank_filter`.

    Parameters
    ----------
    input, size, footprint, output, mode, cval, origin, axes
        As for `maximum_filter`.
    rank : int
        0 is the smallest, -1 the largest.

    Returns
    -------
    array
        As for `maximum_filter`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> rank_filter([1, 5, 2, 0], -2, 3)
    array([1, 2, 2, 0])
    """
    window = Sized(size, footprint, mode, cval, origin, axes)
    wanted = whole("rank", rank)
    return ranked(
        input, output, window, lambda taps: wanted + taps if wanted < 0 else wanted
    )


def percentile_filter(
    input: Array,
    percentile: float,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: Output = None,
    mode: Mode = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Iterable[int] | None = None,
) -> Array:
    """Value at a percentile of each window: `scipy.ndimage.percentile_filter`.

    Parameters
    ----------
    input, size, footprint, output, mode, cval, origin, axes
        As for `maximum_filter`.
    percentile : float
        From 0 to 100, or from -100, where -20 is 80. The value is one of the window:
        the one of rank ``floor(cells · percentile / 100)``, at 100 the largest.

    Returns
    -------
    array
        As for `maximum_filter`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> percentile_filter([1, 5, 2, 0], 20, 3)
    array([1, 1, 0, 0])
    """
    if not is_real(percentile):
        raise KindError("percentile", repr(percentile), "a number from -100 to 100")
    share = percentile + 100 if percentile < 0 else percentile
    if not 0 <= share <= 100:
        raise NumberError("percentile", f"{percentile}", "a number from -100 to 100")
    window = Sized(size, footprint, mode, cval, origin, axes)
    return ranked(
        input,
        output,
        window,
        lambda taps: taps - 1 if share == 100 else int(taps * share / 100),
    )
