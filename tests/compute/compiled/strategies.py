"""Blocks, kernels and layouts, valid by construction."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from hypothesis import strategies as st

DTYPES = (
    *("?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"),
    *(">i2", ">u4", ">i8", ">f2", ">f4", ">f8"),
)
MOST_CELLS = {1: 400, 2: 90, 3: 24, 4: 8, 5: 5}


@dataclass
class Case:
    """One correlation: arrays and window."""

    block: np.ndarray
    weights: np.ndarray
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    compute_dtype: np.dtype


def laid_out(block, how):
    """The same values in another layout."""
    if how == "fortran":
        return np.asfortranarray(block)
    if how == "every other":
        return np.repeat(block, 2, axis=-1)[..., ::2]
    if how == "reversed":
        return (
            np.ascontiguousarray(block[::-1, ..., ::-1])[::-1, ..., ::-1]
            if block.ndim > 1
            else block[::-1].copy()[::-1]
        )
    if how == "channels first":
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(block, -1, 0)), 0, -1)
    if how == "misaligned":
        raw = np.empty(block.nbytes + 1, np.uint8)[1:]
        view = raw.view(np.uint8)[: block.nbytes].view(block.dtype).reshape(block.shape)
        view[...] = block
        return view
    block = block.copy()
    block.flags.writeable = False
    return block


LAYOUTS = [
    "plain",
    "fortran",
    "every other",
    "reversed",
    "channels first",
    "misaligned",
]


@st.composite
def windows(draw, ndim, sizes=(1, 1, 2, 3, 4, 5, 7, 11)):
    most = 3 if ndim > 3 else 11
    size = tuple(min(draw(st.sampled_from(sizes)), most) for _ in range(ndim))
    stride = tuple(draw(st.sampled_from([1, 1, 1, 2, 3, 4, 9])) for _ in range(ndim))
    dilation = tuple(draw(st.sampled_from([1, 1, 2, 3])) for _ in range(ndim))
    return size, stride, dilation


@st.composite
def shapes(draw, size, dilation):
    most = MOST_CELLS[len(size)]
    shape = [
        d * (f - 1) + 1 + draw(st.integers(0, most))
        for f, d in zip(size, dilation, strict=True)
    ]
    if draw(st.booleans()):
        shape[-1] += draw(st.integers(0, 150))
    return tuple(shape)


@st.composite
def direct_cases(draw, dtypes=tuple(DTYPES), layouts=tuple(LAYOUTS)):
    ndim = draw(st.integers(1, 5))
    size, stride, dilation = draw(windows(ndim))
    shape = draw(shapes(size, dilation))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = rng.integers(-3, 4, size).astype(float)
    weights *= rng.random(size) < draw(st.sampled_from([1.0, 0.5, 0.1, 0.0]))
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    block = rng.integers(0, 8, shape).astype(dtype)
    block = laid_out(block, draw(st.sampled_from(layouts)))
    compute = np.dtype(draw(st.sampled_from(["f4", "f8"])))
    return Case(block, weights, stride, dilation, compute)


@st.composite
def long_cases(draw, dtypes=tuple(DTYPES), layouts=tuple(LAYOUTS)):
    """Factors of so many taps along the last axis that rows are turned."""
    ndim = draw(st.integers(2, 3))
    size, stride, dilation = draw(windows(ndim, sizes=(1, 2, 3)))
    size = (*size[:-2], 2, draw(st.sampled_from([24, 33, 40])))
    shape = list(draw(shapes(size, dilation)))
    shape[-2] += draw(st.sampled_from([0, 7, 40]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    factors = [rng.integers(-2, 3, n).astype(float) for n in size]
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    block = rng.integers(0, 4, shape).astype(dtype)
    block = laid_out(block, draw(st.sampled_from(layouts)))
    compute = np.dtype(draw(st.sampled_from(["f4", "f8"])))
    weights = reduce(np.multiply.outer, factors)
    return Case(block, weights, stride, dilation, compute), factors


@st.composite
def separable_cases(draw, dtypes=tuple(DTYPES), layouts=tuple(LAYOUTS)):
    case = draw(direct_cases(dtypes, layouts))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    factors = []
    for n in case.weights.shape:
        factor = rng.integers(-2, 3, n).astype(float)
        factors.append(None if n == 1 and draw(st.booleans()) else factor)
    return case, factors
