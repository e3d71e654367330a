"""Where results lie in memory: apart for as long as they are held."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.steps.graphs import graphs
from tests.strategies import intervals
from volconv.steps.layout import LINE, Layout, Memory, Span


@st.composite
def spans(draw):
    first = draw(st.integers(0, 12))
    return Span(draw(st.integers(0, 2000)), first, first + draw(st.integers(0, 6)))


@given(st.lists(spans(), max_size=12))
def test_what_is_held_at_one_time_lies_apart(held):
    layout = Layout.of(held)
    assert all(start % LINE == 0 for start in layout.starts)
    for place in range(20):
        taken = np.zeros(layout.nbytes, int)
        for span, start in zip(held, layout.starts, strict=True):
            if span.first <= place <= span.last:
                assert start + span.nbytes <= layout.nbytes
                taken[start : start + span.nbytes] += 1
        assert taken.max(initial=0) <= 1


@given(st.lists(spans(), min_size=1, max_size=12))
def test_no_less_than_is_held_at_once_is_laid_out_and_no_more_than_all(held):
    nbytes = Layout.of(held).nbytes
    for place in range(20):
        there = [span.nbytes for span in held if span.first <= place <= span.last]
        assert sum(there) <= nbytes
    assert nbytes <= sum(span.nbytes + LINE - 1 for span in held)


def test_a_chain_takes_two_of_its_results_and_a_branch_one_more():
    chain = [Span(640, place, place + 1) for place in range(9)]
    assert Layout.of(chain).nbytes == 2 * 640
    branch = [Span(640, 0, 8), *chain[1:]]
    assert Layout.of(branch).nbytes == 3 * 640


@given(graphs(), st.data())
def test_results_in_one_piece_of_memory_are_those_of_memory_of_their_own(graph, data):
    """Bytes that are left over from before change nothing, and reads may go elsewhere."""
    last = graph.pipeline.last
    chosen = data.draw(st.sets(st.integers(1, last), max_size=2)) | {last}
    wanted = {
        place: tuple(data.draw(intervals(size)) for size in graph.shape(place))
        for place in sorted(chosen)
    }

    def read(box):
        return graph.array[tuple(side.slice for side in box)]

    def read_there(box, out):
        out[...] = read(box)
        return out

    def read_elsewhere(box, out):
        return read(box)

    expected = graph.pipeline.compute(wanted, read)
    for read_into in (read_there, read_elsewhere):
        memory = Memory(lambda shape, dtype: np.full(shape, 0xA5, dtype), read_into)
        into = {last: np.full_like(expected[last], 7)}
        found = graph.pipeline.compute(wanted, read, into, memory)
        for place, cells in expected.items():
            assert found[place].tobytes() == cells.tobytes()
