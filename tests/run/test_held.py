"""What is held of a chunk: all that readers are still to read, in few cells."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from volconv.run.held import Entry, Pattern

SIDE = 8
sides = st.tuples(st.integers(0, SIDE - 1), st.integers(1, SIDE)).map(
    lambda pair: (min(pair), max(pair[1], min(pair) + 1))
)
parts = st.lists(st.tuples(sides, sides), min_size=1, max_size=6)


@given(parts, st.data())
def test_what_is_held_is_all_that_is_still_read_whichever_reader_ends_next(found, data):
    pattern = Pattern(tuple(found), ((0, SIDE),) * 2)
    chunk = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    turns = range(len(found))
    readers = dict(zip(turns, pattern.shares, strict=True))
    entry = Entry.of(chunk, pattern, readers)
    before = chunk.nbytes
    for turn in data.draw(st.permutations(turns)):
        for reader in readers:
            there = entry.cells(found[reader])
            rows, columns = found[reader]
            np.testing.assert_array_equal(there, chunk[slice(*rows), slice(*columns)])
        assert entry.nbytes <= before
        before = entry.nbytes
        del readers[turn]
        if readers:
            entry.cut()


def test_parts_that_overlap_are_held_once_where_that_is_less():
    """Windows with a stride end before the chunk does: no part of it is the whole face."""
    found = tuple(
        (rows, (4, 8), columns)
        for rows in ((0, 7), (4, 8))
        for columns in ((0, 7), (4, 8))
    )
    pattern = Pattern(found, ((0, 8),) * 3)
    assert pattern.wanted(sum(pattern.shares)).parts == (((0, 8), (4, 8), (0, 8)),)
    apart = (((0, 1), (0, 8), (0, 8)), ((7, 8), (0, 8), (0, 8)))
    assert set(Pattern(apart, ((0, 8),) * 3).wanted(3).parts) == set(apart)
