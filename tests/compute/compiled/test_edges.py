"""Cells that are padded on the way give the bits of a block that was padded before."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compute.compiled.edges import KINDS, edges_of, padded
from tests.compute.compiled.guards import Guarded
from volconv.compute.compiled.direct import engine as direct
from volconv.compute.compiled.programs.edges import Edges, pieces
from volconv.compute.compiled.separable import engine as separable
from volconv.compute.compiled.separable.folds import Fold


@st.composite
def edge_cases(draw):
    ndim = draw(st.integers(1, 3))
    shape = draw(st.tuples(*[st.integers(1, 40 if ndim < 3 else 14)] * ndim))
    dtype = np.dtype(draw(st.sampled_from(["f4", "f8", "i2", "u1", ">f4", ">i2"])))
    size = draw(st.tuples(*[st.integers(2, 5)] * ndim))
    stride = draw(st.tuples(*[st.integers(1, 5)] * ndim))
    dilation = draw(st.tuples(*[st.sampled_from([1, 1, 2])] * ndim))
    spans = [d * (f - 1) + 1 for f, d in zip(size, dilation, strict=True)]
    padding = [
        (max(draw(st.integers(0, 6)), span - n), draw(st.integers(0, 6)))
        for n, span in zip(shape, spans, strict=True)
    ]
    kinds = draw(st.tuples(*[st.sampled_from(KINDS)] * ndim))
    seed = draw(st.integers(0, 2**32))
    return shape, dtype, size, (stride, dilation), padding, kinds, seed


def prepared(size, window, dtype, rng, *, separably):
    stride, dilation = window
    compute = "f8" if dtype.itemsize == 8 else "f4"
    if separably:
        factors = [rng.standard_normal(n) for n in size]
        return separable.prepare(factors, stride, dilation, dtype, compute)
    return direct.prepare(rng.standard_normal(size), stride, dilation, dtype, compute)


def check_known(correlator, cells, padding, kinds):
    """Padding on the way is known, and gives the bits of padding before."""
    block = padded(cells, padding, kinds)
    expected = np.empty(correlator.output_shape(block.shape), "f4")
    correlator(block, expected)
    edges = edges_of(cells.shape, cells.dtype, padding, kinds)
    out = np.empty_like(expected)
    assert correlator.padding(cells, out, edges)
    assert out.tobytes() == expected.tobytes()


@given(edge_cases(), st.booleans(), st.booleans())
def test_padding_on_the_way_gives_the_bits_of_padding_before(case, separably, at_end):
    shape, dtype, size, window, padding, kinds, seed = case
    rng = np.random.default_rng(seed)
    correlator = prepared(size, window, dtype, rng, separably=separably)
    source = Guarded(shape, dtype, at_end=at_end)
    source.array[...] = rng.integers(0, 99, shape)
    block = padded(source.array, padding, kinds)
    expected = np.empty(correlator.output_shape(block.shape), correlator.compute_dtype)
    correlator(block, expected)
    out = np.full_like(expected, 7)
    with source as cells:
        known = correlator.padding(cells, out, edges_of(shape, dtype, padding, kinds))
    if known:
        assert out.tobytes() == expected.tobytes()
    else:
        assert (out == 7).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stride", [1, 2, 3, 4, 6, 11])
@pytest.mark.parametrize("separably", [False, True])
def test_usual_edges_are_known(kind, stride, separably):
    rng = np.random.default_rng(3)
    shape, dtype = (9, 40, 130), np.dtype("f4")
    window = (stride,) * 3, (1,) * 3
    correlator = prepared((3, 5, 4), window, dtype, rng, separably=separably)
    cells = rng.standard_normal(shape).astype("f4")
    padding, kinds = [(1, 1), (2, 2), (1, 2)], [kind] * 3
    check_known(correlator, cells, padding, kinds)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("shape", [(11, 9, 23), (5, 40, 1100), (1, 30, 2), (12, 70)])
def test_many_taps_filter_what_lies_beyond_an_edge_once(kind, stride, shape):
    rng = np.random.default_rng(5)
    dtype, ndim = np.dtype("f4"), len(shape)
    size = (3, 4, 27)[-ndim:]
    window = (1,) * (ndim - 1) + (stride,), (1,) * ndim
    correlator = prepared(size, window, dtype, rng, separably=True)
    cells = rng.standard_normal(shape).astype("f4")
    cells[(0,) * ndim], cells[(-1,) * ndim] = np.nan, -np.inf
    padding, kinds = [(1, 1), (2, 2), (13, 30)][-ndim:], [kind] * ndim
    check_known(correlator, cells, padding, kinds)


@given(
    st.integers(1, 9), st.integers(0, 20), st.integers(0, 20), st.sampled_from(KINDS)
)
def test_folded_lines_unfold(size, before, after, kind):
    edges = edges_of((size,), "f4", [(before, after)], [kind])
    indices = edges.indices(0, np.arange(before + size + after))
    fold = Fold.of(indices)
    line = np.full(len(indices) + 1, 99)
    line[fold.at : fold.at + len(fold.indices)] = fold.indices
    for to, source, step, count in fold.copies:
        line[to : to + count] = line[source + step * np.arange(count)]
    assert line[:-1].tolist() == indices.tolist()
    assert len(fold.indices) == size + (kind == "constant" and before + after > 0)


def test_lines_that_do_not_hold_all_that_is_beyond_are_taken_whole():
    indices = np.array([7, 8, 0, 1, 2])
    assert Fold.of(indices).indices.tolist() == indices.tolist()


def test_places_outside_the_cells_are_refused():
    correlator = direct.prepare([1.0, 2.0], [1], [1], "f4", "f4")
    edges = Edges((((0, 3, 1), (3, 1, 0)),), b"\0\0\0\0")
    with pytest.raises(ValueError, match=r"^edges: got indices 3 to 3 along axis 0"):
        correlator.padding(np.zeros(3, "f4"), np.zeros(3, "f4"), edges)


@given(st.lists(st.integers(-1, 5), max_size=30))
def test_pieces_cover_their_places_in_order(indices):
    found = [
        piece.first + step * piece.step
        for piece in pieces(np.array(indices, np.int64))
        for step in range(piece.count)
    ]
    assert found == indices
