"""The engines, over any case."""

from functools import reduce

import numpy as np
from hypothesis import strategies as st

from tests.compute.compiled.strategies import (
    Case,
)
from volconv.compute.compiled.direct import engine as direct
from volconv.compute.compiled.separable import engine as separable


def run(correlator, block):
    out = np.full(
        correlator.output_shape(block.shape), np.nan, correlator.compute_dtype
    )
    correlator(block, out)
    return out


def direct_of(case):
    return direct.prepare(
        case.weights, case.stride, case.dilation, case.block.dtype, case.compute_dtype
    )


def separable_of(case, factors):
    return separable.prepare(
        factors, case.stride, case.dilation, case.block.dtype, case.compute_dtype
    )


def product(factors):
    return reduce(np.multiply.outer, [np.ones(1) if f is None else f for f in factors])


def bits(array):
    return np.ascontiguousarray(array).view(f"u{array.itemsize}")


def random_floats(case, seed):
    rng = np.random.default_rng(seed)
    block = rng.standard_normal(case.block.shape)
    weights = rng.standard_normal(case.weights.shape) * (case.weights != 0)
    dtype = case.block.dtype
    return Case(
        block.astype(dtype), weights, case.stride, case.dilation, case.compute_dtype
    )


def sub_block(draw, block, correlator):
    """A block of some of the outputs, and which outputs those are."""
    inputs, outputs = [], []
    m = correlator.output_shape(block.shape)
    for n, f, s, d in zip(
        m, correlator.size, correlator.stride, correlator.dilation, strict=True
    ):
        first = draw(st.integers(0, n - 1))
        stop = draw(st.integers(first + 1, n))
        outputs.append(slice(first, stop))
        inputs.append(slice(first * s, (stop - 1) * s + d * (f - 1) + 1))
    part = block[tuple(inputs)]
    return (part.copy() if draw(st.booleans()) else part), tuple(outputs)


def specials(shape, dtype, rng, huge=1e308):
    values = np.array(
        [np.nan, -np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, 5e-324, 1e-45, huge]
    )
    with np.errstate(over="ignore"):
        return rng.choice(values, shape).astype(dtype)
