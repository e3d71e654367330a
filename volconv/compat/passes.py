"""Filters as passes of kernels, and how they are carried out.

SciPy filters along one axis after the other, each pass over the last one's result in the
output's dtype. Where that is float or complex arithmetic the passes commute with what
lies beyond the edges, and one step makes the same of all. It does not

- where the result is an integer: each pass cuts off its fractions;
- where cells beyond an edge are a constant, and a pass before does not keep it.

Then the passes are made one by one.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.api.apply import step_values
from volconv.api.calls import token_of
from volconv.compat.arrays import Source, as_dtype
from volconv.compat.windows import Sums
from volconv.kernels import Kernel
from volconv.steps import Step, WindowOptions
from volconv.steps.calls import map_windows_step
from volconv.steps.combined import combined_step
from volconv.steps.window import window_step

__all__ = ["Beyond", "Pass", "Term", "carried_out", "passed"]


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


def passed(source: Source, step: Step) -> Source:
    """A step's output."""
    return Source(source.array.copy(data=step_values(step, source.array.variable)))


def carried_out(
    source: Source,
    dtype: np.dtype[Any],
    terms: Sequence[Term],
    cval: complex = 0.0,
    rule: str = "sum",
) -> Source:
    """Terms over an array, and what is made of them.

    Parameters
    ----------
    source : Source
        The input.
    dtype : dtype
        Of the result.
    terms : sequence of tuple of Pass
        With none the result is the input.
    cval : number
        What cells beyond a ``constant`` edge hold.
    rule : str
        ``"sum"`` or ``"root sum of squares"``.
    """
    if not terms:
        return source.mapped(Cut(dtype))
    if source.array.size == 0 or not any(terms):
        return combined([source.mapped(Cut(dtype))] * len(terms), rule, dtype)
    if any(edge.boundary == "constant" for edge in edges_of(terms)):
        source = source.holding(cval)
    else:
        cval = 0.0
    if dtype.kind in "fc" and are_fusable(terms, cval):
        return passed(source, fused(source, dtype.name, terms, cval, rule))
    return combined(
        [one_by_one(source, dtype, term, cval) for term in terms], rule, dtype
    )


def edges_of(terms: Sequence[Term]) -> Iterator[Beyond]:
    """Those of all passes."""
    return (edge for term in terms for one in term for edge in one.edges)


def are_fusable(terms: Sequence[Term], cval: complex) -> bool:
    """Whether one step over one padded block makes the same: see this module."""
    boundaries: dict[int, str] = {}
    for term in terms:
        for place, one in enumerate(term):
            for axis, edge in zip(one.axes, one.edges, strict=True):
                if boundaries.setdefault(axis, edge.boundary) != edge.boundary:
                    return False
                if edge.boundary != "constant" or cval == 0:
                    continue
                if not all(earlier.keeps_constants for earlier in term[:place]):
                    return False
    return True


def fused(
    source: Source, dtype: str, terms: Sequence[Term], cval: complex, rule: str
) -> Step:
    """One step for all terms."""
    if rule == "sum" and len(terms) > 1 and all(len(term) == 1 for term in terms):
        terms = [(crossed([term[0] for term in terms]),)]
    largest: dict[int, tuple[int, Beyond]] = {}
    for one in (one for term in terms for one in term):
        for axis, size, edge in zip(
            one.axes, one.weights.shape, one.edges, strict=True
        ):
            if size > largest.get(axis, (0, edge))[0]:
                largest[axis] = (size, edge)
    sizes, edges = zip(*largest.values(), strict=True)
    options = window_options(tuple(largest), sizes, edges, cval, dtype)
    kernels = [kernel_of(term, min(largest)) for term in terms]
    if len(kernels) == 1 and rule == "sum":
        return window_step("correlate", source.meta, kernels[0], options)
    return combined_step(rule, source.meta, kernels, rule, options)


def crossed(passes: Sequence[Pass]) -> Pass:
    """Kernels of one axis and one size as one whose taps lie on their cross."""
    axes = tuple(axis for one in passes for axis in one.axes)
    size = passes[0].weights.size
    weights = np.zeros((size,) * len(axes))
    for number, one in enumerate(passes):
        place: list[int | slice] = [one.edges[0].before] * len(axes)
        place[number] = slice(None)
        weights[tuple(place)] += one.weights
    return Pass(axes, weights, tuple(one.edges[0] for one in passes))


def kernel_of(term: Term, axis: int) -> Kernel:
    """The kernel of a term; of one without passes the single tap 1 along an axis."""
    if not term:
        return Kernel((name_of(axis),), (np.ones(1),))
    dims = tuple(name_of(axis) for one in term for axis in one.axes)
    return Kernel(dims, tuple(one.weights / one.divisor for one in term))


def one_by_one(
    source: Source, dtype: np.dtype[Any], term: Term, cval: complex
) -> Source:
    """Passes, each over the last one's result in the result's dtype."""
    if not term:
        return source.mapped(Cut(dtype))
    for one in term:
        if any(edge.boundary == "constant" for edge in one.edges):
            source = source.holding(cval)
        if dtype.kind in "fc":
            step = fused(source, dtype.name, [(one,)], cval, "sum")
        else:
            step = summed(source, dtype.name, one, cval)
        source = passed(source, step)
    return source


def summed(source: Source, dtype: str, one: Pass, cval: complex) -> Step:
    """A pass whose sums are cut off to integers."""
    names = tuple(name_of(axis) for axis in one.axes)
    sums = Sums(one.weights, one.divisor, one.paired, dtype)
    return map_windows_step(
        source.meta,
        sums,
        token_of(sums),
        dict(zip(names, one.weights.shape, strict=True)),
        None,
        window_options(one.axes, one.weights.shape, one.edges, cval, dtype),
    )


def combined(parts: Sequence[Source], rule: str, dtype: np.dtype[Any]) -> Source:
    """What a rule makes of terms that are computed, in the result's dtype."""
    arrays = [part.array for part in parts]
    if rule == "root sum of squares":
        arrays = [array * array for array in arrays]
    total = Source(reduce(operator.add, arrays))
    if rule == "root sum of squares":
        return total.mapped(Root(dtype))
    return total


@dataclass(frozen=True)
class Cut:
    """Values in a dtype: see `as_dtype`."""

    dtype: np.dtype[Any]

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        """A copy of the values."""
        return as_dtype(values, self.dtype)


@dataclass(frozen=True)
class Root:
    """Square roots in a dtype."""

    dtype: np.dtype[Any]

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        """The roots."""
        with np.errstate(invalid="ignore"):
            return as_dtype(np.sqrt(values), self.dtype)
