"""The shelf: pieces side by side, in memory of a fixed size."""

import errno
import gc
import mmap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volconv.run import allocator
from volconv.run import shelf as shelf_module
from volconv.run.shelf import PAGE, SMALL, Shelf

UNIT = SMALL + PAGE


@given(
    st.lists(st.tuples(st.sampled_from((1, 2, 3, 7)), st.integers(0, 9)), max_size=60)
)
def test_pieces_hold_what_was_put_there_however_they_come_and_go(events):
    """A piece of some units comes, then the one whose number is told goes.

    Where as much is free, there is a slot, however that lies.
    """
    shelf = Shelf(16 * UNIT)
    held: list[tuple[np.ndarray, np.ndarray]] = []
    for number, (units, goes) in enumerate(events):
        free = 16 - sum(cells.nbytes // UNIT for cells, _ in held)
        slot = shelf.slot(units * UNIT)
        if slot is None:
            assert free < units
        else:
            cells = np.arange(units * UNIT // 4, dtype="i4").reshape(2, -1) + number
            piece = slot.holding(cells[:, ::-1])
            assert piece.flags.c_contiguous
            assert shelf.has(piece)
            held.append((piece, cells[:, ::-1]))
            del slot, piece
        assert all(np.array_equal(piece, cells) for piece, cells in held)
        if goes < len(held):
            del held[goes]
    assert shelf.used <= shelf.nbytes == 16 * UNIT
    assert resident(shelf) <= 16 * UNIT


def resident(shelf):
    """Bytes that are in memory, as Linux says of each page."""
    with Path("/proc/self/pagemap").open("rb") as pages:
        pages.seek(8 * (shelf.address // mmap.PAGESIZE))
        told = np.frombuffer(pages.read(8 * (len(shelf.memory) // mmap.PAGESIZE)), "u8")
    return mmap.PAGESIZE * int((told >> np.uint64(63)).sum())


def test_a_hole_that_fits_nothing_is_given_back():
    shelf = Shelf(4 * UNIT)
    pieces = [shelf.slot(UNIT).holding(np.ones(UNIT, "u1")) for _ in range(4)]
    del pieces[::2]
    large = shelf.slot(2 * UNIT).holding(np.full(2 * UNIT, 2, "u1"))
    assert resident(shelf) == 4 * UNIT
    assert [int(piece.sum()) for piece in (*pieces, large)] == [UNIT, UNIT, 4 * UNIT]
    assert shelf.slot(UNIT) is None


def test_less_is_held_for_a_while():
    shelf = Shelf(4 * UNIT)
    pieces = [shelf.slot(UNIT).holding(np.ones(UNIT, "u1")) for _ in range(3)]
    assert shelf.keeps(3 * UNIT)
    assert shelf.slot(UNIT) is None
    assert not shelf.keeps(UNIT)
    del pieces[1:]
    assert shelf.keeps(UNIT)
    shelf.give_back()
    assert resident(shelf) == UNIT
    shelf.limit = shelf.nbytes
    assert shelf.slot(3 * UNIT) is not None


def test_where_pages_are_not_given_back_there_is_no_more_than_asked_for(monkeypatch):
    monkeypatch.setattr(shelf_module, "GIVES_BACK", False)
    monkeypatch.setattr(shelf_module, "ADDRESSES", 1)
    shelf = Shelf(4 * UNIT)
    pieces = [shelf.slot(UNIT).holding(np.ones(UNIT, "u1")) for _ in range(4)]
    del pieces[::2]
    assert shelf.slot(2 * UNIT) is None
    assert len(shelf.memory) == 4 * UNIT
    del pieces[0]
    assert shelf.slot(3 * UNIT) is not None


def test_addresses_are_fewer_where_the_machine_has_no_more(monkeypatch):
    asked = []

    def refused(nbytes):
        asked.append(nbytes)
        if nbytes > 100:
            raise OSError(errno.ENOMEM, "no")
        return bytes(nbytes)

    monkeypatch.setattr(allocator, "mapped", refused)
    assert len(allocator.mapped_sparsely(60, 4)) == 60
    assert asked == [240, 120, 60]
    with pytest.raises(OSError, match="no"):
        allocator.mapped_sparsely(101, 4)


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
