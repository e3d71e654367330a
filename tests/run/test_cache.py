"""The cache of decoded chunks: right cells, bounded memory, whatever threads do."""

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.grids import by_the_byte, chunk_cache, read_cases, traffics
from tests.strategies import intervals
from volconv.geometry import Interval
from volconv.io.in_place import _given
from volconv.plan.reads import AxisReads
from volconv.plan.sweep import Loop, Sweep
from volconv.run.holdings import MOST_STALE, Holdings
from volconv.run.shelf import Elsewhere


class Decoder:
    """Decodes boxes of an array, and fails when it is told to."""

    def __init__(self, array, failures=0):
        self.array = array
        self.boxes = []
        self.failures = failures

    def __call__(self, box):
        if self.failures:
            self.failures -= 1
            raise OSError("a store that is away for a moment")
        self.boxes.append(box)
        cells = self.array[tuple(side.slice for side in box)]
        if _given.memory is None:
            return cells.copy()
        found = _given.memory[: cells.nbytes].view(cells.dtype).reshape(cells.shape)
        found[...] = cells
        return found


def numbered(case):
    shape = [axis.size for axis in case]
    return np.arange(int(np.prod(shape)), dtype="int32").reshape(shape)


def boxes_of(case, index):
    needs = [axis.needs[place] for axis, place in zip(case, index, strict=True)]
    for box in itertools.product(*needs):
        if all(side.size for side in box):
            yield box


def pieces_held(cache):
    return sum(
        cells.nbytes
        for entry in cache.holdings.entries.values()
        for cells in entry.pieces
    )


class Spare:
    """Memory that a thread decodes in, and where nothing is left of what was read."""

    def __init__(self, array):
        self.memory = np.empty(array.nbytes, "u1")

    def read(self, read, box, out=None):
        found = read(box, out, lambda: self.memory)
        self.memory[:] = 0xA5
        return found


@given(read_cases(), st.data(), st.booleans())
def test_blocks_out_of_turn_read_the_right_cells_within_the_budget(case, data, reuses):
    """Any order of blocks, each once, with any budget and any lag."""
    array = numbered(case)
    spare = Spare(array)
    traffic = data.draw(st.sampled_from(list(traffics(case))))
    budget = data.draw(st.sampled_from((0, 40, 200, traffic.held * 4, array.nbytes)))
    lag = data.draw(st.integers(0, 4))
    cache = chunk_cache(Decoder(array), case, traffic.sweep, budget, lag)
    turns = list(range(traffic.sweep.total))
    window = lag + 1
    for start in range(0, len(turns), window):
        turns[start : start + window] = data.draw(
            st.permutations(turns[start : start + window])
        )
    for turn in turns:
        read = cache.block_read(turn)
        for box in boxes_of(case, traffic.sweep.index(turn)):
            out = np.empty([side.size for side in box], array.dtype)
            cells = spare.read(read, box, out) if reuses else read(box)
            assert np.array_equal(cells, array[tuple(side.slice for side in box)])
            assert cache.holdings.nbytes == pieces_held(cache)
            assert cache.holdings.nbytes <= budget
        cache.finish(turn)
    assert not cache.holdings.entries
    assert cache.holdings.nbytes == 0


@given(read_cases(), st.data())
def test_any_box_is_right_even_one_that_no_plan_told_of(case, data):
    array = numbered(case)
    sweep = Sweep.plain([len(axis.needs) for axis in case])
    cache = chunk_cache(Decoder(array), case, sweep, array.nbytes)
    for turn in range(min(3, sweep.total)):
        box = tuple(data.draw(intervals(axis.size)) for axis in case)
        found = cache.block_read(turn)(box)
        assert np.array_equal(found, array[tuple(side.slice for side in box)])


def halo_case(blocks=12, axes=2):
    """Blocks of one chunk of four cells, each with a halo of one."""
    size = 4 * blocks
    needs = tuple(
        (Interval(max(0, 4 * n - 1), min(size, 4 * n + 5)),) for n in range(blocks)
    )
    return [AxisReads(size, 4, needs) for _ in range(axes)]


@pytest.mark.parametrize("budget", [0, 300, 10**6])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("reuses", [False, True])
def test_threads_read_the_right_cells_and_leave_nothing(budget, seed, reuses):
    case = halo_case()
    array = numbered(case)
    sweep = Sweep((12, 12), (Loop(1, 3), Loop(0), Loop(1)), (False, True))
    decode = Decoder(array)
    lag = sweep.total if budget == 10**6 else 8
    cache = chunk_cache(decode, case, sweep, budget, lag)
    turns = iter(range(sweep.total))
    guard = threading.Lock()

    def serve(number):
        rng = random.Random(100 * seed + number)
        spare = Spare(array)
        while True:
            with guard:
                turn = next(turns, None)
            if turn is None:
                return
            read = cache.block_read(turn)
            for box in boxes_of(case, sweep.index(turn)):
                whole = array[tuple(side.slice for side in box)]
                cells = spare.read(read, box) if reuses else read(box)
                assert np.array_equal(cells, whole)
                if rng.random() < 0.2:
                    threading.Event().wait(0.001)
            cache.finish(turn)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(serve, number) for number in range(4)]:
            done.result(timeout=30)
    assert not cache.holdings.entries
    assert not cache.decoding
    assert cache.holdings.nbytes == 0
    if budget == 10**6:
        assert len(decode.boxes) == 12 * 12


def test_two_threads_that_want_one_chunk_decode_it_once():
    case = halo_case(2, 1)
    array = numbered(case)
    begun, go_on = threading.Event(), threading.Event()
    decode = Decoder(array)

    def slow(box):
        begun.set()
        assert go_on.wait(10)
        return decode(box)

    cache = chunk_cache(slow, case, Sweep.plain((2,)), 10**6, lag=4)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.block_read(0), (Interval(3, 4),))
        assert begun.wait(10)
        second = pool.submit(cache.block_read(1), (Interval(3, 4),))
        go_on.set()
        assert first.result(10).tolist() == second.result(10).tolist() == [3]
    assert decode.boxes == [(Interval(0, 4),)]


def test_a_chunk_is_not_read_where_it_was_decoded_by_another_thread(monkeypatch):
    """Who decoded it decodes the next one there."""
    case = halo_case(3, 1)
    array = numbered(case)
    spare = Spare(array)
    shelving, go_on = threading.Event(), threading.Event()
    shelve = Holdings.shelve

    def slow(self, chunk, entry):
        shelving.set()
        assert go_on.wait(10)
        shelve(self, chunk, entry)

    monkeypatch.setattr(Holdings, "shelve", slow)
    cache = chunk_cache(Decoder(array), case, Sweep.plain((3,)), 10**6, lag=4)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(spare.read, cache.block_read(0), (Interval(0, 4),))
        assert shelving.wait(10)
        second = pool.submit(cache.block_read(1), (Interval(3, 4),))
        threading.Event().wait(0.05)
        assert not second.done()
        go_on.set()
        assert first.result(10).tolist() == [0, 1, 2, 3]
        assert second.result(10).tolist() == [3]
        assert cache.decoded == 1


def test_a_chunk_that_cannot_be_moved_is_not_held(monkeypatch):
    case = halo_case(3, 1)
    array = numbered(case)
    spare = Spare(array)

    def full(*_):
        raise MemoryError

    cache = chunk_cache(Decoder(array), case, Sweep.plain((3,)), 10**6, lag=4)
    with monkeypatch.context() as patch:
        patch.setattr(Elsewhere, "holding", full)
        with pytest.raises(MemoryError):
            spare.read(cache.block_read(0), (Interval(0, 4),))
    assert not cache.holdings.entries
    assert cache.block_read(1)((Interval(3, 4),)).tolist() == [3]


@pytest.mark.parametrize("limit", [0, 100, 1000, 10**6])
def test_chunks_are_let_go_of_where_memory_is_needed_for_a_while(monkeypatch, limit):
    """And what is being read of them stays as it is."""
    by_the_byte(monkeypatch)
    case = halo_case(12, 2)
    array = numbered(case)
    cache = chunk_cache(
        Decoder(array), case, Sweep.plain((12, 12)), array.nbytes, lag=2
    )
    held = cache.holdings
    held.itemsize = array.itemsize
    held.let_go_bytes = max(0, held.shelf.nbytes - limit)
    for turn in range(144):
        read = cache.block_read(turn)
        for box in boxes_of(case, divmod(turn, 12)):
            assert np.array_equal(read(box), array[tuple(side.slice for side in box)])
        if turn % 30 == 20:
            before = held.nbytes
            view = next(iter(held.entries.values())).pieces[0]
            cells = view.copy()
            for _ in range(2):
                held.make_room()
                assert held.shelf.used <= max(limit, cells.nbytes)
                assert held.nbytes == pieces_held(cache) <= held.shelf.used
                assert (held.nbytes < before) == (limit < before)
                assert np.array_equal(view, cells)
            held.resume()
            del view
        cache.finish(turn)
    assert not held.entries
    assert (cache.decoded > 144) == (limit < 10**6)


def test_a_decoding_that_failed_is_done_again_by_the_next_reader():
    case = halo_case(3, 1)
    array = numbered(case)
    cache = chunk_cache(Decoder(array, 1), case, Sweep.plain((3,)), 10**6, lag=4)
    with pytest.raises(OSError, match="away for a moment"):
        cache.block_read(0)((Interval(0, 5),))
    assert not cache.decoding
    assert cache.block_read(1)((Interval(3, 9),)).tolist() == list(range(3, 9))
    assert cache.block_read(0)((Interval(0, 5),)).tolist() == list(range(5))


def test_a_reader_that_waits_for_a_decoding_that_fails_decodes_itself():
    case = halo_case(2, 1)
    begun, fail = threading.Event(), threading.Event()
    decode = Decoder(numbered(case))
    calls = []

    def first_fails(box):
        calls.append(box)
        if len(calls) == 1:
            begun.set()
            assert fail.wait(10)
            raise OSError("gone")
        return decode(box)

    cache = chunk_cache(first_fails, case, Sweep.plain((2,)), 10**6, lag=4)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.block_read(0), (Interval(3, 4),))
        assert begun.wait(10)
        second = pool.submit(cache.block_read(1), (Interval(3, 4),))
        fail.set()
        assert second.result(10).tolist() == [3]
        with pytest.raises(OSError, match="gone"):
            first.result(10)


def test_blocks_that_are_far_behind_are_forgotten_and_read_for_themselves():
    case = halo_case(30, 1)
    decode = Decoder(numbered(case))
    cache = chunk_cache(decode, case, Sweep.plain((30,)), 10**6, lag=2)
    late = cache.block_read(0)
    for turn in range(1, 30):
        for box in boxes_of(case, (turn,)):
            cache.block_read(turn)(box)
        cache.finish(turn)
        assert cache.holdings.nbytes <= 4 * 4 * 4
    assert late((Interval(0, 5),)).tolist() == list(range(5))
    cache.finish(0)


def test_what_the_cache_notes_does_not_grow_with_the_number_of_blocks():
    case = halo_case(6000, 1)
    cache = chunk_cache(Decoder(numbered(case)), case, Sweep.plain((6000,)), 10**6, 4)
    for turn in range(6000):
        for box in boxes_of(case, (turn,)):
            cache.block_read(turn)(box)
        cache.finish(turn)
        notes = (
            cache.holdings.farthest,
            cache.holdings.expiring,
            cache.holdings.done,
            cache.decoding,
        )
        assert max(map(len, notes)) <= MOST_STALE + 8


def test_a_block_done_out_of_turn_does_not_keep_its_chunk_over_the_budget():
    """The last reader is done first; what is left of its chunk can still be let go."""
    needs = ((Interval(0, 4),), (Interval(0, 8),), (Interval(1, 4),))
    case = [AxisReads(8, 4, needs)]
    array = numbered(case)
    cache = chunk_cache(Decoder(array), case, Sweep.plain((3,)), 16, lag=8)
    cache.block_read(2)((Interval(1, 4),))
    cache.finish(2)
    assert cache.holdings.nbytes == 16
    cache.block_read(0)((Interval(0, 4),))
    cache.block_read(1)((Interval(4, 8),))
    assert cache.holdings.nbytes <= 16
