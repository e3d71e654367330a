"""Passes of kernels along axes, and their windows as the builders of steps take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.kernels import Kernel
from volconv.steps import WindowOptions

__all__ = [
    "Beyond",
    "Pass",
    "Term",
    "crossed",
    "kernel_of",
    "name_of",
    "pass_options",
    "window_options",
]


@dataclass(frozen=True)
class Beyond:
    """Cells before an axis that a window reaches, and what they hold.

    Parameters
    ----------
    before : int
        Cells of the window before the output's own.
    boundary : str
        Our name of the mode.
    """

    before: int
    boundary: str


@dataclass(frozen=True, eq=False)
class Pass:
    """A kernel along some axes.

    Parameters
    ----------
    axes : tuple of int
        Those of the weights, ascending.
    weights : ndarray, float64 or complex128
        Not flipped.
    edges : tuple of Beyond
        One for each axis.
    divisor : int
        What the sums are divided by.
    paired : bool
        Whether sums of integers pair equal distances from the middle: see `Sums`.
    """

    axes: tuple[int, ...]
    weights: NDArray[Any]
    edges: tuple[Beyond, ...]
    divisor: int = 1
    paired: bool = True

    @property
    def keeps_constants(self) -> bool:
        """Whether the weights sum to 1, but for rounding."""
        return bool(abs(self.weights.sum() / self.divisor - 1) < 1e-12)


Term = tuple[Pass, ...]
"""Passes one after the other, each along axes of its own."""


def window_options(
    axes: Sequence[int],
    shape: Sequence[int],
    edges: Sequence[Beyond],
    cval: complex,
    dtype: str | None,
) -> WindowOptions:
    """Windows that leave an array its shape, as the builders of steps take them."""
    names = [name_of(axis) for axis in axes]
    padding = {
        name: (edge.before, size - 1 - edge.before)
        for name, size, edge in zip(names, shape, edges, strict=True)
    }
    boundary = {name: edge.boundary for name, edge in zip(names, edges, strict=True)}
    return WindowOptions(
        padding=padding, boundary=boundary, fill_value=cval, dtype=dtype
    )


def name_of(axis: int) -> str:
    """The dimension of an axis: see `Source`."""
    return f"axis {axis}"


def crossed(terms: Sequence[Term]) -> Sequence[Term]:
    """Kernels of an axis each and of one size as one whose taps lie on their cross."""
    passes = [one for term in terms for one in term]
    axes = tuple(axis for one in passes for axis in one.axes)
    size = passes[0].weights.size
    is_cross = len(axes) == len(set(axes)) == len(passes) == len(terms)
    if not is_cross or any(one.weights.shape != (size,) for one in passes):
        return terms
    weights = np.zeros((size,) * len(axes))
    for number, one in enumerate(passes):
        place: list[int | slice] = [one.edges[0].before] * len(axes)
        place[number] = slice(None)
        weights[tuple(place)] += one.weights
    return [(Pass(axes, weights, tuple(one.edges[0] for one in passes)),)]


def kernel_of(term: Term, axis: int) -> Kernel:
    """The kernel of a term; of one without passes the single tap 1 along an axis."""
    if not term:
        return Kernel((name_of(axis),), (np.ones(1),))
    dims = tuple(name_of(axis) for one in term for axis in one.axes)
    return Kernel(dims, tuple(one.weights / one.divisor for one in term))


def pass_options(one: Pass, cval: complex, dtype: str) -> WindowOptions:
    """The windows of a pass: see `window_options`."""
    return window_options(one.axes, one.weights.shape, one.edges, cval, dtype)
