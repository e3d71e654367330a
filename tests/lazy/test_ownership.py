"""Which chunk owns which outputs, against enumeration."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from volconv.boundary import KINDS, source_index
from volconv.geometry import Interval, Window, even_chunks
from volconv.lazy.ownership import owned_chunks


@st.composite
def owned_axes(draw):
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=7))
    cells = sum(sizes)
    kind = draw(st.sampled_from(KINDS[:4]))
    window = Window(
        draw(st.integers(1, 4)),
        draw(st.integers(1, 5)),
        draw(st.integers(1, 3)),
        (draw(st.integers(0, 9)), draw(st.integers(12, 15))),
    )
    return sizes, cells, kind, window


@given(owned_axes())
def test_each_output_is_owned_once_by_a_chunk_that_holds_its_cells(axis):
    sizes, cells, kind, window = axis
    outputs = window.out_size(cells)
    found = owned_chunks(sizes, window, kind, outputs, window.padding[0])
    edges = {0, *np.cumsum(sizes).tolist()}
    assert sum(found.chunk_sizes) == cells
    assert {chunk.start for chunk in found.chunks} <= edges
    assert [k for o in found.outputs for k in range(o.start, o.stop)] == list(
        range(outputs)
    )
    before, after = found.halo
    for chunk, owned in zip(found.chunks, found.outputs, strict=True):
        assert owned.size > 0
        if len(found.chunks) > 1:
            assert chunk.size >= max(found.halo)
        held = Interval(max(0, chunk.start - before), min(chunk.stop + after, cells))
        for k in range(owned.start, owned.stop):
            start = k * window.stride - window.padding[0]
            for j in range(window.size):
                read = source_index(start + j * window.dilation, cells, kind)
                assert read is None or held.start <= read < held.stop


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 9), st.integers(1, 4))
def test_a_result_over_a_stride_that_divides_chunks_is_owned_by_even_ones(
    stride, factor, size, count
):
    each = stride * (factor + size)  # no smaller than a halo
    window = Window(size, stride, padding=((size - 1) // 2, size // 2))
    sizes = [each] * count
    outputs = window.out_size(sum(sizes))
    found = owned_chunks(sizes, window, "edge", outputs, window.padding[0])
    assert found.chunk_sizes == (each,) * count
    assert found.output_sizes == (factor + size,) * count
    assert even_chunks(sizes, window, outputs) == found.output_sizes
