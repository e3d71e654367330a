"""Arrays, and arguments of SciPy's filters that fit them."""

import dask.array as da
import numpy as np
from hypothesis import strategies as st

INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
FLOATS = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
MODES = (
    *("reflect", "constant", "nearest", "mirror", "wrap"),
    *("grid-mirror", "grid-constant", "grid-wrap"),
)

modes = st.sampled_from(MODES)
cvals = st.sampled_from([0.0, 3.0, -2.5])
sigmas = st.sampled_from([0.0, 0.4, 0.7, 1.0, 1.5, 2.3])


@st.composite
def arrays(draw, dtypes=(*INTEGERS, *FLOATS, *COMPLEX), most=9, lowest=-100):
    """An array of one to three axes, some shorter than a window."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    ndim = draw(st.integers(1, 3))
    shape = draw(st.tuples(*[st.integers(1, (24, most, 6)[ndim - 1])] * ndim))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    if dtype.kind in "iu":
        low = 0 if dtype.kind == "u" else lowest
        return rng.integers(low, 101, shape).astype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    values = rng.normal(0, 30, shape)
    if dtype.kind == "c":
        values = values + 1j * rng.normal(0, 30, shape)
    return values.astype(dtype)


@st.composite
def some_axes(draw, ndim):
    """Some axes in some order, or all as None, and how many they are."""
    if draw(st.booleans()):
        return None, ndim
    order = draw(st.permutations(range(ndim)))
    axes = tuple(order[: draw(st.integers(1, ndim))])
    return tuple(draw(st.sampled_from([axis, axis - ndim])) for axis in axes), len(axes)


@st.composite
def one_or_each(draw, values, count):
    """One value for all axes, or one for each."""
    if draw(st.booleans()):
        return draw(values)
    return [draw(values) for _ in range(count)]


def origins(sizes):
    """Origins that leave the own cell in windows of all of some sizes."""
    least = min(sizes)
    return st.integers(-(least // 2), (least - 1) // 2)


@st.composite
def weights(draw, ndim, kind="f"):
    """Weights of some axes: random floats, or symmetric, or whole."""
    shape = draw(st.tuples(*[st.integers(1, 4)] * ndim))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    found = rng.normal(0, 1, shape)
    if draw(st.booleans()):
        found = np.round(found * 2)
    if draw(st.booleans()):
        found = found + np.flip(found) * draw(st.sampled_from([1, -1]))
    return found + 1j * rng.normal(0, 1, shape) if kind == "c" else found


@st.composite
def chunked(draw, array):
    """The array as Dask's, in chunks of any sizes."""
    chunks = []
    for size in array.shape:
        cuts = draw(st.lists(st.integers(1, max(1, size - 1)), max_size=2, unique=True))
        ends = [0, *sorted(cut for cut in cuts if cut < size), size]
        chunks.append(tuple(np.diff(ends).tolist()))
    return da.from_array(array, chunks=tuple(chunks))


__all__ = [
    "COMPLEX",
    "FLOATS",
    "INTEGERS",
    "arrays",
    "chunked",
    "cvals",
    "modes",
    "one_or_each",
    "origins",
    "sigmas",
    "some_axes",
    "weights",
]
