"""What the property tests draw from; every case is valid by construction."""

import itertools

import numpy as np
from hypothesis import strategies as st

from tests.oracle import KINDS
from volconv.geometry import Interval, Window
from volconv.meta import ArrayMeta, Axis
from volconv.steps import WindowOptions

BOOLS = ("bool",)
INTEGERS = tuple(
    f"{family}{bits}" for family in ("int", "uint") for bits in (8, 16, 32, 64)
)
FLOATS = ("float16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
DTYPES = (*BOOLS, *INTEGERS, *FLOATS, *COMPLEX)

DIMS = ("t", "z", "y", "x")

kinds = st.sampled_from(KINDS)
dtypes = st.sampled_from(DTYPES)
paddings = st.tuples(st.integers(0, 5), st.integers(0, 5))
padding_names = st.sampled_from(("valid", "same", "same_upper", "same_lower", "full"))
windows = st.builds(
    Window,
    size=st.integers(1, 5),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
    padding=paddings,
)


def span_of(window):
    """Cells from a window's first tap to its last, counted."""
    return 1 + max(range(0, window.dilation * window.size, window.dilation))


@st.composite
def windows_over(draw):
    """A window, and a number of cells that it fits over."""
    window = draw(windows)
    least = max(1, span_of(window) - sum(window.padding))
    return window, draw(st.integers(least, least + 12))


@st.composite
def chunkings(draw, cells):
    """Sizes of chunks that make up an axis: of one cell, uneven, or one for all."""
    cuts = draw(st.sets(st.integers(1, cells - 1))) if cells > 1 else set()
    edges = [0, *sorted(cuts), cells]
    return tuple(stop - start for start, stop in itertools.pairwise(edges))


@st.composite
def intervals(draw, cells):
    """A range of at least one cell of an axis."""
    start = draw(st.integers(0, cells - 1))
    return Interval(start, draw(st.integers(start + 1, cells)))


@st.composite
def arrays(draw, dtype, shape):
    """Small whole numbers and fractions, in any layout that NumPy has."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = np.dtype(dtype).kind
    if kind == "b":
        values = rng.random(shape) < 0.5
    elif kind in "iu":
        values = rng.integers(0 if kind == "u" else -100, 100, shape)
    elif kind == "f":
        values = rng.normal(size=shape)
    else:
        values = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return draw(layouts(values.astype(dtype)))


@st.composite
def layouts(draw, values):
    """The same values with other strides, byte order, or without leave to write."""
    layout = draw(st.sampled_from(("C", "F", "reversed", "gaps", "swapped", "frozen")))
    if layout == "F":
        return np.asfortranarray(values)
    if layout == "reversed":
        return np.flip(np.flip(values).copy())
    if layout == "gaps":
        wide = np.repeat(values, 2, axis=-1)
        return wide[..., ::2]
    if layout == "swapped":
        return values.astype(values.dtype.newbyteorder())
    if layout == "frozen":
        values.setflags(write=False)
    return values


@st.composite
def weights(draw, kind, shape):
    """Kernel weights of a kind (integer, float, complex), some taps of them zero."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if kind == "i":
        values = rng.integers(-3, 4, shape)
    elif kind == "f":
        values = rng.normal(size=shape)
    else:
        values = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    zero = rng.random(shape) < draw(st.sampled_from((0.0, 0.3)))
    return np.where(zero, 0, values)


@st.composite
def correlations(draw, most_axes=4, most_cells=6):
    """Shapes of a block and a kernel, a stride and a dilation for each axis."""
    ndim = draw(st.integers(1, most_axes))
    stride, dilation, kernel, block = [], [], [], []
    for _ in range(ndim):
        size = draw(st.integers(1, 3))
        apart = draw(st.integers(1, 2))
        span = (size - 1) * apart + 1
        kernel.append(size)
        dilation.append(apart)
        stride.append(draw(st.integers(1, 3)))
        block.append(draw(st.integers(span, max(span, most_cells))))
    return tuple(block), tuple(kernel), tuple(stride), tuple(dilation)


def meta_of(shape, dtype):
    """An array's description, its dims the last of t, z, y, x."""
    dims = DIMS[len(DIMS) - len(shape) :]
    axes = tuple(Axis(dim, size) for dim, size in zip(dims, shape, strict=True))
    return ArrayMeta(axes, dtype)


@st.composite
def options(draw, meta, sizes):
    """Stride, dilation, padding and boundary that fit a kernel of some sizes."""
    stride, dilation, padding = {}, {}, {}
    for dim, size in sizes.items():
        apart = draw(st.integers(1, 2))
        span = (size - 1) * apart + 1
        before, after = draw(st.integers(0, 4)), draw(st.integers(0, 4))
        missing = max(0, span - meta.sizes[dim] - before - after)
        stride[dim] = draw(st.integers(1, 2))
        dilation[dim] = apart
        padding[dim] = (before, after + missing)
    return WindowOptions(
        stride=stride,
        dilation=dilation,
        padding=padding,
        boundary={dim: draw(kinds) for dim in sizes},
        fill_value=draw(st.sampled_from((0, 1))),
    )
