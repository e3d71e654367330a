"""Windows that move by parts of a cell, against walks over every cell and output."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volconv.errors import GeometryError
from volconv.geometry import Centres, Geometry, Interval, Spreading, Window

FAR = 40
"""Cells beyond the ends that the walks look at: more than any window here reaches."""


@st.composite
def spreadings(draw):
    """A spreading, with as many outputs left out as leave it one over a single cell."""
    size, factor, apart = (draw(st.integers(1, most)) for most in (5, 5, 3))
    reach = (size - 1) * apart
    before = draw(st.integers(0, reach))
    after = draw(st.integers(-3, reach - before))
    return Spreading.of(size, factor, apart, (before, after))


def targets(window, cell):
    """The outputs that a cell is spread over, by walking there one cell at a time."""
    place = -window.crop[0]
    for _ in range(abs(cell)):
        place += window.factor if cell > 0 else -window.factor
    return [place + tap * window.dilation for tap in range(window.size)]


def cells_read(window, outputs):
    """The cells that are spread over at least one of some outputs."""
    wanted = set(range(outputs.start, outputs.stop))
    return [cell for cell in range(-FAR, FAR) if wanted & {*targets(window, cell)}]


ranges = st.builds(
    lambda start, size: Interval(start, start + size),
    st.integers(0, 25),
    st.integers(1, 9),
)


@given(spreadings(), st.integers(1, 9))
def test_outputs_end_where_the_last_cell_is_spread_to(window, cells):
    last = targets(window, cells - 1)[-1]
    assert window.out_size(cells) == last + 1 - window.crop[1]


@given(spreadings(), ranges)
def test_a_source_holds_what_its_outputs_read(window, outputs):
    source = window.source(outputs)
    read = cells_read(window, outputs)
    assert source.size >= 1
    assert {*read} <= {*range(source.start, source.stop)}
    if window.dilation == 1 and window.size >= window.factor:  # taps without gaps
        assert source == Interval(min(read), max(read) + 1)
    assert (
        max(
            window.source(Interval(k, k + 1)).size
            for k in range(outputs.start, outputs.stop)
        )
        <= window.span
    )


@given(spreadings(), ranges)
def test_a_phase_counts_outputs_from_the_first_cell_that_is_read(window, outputs):
    first = window.source(outputs).start
    assert targets(window, first)[0] + window.phase(outputs) == outputs.start


@given(spreadings(), st.integers(0, 20))
def test_no_outputs_read_nothing(window, output):
    assert window.source(Interval(output, output)).size == 0


@given(spreadings(), st.integers(0, 20))
def test_two_blocks_read_what_the_whole_reads(window, cut):
    whole = window.source(Interval(0, cut + 3))
    left = window.source(Interval(0, cut + 1))
    right = window.source(Interval(cut + 1, cut + 3))
    assert (left.start, right.stop) == (whole.start, whole.stop)
    assert left.stop - right.start <= window.halo


@given(spreadings(), ranges, st.integers(1, 5))
def test_a_whole_cell_further_on_a_block_reads_a_cell_further_on(window, outputs, by):
    moved = window.source(outputs.shift(by * window.factor))
    assert moved == window.source(outputs).shift(by)
    assert window.phase(outputs.shift(by * window.factor)) == window.phase(outputs)


@given(spreadings(), ranges)
def test_an_output_is_owned_by_the_cell_it_first_reads(window, cells):
    owned = window.owned(cells)
    assert [*range(owned.start, owned.stop)] == [
        output
        for output in range(-FAR, 6 * FAR)
        if cells.start <= window.source(Interval(output, output + 1)).start < cells.stop
    ]


@given(spreadings(), ranges)
def test_outputs_inside_read_no_cell_elsewhere(window, cells):
    inside = window.inside(cells)
    assert [*range(inside.start, inside.stop)] == [
        output
        for output in range(-FAR, 6 * FAR)
        if cells.contains(window.source(Interval(output, output + 1)))
    ]


@given(spreadings(), st.integers(1, 9))
def test_the_padding_is_what_outputs_read_beyond_the_ends(window, cells):
    source = window.source(Interval(0, window.out_size(cells)))
    beyond = max(0, -source.start), max(0, source.stop - cells)
    assert window.padding[0] == beyond[0]
    # an output that no cell is spread over reads one all the same, perhaps inside
    assert window.padding[1] == beyond[1]


@given(spreadings(), ranges)
def test_over_an_axis_that_holds_its_padding_the_same_is_read(window, outputs):
    padded = window.padded
    assert padded.padding == (0, 0)
    moved = window.source(outputs).shift(window.padding[0])
    assert padded.source(outputs) == moved
    assert padded.phase(outputs) == window.phase(outputs)


@given(spreadings(), st.integers(0, 30))
def test_a_centre_is_where_the_middle_of_a_cells_outputs_would_be_its_own(window, k):
    first = targets(window, 0)
    middle = Fraction(first[0] + first[-1], 2)
    assert window.centre(k) == (k - middle) / window.factor
    assert window.centre(k + 1) - window.centre(k) == window.jump


@given(spreadings(), st.integers(1, 9))
def test_centres_are_counted_in_parts_of_a_cell(window, cells):
    centres = Centres.of(window, cells)
    assert [
        Fraction(centres.first + k * centres.step, centres.parts)
        for k in range(centres.count)
    ] == [window.centre(k) for k in range(window.out_size(cells))]
    edges = centres.edges()
    half = window.jump / 2
    # edge j of the input lies half a cell before cell j
    assert [
        Fraction(edges.first + k * edges.step, edges.parts) - Fraction(1, 2)
        for k in range(edges.count)
    ] == [window.centre(k) - half for k in range(window.out_size(cells) + 1)]


def test_the_outputs_of_one_cell_are_around_it():
    centres = [Spreading.of(4, 4).centre(k) for k in range(5)]
    assert centres == [Fraction(n, 8) for n in (-3, -1, 1, 3, 5)]


def test_every_second_output_of_a_spread_axis_is_on_its_cell():
    window = Spreading.of(3, 2, crop=(1, 0))
    centres = Centres.of(window, 4)
    assert not centres.are_cells
    assert [window.centre(k) for k in (0, 2, 4)] == [0, 1, 2]


def test_outputs_that_are_all_left_out_are_refused():
    with pytest.raises(GeometryError, match="-1 outputs of 1 cells"):
        Spreading.of(1, 1, crop=(1, 1)).out_size(1)


def test_no_window_is_a_spreading_and_another():
    fine = Spreading.of(2, 2)
    for one, two in itertools.permutations([fine, Window(3)]):
        with pytest.raises(GeometryError, match="move by whole cells"):
            one.then(two)
    geometry = Geometry((("x", fine), ("y", Window(3, stride=2))))
    assert geometry.jumps() == {"x": Fraction(1, 2), "y": 2}
