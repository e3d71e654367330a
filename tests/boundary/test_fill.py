import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.boxes import Reader
from tests.oracle import KINDS, padded, same_bits
from tests.strategies import arrays, dtypes, kinds
from volconv.boundary import fill_block, source_boxes
from volconv.geometry import Interval


@st.composite
def fills(draw, most_axes=3):
    """An array, a box that may reach beyond it, and a boundary for each axis."""
    ndim = draw(st.integers(1, most_axes))
    shape = tuple(draw(st.integers(1, 5)) for _ in range(ndim))
    array = draw(arrays(draw(dtypes), shape))
    box = []
    for size in shape:
        start = draw(st.integers(-12, size + 6))
        box.append(Interval(start, start + draw(st.integers(1, 18))))
    return array, tuple(box), tuple(draw(kinds) for _ in shape)


def expected(array, box, boundary, fill_value):
    """The box of the array padded whole, as far as any box here reaches."""
    reach = 30
    whole = padded(array, [(reach, reach)] * array.ndim, boundary, fill_value)
    return whole[tuple(interval.shift(reach).slice for interval in box)]


@given(fills())
def test_any_box_holds_what_numpy_pad_puts_there(case):
    array, box, boundary = case
    name = array.dtype.name
    block = fill_block(Reader(array), box, array.shape, boundary, 1, name)
    assert same_bits(block, expected(array, box, boundary, 1).astype(name))


@given(fills(most_axes=4))
def test_what_is_read_lies_inside_and_is_what_source_boxes_tells(case):
    array, box, boundary = case
    read = Reader(array)
    fill_block(read, box, array.shape, boundary, 0, array.dtype.name)
    told = [
        source_boxes(interval, size, kind)
        for interval, size, kind in zip(box, array.shape, boundary, strict=True)
    ]
    for axis, intervals in enumerate(told):
        assert {one[axis] for one in read.boxes} <= set(intervals)
    assert len(read.boxes) == np.prod([len(intervals) for intervals in told])


@given(st.data())
def test_a_box_inside_is_read_once_whatever_the_boundary(data):
    shape = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    array = np.arange(np.prod(shape), dtype="int32").reshape(shape)
    box = []
    for size in shape:
        start = data.draw(st.integers(0, size - 1))
        box.append(Interval(start, data.draw(st.integers(start + 1, size))))
    boundary = [data.draw(kinds) for _ in shape]
    read = Reader(array)
    block = fill_block(read, box, shape, boundary, 0, "int32")
    assert read.boxes == [tuple(box)]
    assert np.array_equal(block, array[tuple(interval.slice for interval in box)])


def test_a_box_inside_is_not_copied():
    array = np.arange(30, dtype="float32").reshape(5, 6)
    box = (Interval(1, 4), Interval(0, 6))
    block = fill_block(Reader(array), box, (5, 6), ("wrap", "edge"), 0, "float32")
    assert np.shares_memory(block, array)


@pytest.mark.parametrize("kind", KINDS)
def test_a_box_over_the_near_edge_alone_is_read_once_but_for_wrap(kind):
    array = np.arange(20)
    read = Reader(array)
    fill_block(read, (Interval(-3, 8),), (20,), (kind,), 0, "int64")
    near = (Interval(0, 8),)
    far = (Interval(17, 20),)
    assert sorted(read.boxes) == ([near, far] if kind == "wrap" else [near])


def test_a_constant_beyond_the_edge_reads_nothing():
    read = Reader(np.ones((4, 4)))
    block = fill_block(
        read,
        (Interval(-5, -2), Interval(0, 4)),
        (4, 4),
        ("constant", "wrap"),
        7,
        "float64",
    )
    assert read.boxes == []
    assert same_bits(block, np.full((3, 4), 7.0))


def test_a_later_axis_pads_the_corners_of_an_earlier_one():
    array = np.array([[1, 2], [3, 4]])
    box = (Interval(-1, 2), Interval(-1, 2))
    block = fill_block(Reader(array), box, (2, 2), ("constant", "edge"), 0, "int64")
    assert block.tolist() == [[0, 0, 0], [1, 1, 2], [3, 3, 4]]


def test_only_constant_axes_hold_the_fill_value():
    array = np.zeros((3, 3), dtype="float32")
    box = (Interval(-2, 5), Interval(-2, 5))
    block = fill_block(Reader(array), box, (3, 3), ("edge", "wrap"), 9, "float32")
    assert not block.any()


def test_what_was_read_is_not_written_to():
    array = np.arange(6, dtype="int16")
    array.setflags(write=False)
    fill_block(Reader(array), (Interval(-4, 9),), (6,), ("symmetric",), 0, "int16")
    assert array.tolist() == list(range(6))


def test_a_cell_at_the_far_corner_of_more_than_2_to_the_31_cells_is_found():
    size = 2**31 + 7
    asked = []

    def read(box):
        (interval,) = box
        assert 0 <= interval.start < interval.stop <= size
        asked.append(interval)
        return np.arange(interval.start, interval.stop)

    block = fill_block(
        read, (Interval(size - 2, size + 3),), (size,), ("wrap",), 0, "int64"
    )
    assert block.tolist() == [size - 2, size - 1, 0, 1, 2]
    assert asked == [Interval(size - 2, size), Interval(0, 3)]


@pytest.mark.parametrize("fill_value", [np.nan, -np.inf, 2.5])
def test_a_float_array_takes_any_real_fill_value(fill_value):
    block = fill_block(
        Reader(np.zeros(2)), (Interval(-1, 3),), (2,), ("constant",), fill_value, "f8"
    )
    assert np.array_equal(block, [fill_value, 0, 0, fill_value], equal_nan=True)
