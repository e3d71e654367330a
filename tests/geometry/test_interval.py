from hypothesis import given
from hypothesis import strategies as st

from volconv.geometry import Interval

ends = st.integers(-8, 8)


def cells(interval):
    return set(range(interval.start, interval.stop))


@given(ends, ends)
def test_its_size_counts_its_cells(start, stop):
    assert Interval(start, stop).size == len(range(start, stop))


@given(ends, ends, st.integers(0, 8))
def test_clipping_keeps_the_cells_that_an_axis_holds(start, stop, size):
    interval = Interval(start, stop)
    assert cells(interval.clip(size)) == cells(interval) & set(range(size))


@given(ends, ends, ends, ends)
def test_an_intersection_has_the_cells_of_both(start, stop, other_start, other_stop):
    left, right = Interval(start, stop), Interval(other_start, other_stop)
    assert cells(left.intersect(right)) == cells(left) & cells(right)
    assert left.intersect(right).size == len(cells(left) & cells(right))


@given(ends, ends, ends)
def test_a_shift_moves_every_cell(start, stop, by):
    moved = Interval(start, stop).shift(by)
    assert list(range(moved.start, moved.stop)) == [
        cell + by for cell in range(start, stop)
    ]


@given(ends, st.integers(1, 8), ends, st.integers(1, 8))
def test_containing_is_having_every_cell(start, size, other_start, other_size):
    left = Interval(start, start + size)
    right = Interval(other_start, other_start + other_size)
    assert left.contains(right) == (cells(right) <= cells(left))


def test_its_slice_takes_its_cells():
    assert list(range(10))[Interval(2, 5).slice] == [2, 3, 4]
