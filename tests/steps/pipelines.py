"""Pipelines over any steps."""

from hypothesis import strategies as st

from tests.strategies import options, weights
from volconv.geometry import Interval
from volconv.kernels import Kernel
from volconv.steps import (
    window_step,
)


def whole_box(shape):
    return tuple(Interval(0, size) for size in shape)


@st.composite
def steps_over(draw, meta, kinds="if"):
    """A window step that fits an array, over some of its dimensions."""
    dims = draw(
        st.lists(st.sampled_from(meta.dims), min_size=1, unique=True, max_size=3)
    )
    size = {dim: draw(st.integers(1, 3)) for dim in dims}
    apart = draw(st.booleans()) and len(dims) > 1 and meta.dtype.startswith("f")
    if apart:
        factors = [draw(weights("f", (cells,))) for cells in size.values()]
        kernel = Kernel(tuple(dims), tuple(factors))
    else:
        taps = draw(weights(draw(st.sampled_from(kinds)), tuple(size.values())))
        kernel = Kernel.parse(taps, dims, meta.dims)
    return window_step("correlate", meta, kernel, draw(options(meta, size)))
