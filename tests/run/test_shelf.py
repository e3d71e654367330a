"""The shelf: pieces side by side, in memory of a fixed size."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from volconv.run.shelf import LINE, SMALL, Shelf

UNIT = SMALL + LINE


@given(
    st.lists(st.tuples(st.sampled_from((1, 2, 3, 7)), st.integers(0, 9)), max_size=60)
)
def test_pieces_hold_what_was_put_there_however_they_come_and_go(events):
    """A piece of some units comes, then the one whose number is told goes."""
    shelf = Shelf(16 * UNIT)
    held: list[tuple[np.ndarray, np.ndarray]] = []
    for number, (units, goes) in enumerate(events):
        free = 16 - sum(cells.nbytes // UNIT for cells, _ in held)
        slot = shelf.slot(units * UNIT)
        if slot is None:
            assert free < 16
            assert all(units > gap for gap in gaps_of(shelf, held))
        else:
            cells = np.arange(units * UNIT // 4, dtype="i4").reshape(2, -1) + number
            piece = slot.holding(cells[:, ::-1])
            assert piece.flags.c_contiguous
            held.append((piece, cells[:, ::-1]))
            del slot, piece
        assert all(np.array_equal(piece, cells) for piece, cells in held)
        if goes < len(held):
            del held[goes]
    assert shelf.top <= shelf.nbytes <= 16 * UNIT


def gaps_of(shelf, held):
    """Units between the pieces that are there, beside each other or at the end."""
    start = np.frombuffer(shelf.memory, "u1").ctypes.data
    spans = sorted(
        ((piece.ctypes.data - start) // UNIT, piece.nbytes // UNIT) for piece, _ in held
    )
    ends = [0] + [first + units for first, units in spans]
    begins = [first for first, _ in spans] + [16]
    return [begin - end for end, begin in zip(ends, begins, strict=True)]


def test_a_slot_is_taken_while_any_view_of_it_is_there():
    shelf = Shelf(2 * UNIT)
    first = shelf.slot(UNIT).holding(np.full(UNIT, 7, "u1"))
    assert shelf.slot(2 * UNIT) is None
    view = first.reshape(2, -1).view("i2")[1:, 3:]
    del first
    gc.collect()
    assert shelf.slot(2 * UNIT) is None
    assert (view == 0x0707).all()
    del view
    assert shelf.slot(2 * UNIT) is not None


def test_small_pieces_lie_elsewhere_and_take_no_slot():
    shelf = Shelf(0)
    assert shelf.slot(SMALL).holding(np.arange(3)).tolist() == [0, 1, 2]
    assert shelf.slot(SMALL + 1) is None


def test_any_thread_may_let_go_of_a_piece():
    shelf = Shelf(8 * UNIT)
    lock = threading.Lock()

    def serve(number):
        for turn in range(200):
            with lock:
                slot = shelf.slot(UNIT)
            assert slot is not None
            piece = slot.holding(np.full(UNIT, number, "u1"))
            del slot
            assert (piece == number).all(), turn
        return number

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(serve, range(4))) == [0, 1, 2, 3]
