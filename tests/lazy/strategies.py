"""Arrays in chunks, and windows over them."""

import numpy as np
import xarray as xr
from hypothesis import strategies as st

KINDS = ("constant", "edge", "reflect", "symmetric", "wrap")


NAMES = ("t", "z", "y", "x")


@st.composite
def chunkings(draw, size):
    """Chunks of an axis: of one cell, uneven, or one for all."""
    chunks: list[int] = []
    while sum(chunks) < size:
        left = size - sum(chunks)
        chunks.append(draw(st.one_of(st.just(1), st.integers(1, left), st.just(left))))
    return tuple(chunks)


@st.composite
def windows(draw, cells):
    """Size, stride, dilation, padding and boundary of one axis that fit its cells."""
    size = draw(st.integers(1, 4))
    dilation = draw(st.integers(1, 3))
    span = dilation * (size - 1) + 1
    short = max(0, span - cells)
    before = draw(st.integers(0, 2 * cells + 3))
    after = draw(
        st.integers(max(0, short - before), max(0, short - before) + cells + 3)
    )
    return {
        "size": size,
        "stride": draw(st.integers(1, 5)),
        "dilation": dilation,
        "padding": (before, after),
        "boundary": draw(st.sampled_from(KINDS)),
    }


@st.composite
def cases(draw):
    """An array, a kernel over some of its dimensions, its windows, and chunks."""
    dims = NAMES[-draw(st.integers(1, 4)) :]
    shape = [draw(st.integers(1, 11)) for _ in dims]
    moved = draw(st.lists(st.sampled_from(dims), min_size=1, max_size=3, unique=True))
    window = {dim: draw(windows(shape[dims.index(dim)])) for dim in moved}
    seed = draw(st.integers(0, 2**32 - 1))
    dtype = draw(
        st.sampled_from(
            ["float32", "float64", "float16", "int16", "uint8", "complex64"]
        )
    )
    rng = np.random.default_rng(seed)
    array = xr.DataArray((100 * rng.random(shape)).astype(dtype), dims=dims)
    kernel = rng.normal(size=[window[dim]["size"] for dim in moved])
    if draw(st.booleans()):
        kernel = (4 * kernel).astype(int)
    options = {
        key: {dim: window[dim][key] for dim in moved}
        for key in ("stride", "dilation", "padding", "boundary")
    }
    chunks = dict(zip(dims, [draw(chunkings(size)) for size in shape], strict=True))
    return array, kernel, moved, options, chunks


@st.composite
def even_cases(draw):
    """An array along one dimension in chunks of one size, a kernel, and its windows."""
    cells = draw(st.integers(1, 40))
    window = draw(windows(cells))
    size = window.pop("size")
    array = xr.DataArray(np.arange(cells) % 7, dims="x")
    chunked = array.chunk(x=draw(st.integers(1, 16)))
    return chunked, np.arange(1, 1 + size), window
