"""Functions of windows in SciPy's order and numbers, for `map_windows`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compat.arrays import as_dtype

__all__ = ["Ranked", "Sums"]

Array = NDArray[Any]
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class Sums:
    """Weighted sums of windows in float64, cut off to a dtype.

    Where a fraction is cut off, the last bit of a sum can make a whole one. So taps are
    added as SciPy adds them.

    Parameters
    ----------
    weights : ndarray, float64
        One axis for each of a window's.
    divisor : int
        What the sums are divided by.
    paired : bool
        Whether, along one axis, cells at equal distances from the middle are added, or
        subtracted, first, where their weights are equal, or opposite; else all taps are
        added in their order.
    target : str
        dtype of the results.
    """

    weights: Array
    divisor: int
    paired: bool
    target: str

    def __call__(self, windows: Array, axis: tuple[int, ...]) -> Array:
        """A value for each window; its axes are the last ones."""
        del axis
        with np.errstate(all="ignore"):
            sums = (self.in_pairs if self.paired else self.in_order)(windows)
            if self.divisor != 1:
                sums /= self.divisor
        return as_dtype(sums, np.dtype(self.target))

    def in_pairs(self, windows: Array) -> Array:
        """Sums of windows of one axis."""
        sums: Array
        weights = self.weights
        middle = weights.size // 2
        sign = symmetry(weights)
        if not sign:
            sums = np.multiply(windows[..., -1], weights[-1], dtype=float)
            for tap in range(weights.size - 1):
                sums += np.multiply(windows[..., tap], weights[tap], dtype=float)
            return sums
        sums = np.multiply(windows[..., middle], weights[middle], dtype=float)
        pair = np.add if sign > 0 else np.subtract
        for tap in range(middle):
            both = pair(windows[..., tap], windows[..., -1 - tap], dtype=float)
            both *= weights[tap]
            sums += both
        return sums

    def in_order(self, windows: Array) -> Array:
        """Sums of windows of any axes."""
        sums = np.zeros(windows.shape[: windows.ndim - self.weights.ndim])
        for tap, weight in np.ndenumerate(self.weights):
            if weight != 0:
                sums += np.multiply(windows[(..., *tap)], weight, dtype=float)
        return sums


def symmetry(weights: Array) -> int:
    """1 where opposite weights are equal, -1 where they differ in sign, else 0."""
    if weights.size % 2 == 0:
        return 0
    before, after = weights[: weights.size // 2], weights[::-1][: weights.size // 2]
    if (abs(before - after) <= EPS).all():
        return 1
    return -1 if (abs(before + after) <= EPS).all() else 0


@dataclass(frozen=True, eq=False)
class Ranked:
    """The value of some rank among the cells of a window that a mask has.

    Parameters
    ----------
    mask : ndarray of bool
        One axis for each of a window's.
    rank : int
        From 0, the smallest.
    """

    mask: Array
    rank: int

    def __call__(self, windows: Array, axis: tuple[int, ...]) -> Array:
        """A value for each window; its axes are the last ones. NaN where it has one."""
        del axis
        taps = windows[..., self.mask]
        last = taps.shape[-1] - 1
        if self.rank == 0:
            lowest: Array = taps.min(axis=-1)
            return lowest
        highest: Array = taps.max(axis=-1)
        if self.rank == last:
            return highest
        taps.partition(self.rank, axis=-1)
        found: Array = taps[..., self.rank].copy()
        if found.dtype.kind == "f":
            np.copyto(found, np.nan, where=np.isnan(highest))
        return found
