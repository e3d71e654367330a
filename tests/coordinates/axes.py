"""Windows along one axis, drawn, and the arithmetic of their places by enumeration."""

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

import volconv


def places(cells, size, stride, dilation, padding):
    """Mean index of the first and last tap of each window, by enumeration."""
    before, after = padding
    reach = dilation * (size - 1)
    starts = range(-before, cells + after - reach, stride)
    return [Fraction(2 * start + reach, 2) for start in starts]


def expected_value(values, place):
    """Linear in the index, continued with the end spacing, in exact fractions."""
    low = min(max(place.__floor__(), 0), len(values) - 2)
    left, right = Fraction(values[low]), Fraction(values[low + 1])
    return left + (right - left) * (place - low)


axes = st.fixed_dictionaries(
    {
        "cells": st.integers(2, 12),
        "size": st.integers(1, 4),
        "stride": st.integers(1, 4),
        "dilation": st.integers(1, 3),
        "padding": st.tuples(st.integers(9, 12), st.integers(0, 12)),
        "less": st.integers(0, 9),
    }
)


def windowed(array, axis, **options):
    """What a drawn axis makes of an array, and the places of its windows."""
    padding = (axis["padding"][0] - axis["less"], axis["padding"][1])
    reach = axis["dilation"] * (axis["size"] - 1)
    short = max(0, reach + 1 - axis["cells"] - sum(padding))
    padding = (padding[0], padding[1] + short)
    found = volconv.correlate(
        array,
        np.ones(axis["size"]),
        dims="x",
        stride=axis["stride"],
        dilation=axis["dilation"],
        padding=padding,
        **options,
    )
    return found, places(
        axis["cells"], axis["size"], axis["stride"], axis["dilation"], padding
    )
