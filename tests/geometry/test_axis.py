from fractions import Fraction

from hypothesis import given

from tests.strategies import windows_over
from volconv.geometry import Centres, Window


def places(centres):
    """Positions in the input's index space, listed."""
    return [
        Fraction(centres.first, 2) + k * Fraction(centres.step, 2)
        for k in range(centres.count)
    ]


def taps(window, output):
    first = output * window.stride - window.padding[0]
    return [first + tap * window.dilation for tap in range(window.size)]


@given(windows_over())
def test_each_centre_is_midway_in_its_window(case):
    window, cells = case
    ends = [taps(window, k) for k in range(window.out_size(cells))]
    assert places(Centres.of(window, cells)) == [
        Fraction(read[0] + read[-1], 2) for read in ends
    ]


@given(windows_over())
def test_centres_are_cells_where_each_is_whole_and_inside(case):
    window, cells = case
    centres = Centres.of(window, cells)
    assert centres.are_cells == all(
        place.denominator == 1 and 0 <= place < cells for place in places(centres)
    )
    if centres.are_cells:
        assert list(range(cells))[centres.slice] == places(centres)


@given(windows_over())
def test_centres_are_all_cells_where_they_are_the_axis_itself(case):
    window, cells = case
    centres = Centres.of(window, cells)
    # a stride over a single cell keeps its place, but not its width
    assert centres.are_all_cells == (
        places(centres) == list(range(cells)) and window.stride == 1
    )


@given(windows_over())
def test_edges_lie_half_a_stride_before_and_after_each_centre(case):
    window, cells = case
    centres = Centres.of(window, cells)
    edges = centres.edges()
    # edge j of the input lies half a cell before cell j
    found = [place - Fraction(1, 2) for place in places(edges)]
    half = Fraction(window.stride, 2)
    assert found[:-1] == [place - half for place in places(centres)]
    assert found[-1] == places(centres)[-1] + half
    assert edges.cells == cells + 1


def test_an_even_window_has_its_centres_between_cells():
    assert places(Centres.of(Window(2, stride=2), 6)) == [
        Fraction(1, 2),
        Fraction(5, 2),
        Fraction(9, 2),
    ]
