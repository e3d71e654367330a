import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import window_starts
from tests.strategies import span_of, windows, windows_over
from volconv.errors import GeometryError
from volconv.geometry import Interval, Window


def starts_of(window, cells):
    before, after = window.padding
    return window_starts(cells, before, after, span_of(window), window.stride)


def cells_read(window, output):
    """Each cell that an output reads, by walking there one step at a time."""
    cell = -window.padding[0]
    for _ in range(output):
        cell += window.stride
    found = []
    for _ in range(window.size):
        found.append(cell)
        cell += window.dilation
    return found


def test_six_cells_under_a_valid_three_give_four():
    assert Window(3).out_size(6) == 4


def test_three_cells_padded_by_one_under_a_two_give_four():
    assert Window(2, padding=(1, 1)).out_size(3) == 4


@pytest.mark.parametrize("size", range(1, 12, 2))
@pytest.mark.parametrize("cells", range(1, 12))
def test_an_odd_size_padded_by_half_keeps_the_axis(size, cells):
    padding = (size - 1) // 2
    assert Window(size, padding=(padding, padding)).out_size(cells) == cells


def test_the_number_of_outputs_is_the_number_of_window_positions():
    tried = 0
    for cells in range(1, 12):
        for size in range(1, 7):
            for padding in range(5):
                for stride in range(1, 6):
                    starts = window_starts(cells, padding, padding, size, stride)
                    if not starts:
                        continue
                    window = Window(size, stride, padding=(padding, padding))
                    assert window.out_size(cells) == len(starts)
                    assert len(starts) == (cells + 2 * padding - size) // stride + 1
                    tried += 1
    assert tried > 1000


@given(windows_over())
def test_outputs_are_counted_for_any_dilation_and_unequal_padding(case):
    window, cells = case
    assert window.out_size(cells) == len(starts_of(window, cells))


@given(windows)
def test_the_span_reaches_from_the_first_tap_to_the_last(window):
    read = cells_read(window, 0)
    assert window.span == read[-1] - read[0] + 1


@given(windows, st.integers(1, 9))
def test_a_window_longer_than_its_padded_axis_is_refused(window, missing):
    cells = window.span - sum(window.padding) - missing
    with pytest.raises(
        GeometryError,
        match=rf"span {window.span} over {cells} cells padded to "
        rf"{window.span - missing}; expected a span no longer than the padded "
        rf"input\. Fix: pad {missing} more cells",
    ):
        window.out_size(cells)


@given(windows, st.integers(0, 6), st.integers(1, 6))
def test_a_source_holds_what_its_outputs_read_and_no_more(window, first, count):
    read = [
        cell
        for output in range(first, first + count)
        for cell in cells_read(window, output)
    ]
    source = window.source(Interval(first, first + count))
    assert source == Interval(min(read), max(read) + 1)


@given(windows, st.integers(0, 6))
def test_no_outputs_read_nothing(window, output):
    assert window.source(Interval(output, output)).size == 0


@given(windows, st.integers(0, 6))
def test_two_blocks_read_what_the_whole_reads(window, cut):
    whole = window.source(Interval(0, cut + 3))
    left = window.source(Interval(0, cut + 1))
    right = window.source(Interval(cut + 1, cut + 3))
    assert (left.start, right.stop) == (whole.start, whole.stop)
    assert left.stop - right.start == window.halo


@given(windows_over(), st.integers(-6, 20), st.integers(0, 9))
def test_outputs_are_owned_where_their_windows_start(case, first, count):
    window, cells = case
    starts = starts_of(window, cells)
    total = window.out_size(cells)
    owned = window.owned(Interval(first, first + count)).intersect(Interval(0, total))
    assert list(range(owned.start, owned.stop)) == [
        output for output, start in enumerate(starts) if first <= start < first + count
    ]


@given(windows_over(), st.data())
def test_cuts_of_the_padded_axis_own_each_output_once(case, data):
    window, cells = case
    before, after = window.padding
    cuts = sorted(
        data.draw(st.sets(st.integers(-before + 1, cells + after), max_size=4))
    )
    edges = [-before, *cuts, cells + after + 1]
    owned: list[int] = []
    for start, stop in itertools.pairwise(edges):
        found = window.owned(Interval(start, stop))
        owned += range(found.start, found.stop)
    total = window.out_size(cells)
    assert owned[:total] == list(range(total))


@given(windows, st.integers(0, 9))
def test_a_centre_is_midway_between_the_first_tap_and_the_last(window, output):
    read = cells_read(window, output)
    assert window.centre(output) == Fraction(read[0] + read[-1], 2)


def test_an_even_span_has_its_centre_between_two_cells():
    assert Window(2).centre(0) == Fraction(1, 2)
    assert Window(4, dilation=3).centre(1) == Fraction(11, 2)
    assert Window(3).centre(0) == 1


@given(windows, windows, st.integers(0, 4), st.integers(1, 4))
def test_two_steps_reach_as_far_as_their_one_window(first, second, output, count):
    def read(k):
        return {
            cell * first.stride - first.padding[0] + tap * first.dilation
            for cell in cells_read(second, k)
            for tap in range(first.size)
        }

    both = first.then(second)
    seen = set().union(*(read(k) for k in range(output, output + count)))
    source = Interval(min(seen), max(seen) + 1)
    assert both.source(Interval(output, output + count)) == source
    assert both.stride == min(read(output + 1)) - min(read(output))
    assert both.centre(output) == Fraction(min(read(output)) + max(read(output)), 2)


@given(windows_over(), st.data())
def test_two_steps_have_the_outputs_of_their_one_window(case, data):
    first, cells = case
    between = first.out_size(cells)
    second = data.draw(windows)
    short = span_of(second) - between - sum(second.padding)
    if short > 0:
        before, after = second.padding
        second = Window(
            second.size, second.stride, second.dilation, (before, after + short)
        )
    starts = starts_of(second, between)
    assert first.then(second).out_size(cells) == len(starts)


@given(windows, windows, windows)
def test_three_steps_are_one_window_however_they_are_grouped(one, two, three):
    assert one.then(two).then(three) == one.then(two.then(three))


def test_only_the_window_of_one_cell_is_the_identity():
    assert Window(1).is_identity
    for window in (Window(2), Window(1, 2), Window(1, padding=(0, 1))):
        assert not window.is_identity
