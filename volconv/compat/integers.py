"""Passes whose results are integers: SciPy's, to the last one.

A fraction is cut off, so that the last bit of a sum can make a whole one. Sums of
integers under whole weights are exact, and the compiled engine makes them in any order;
others are made in SciPy's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from volconv.api.calls import token_of
from volconv.compat.arrays import Cut, Source
from volconv.compat.passes import Pass, kernel_of, name_of, pass_options
from volconv.compat.windows import Sums
from volconv.steps import Step
from volconv.steps.calls import map_windows_step
from volconv.steps.window import window_step

__all__ = ["cut_off"]


def cut_off(source: Source, dtype: np.dtype[Any], one: Pass, cval: complex) -> Source:
    """A pass whose sums are cut off to integers."""
    exact = exact_dtype(source, one)
    if exact is None:
        return source.through(summed(source, dtype.name, one, cval))
    kernel = kernel_of((replace(one, divisor=1),), 0)
    options = replace(pass_options(one, cval, exact), engine="direct")
    step = window_step("correlate", source.meta, kernel, options)
    return source.through(step).mapped(Cut(dtype, one.divisor))


def exact_dtype(source: Source, one: Pass) -> str | None:
    """The floats in which sums of integers are exact, in whatever order they are made.

    None where there are none: for weights with fractions, and for large sums.
    """
    if source.dtype.kind not in "biu" or (one.weights % 1).any():
        return None
    most = 1.0
    if source.dtype.kind != "b":
        limits = np.iinfo(source.dtype)
        most = max(-float(limits.min), float(limits.max))
    largest = most * abs(one.weights).sum()
    if largest <= 2**24:
        return "float32"
    return "float64" if largest <= 2**53 else None


def summed(source: Source, dtype: str, one: Pass, cval: complex) -> Step:
    """A pass whose sums are made in SciPy's order, and cut off to integers."""
    names = tuple(name_of(axis) for axis in one.axes)
    sums = Sums(one.weights, one.divisor, one.paired, dtype)
    return map_windows_step(
        source.meta,
        sums,
        token_of(sums),
        dict(zip(names, one.weights.shape, strict=True)),
        None,
        pass_options(one, cval, dtype),
    )
