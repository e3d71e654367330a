"""Passes of kernels applied to an array.

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
from functools import reduce
from typing import Any

import numpy as np

from volconv.compat.arrays import Cut, Root, Source
from volconv.compat.integers import cut_off
from volconv.compat.passes import Beyond, Term, crossed, kernel_of, window_options
from volconv.steps import Step
from volconv.steps.combined import combined_step
from volconv.steps.window import window_step

__all__ = ["apply_terms"]


def apply_terms(
    source: Source,
    dtype: np.dtype[Any],
    terms: Sequence[Term],
    cval: complex = 0.0,
    rule: str = "sum",
) -> Source:
    """Terms applied to an array, and what is made of them.

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
        return source.through(fused(source, dtype.name, terms, cval, rule))
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
    if rule == "sum" and len(terms) > 1:
        terms = crossed(terms)
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
            source = source.through(fused(source, dtype.name, [(one,)], cval, "sum"))
        else:
            source = cut_off(source, dtype, one, cval)
    return source


def combined(parts: Sequence[Source], rule: str, dtype: np.dtype[Any]) -> Source:
    """What a rule makes of terms that are computed, in the result's dtype."""
    arrays = [part.array for part in parts]
    if rule == "root sum of squares":
        arrays = [array * array for array in arrays]
    total = Source(reduce(operator.add, arrays))
    if rule == "root sum of squares":
        return total.mapped(Root(dtype))
    return total
