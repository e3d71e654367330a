"""What the tests of all families of steps share."""

import json
from typing import Any

import dask
import numpy as np
import xarray as xr
from hypothesis import strategies as st

from tests.memory import most_bytes
from tests.oracle import padded, same_bits
from tests.strategies import DIMS, arrays, chunkings, intervals, kinds
from volconv.compute import let_go_of_scratch
from volconv.coordinates import array_meta
from volconv.steps import chain, compute_box


@st.composite
def labelled(draw, dtypes, *, least=1, most=9, most_axes=3):
    """A DataArray of one of some dtypes, its dims the last of t, z, y, x."""
    ndim = draw(st.integers(1, most_axes))
    shape = tuple(draw(st.integers(least, most)) for _ in range(ndim))
    values = draw(arrays(draw(st.sampled_from(dtypes)), shape))
    return xr.DataArray(values, dims=DIMS[len(DIMS) - ndim :])


@st.composite
def chunk_sizes(draw, array):
    """Chunks along each dimension."""
    return {dim: draw(chunkings(size)) for dim, size in array.sizes.items()}


@st.composite
def pooled(draw, array):
    """Size, stride, dilation, padding and boundary that fit an array, by dimension."""
    dims = draw(st.lists(st.sampled_from(array.dims), min_size=1, unique=True))
    found: dict[str, dict[str, Any]] = {
        "size": {},
        "stride": {},
        "dilation": {},
        "padding": {},
        "boundary": {},
    }
    for dim in dims:
        size, apart = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        missing = max(0, (size - 1) * apart + 1 - array.sizes[dim])
        found["size"][dim] = size
        found["stride"][dim] = draw(st.integers(1, 4))
        found["dilation"][dim] = apart
        found["padding"][dim] = (draw(st.integers(0, 3)), draw(st.integers(0, 3)))
        found["padding"][dim] = (
            found["padding"][dim][0],
            found["padding"][dim][1] + missing,
        )
        found["boundary"][dim] = draw(kinds)
    return found


def windows_of(array, options, fill_value=0):
    """Windows of a DataArray by `numpy.pad` and slices: outputs first, then one axis."""
    order = [dim for dim in array.dims if dim in options["size"]]
    pairs = [options["padding"].get(dim, (0, 0)) for dim in array.dims]
    ways = [options["boundary"].get(dim, "constant") for dim in array.dims]
    cells = padded(array.values, pairs, ways, fill_value)
    for dim in order:
        axis = array.dims.index(dim)
        size, stride = options["size"][dim], options["stride"][dim]
        apart = options["dilation"][dim]
        count = (cells.shape[axis] - (size - 1) * apart - 1) // stride + 1
        index = np.arange(count)[:, None] * stride + np.arange(size) * apart
        cells = np.moveaxis(np.take(cells, index, axis=axis), axis + 1, -1)
    return cells.reshape(*cells.shape[: array.ndim], -1)


def same_whatever_the_cuts(array, call, step, data):
    """The whole result, when chunks and boxes of it have its bits."""
    whole = call(array)
    chunks = data.draw(chunk_sizes(array))
    with dask.config.set(scheduler="synchronous"):
        lazy = call(array.chunk(chunks))
        assert lazy.shape == whole.shape
        assert lazy.dtype == whole.dtype
        computed = lazy.compute()
    assert same_bits(computed.values, whole.values)
    assert computed.identical(whole)
    meta = array_meta(array.dims, array.shape, array.dtype, array.coords.to_dataset())
    resolved = step(meta)
    assert resolved.target.shape == whole.shape
    assert resolved.target.dtype == whole.dtype
    described = resolved.describe()
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    assert resolved.engine_note()
    box = tuple(data.draw(intervals(size)) for size in whole.shape)
    part = compute_box(
        chain([resolved]),
        box,
        lambda cut: array.values[tuple(one.slice for one in cut)],
    )
    assert same_bits(part, whole.values[tuple(side.slice for side in box)])
    return whole


def same_bits_at_any_place(step, cells):
    """In NumPy's vector loops and their tails, aligned or not, strided or not."""
    whole = step.compute(cells)
    for start in range(1, 40):
        assert same_bits(step.compute(cells[start:]), whole[start:])
    for stride in (2, 3, 5):
        assert same_bits(step.compute(cells[::stride]), whole[::stride])
    each = [step.compute(cells[place : place + 1]) for place in range(len(cells))]
    assert same_bits(np.concatenate(each), whole)


def allocated(step, block):
    """The most bytes that computing a block holds at once, beyond the block."""
    step.compute(block)  # compiles
    let_go_of_scratch()
    return most_bytes(lambda: step.compute(block))
