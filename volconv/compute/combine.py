"""Sums of several kernels over one block, and what is made of them.

The kernels see the same padded block, each the cells under itself, so that nothing is
read or assembled twice, and the sums are combined in parts that stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.pointwise import planes

__all__ = ["RULES", "Rule"]

Array = NDArray[Any]
Rule = Callable[[Sequence[Array], float], None]
"""Takes the sums of all kernels, and leaves the result in the first."""


def root_sum_squares(sums: Sequence[Array], amount: float) -> None:
    """``√(s0² + s1² + …)``."""
    del amount
    total = sums[0]
    np.multiply(total, total, out=total)
    for one in sums[1:]:
        np.multiply(one, one, out=one)
        np.add(total, one, out=total)
    np.sqrt(total, out=total)


def total(sums: Sequence[Array], amount: float) -> None:
    """``s0 + s1 + …``."""
    del amount
    for one in sums[1:]:
        np.add(sums[0], one, out=sums[0])


def difference(sums: Sequence[Array], amount: float) -> None:
    """``s0 - s1``."""
    del amount
    np.subtract(sums[0], sums[1], out=sums[0])


def sharpened(sums: Sequence[Array], amount: float) -> None:
    """``s0 + amount (s0 - s1)``."""
    cells, smooth = sums
    np.subtract(cells, smooth, out=smooth)
    for plane in planes(smooth):
        np.multiply(plane, amount, out=plane)
    np.add(cells, smooth, out=cells)


RULES: Mapping[str, Rule] = {
    "root sum of squares": root_sum_squares,
    "sum": total,
    "difference": difference,
    "sharpened": sharpened,
}
"""What is made of the sums, by name."""
