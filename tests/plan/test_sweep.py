"""Orders of blocks: inverse both ways, and what they decode and hold, by simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.grids import (
    beside,
    by_the_byte,
    cell_sets,
    chunk_cache,
    new_axis,
    read_cases,
    simulated,
    traffics,
)
from volconv.geometry import Interval
from volconv.plan.reads import AxisReads
from volconv.plan.sweep import Loop, Sweep, Tiling
from volconv.plan.traffic import best_traffic


@st.composite
def sweeps(draw):
    """A nest of loops over a grid: every axis once, some of them in pencils before."""
    counts = draw(st.lists(st.integers(1, 7), min_size=1, max_size=4))
    axes = range(len(counts))
    loops = [Loop(axis) for axis in draw(st.permutations(axes))]
    for axis in draw(st.lists(st.sampled_from(axes), unique=True)):
        last = next(n for n, loop in enumerate(loops) if loop.axis == axis)
        width = draw(st.integers(2, 8))
        loops.insert(draw(st.integers(0, last)), Loop(axis, width))
    descending = tuple(draw(st.booleans()) for _ in axes)
    return Sweep(tuple(counts), tuple(loops), descending)


def enumerated(sweep):
    """The blocks in order, by carrying the loops out."""

    def nested(ranges, loops):
        if not loops:
            yield tuple(side[0] for side in ranges)
            return
        axis, width = loops[0].axis, loops[0].width
        side = ranges[axis]
        for start in range(0, len(side), width):
            inner = [*ranges]
            inner[axis] = side[start : start + width]
            yield from nested(inner, loops[1:])

    sides = [
        list(range(count))[:: -1 if backwards else 1]
        for count, backwards in zip(sweep.counts, sweep.descending, strict=True)
    ]
    return list(nested(sides, sweep.loops))


@given(sweeps())
def test_a_sweep_is_what_its_loops_do(sweep):
    assert list(sweep) == enumerated(sweep)


@given(sweeps())
def test_turns_and_blocks_are_inverse_and_each_block_comes_once(sweep):
    order = list(sweep)
    every = itertools.product(*map(range, sweep.counts))
    assert sorted(order) == sorted(every)
    assert [sweep.position(index) for index in order] == list(range(sweep.total))


@given(read_cases(axes=1), st.integers(1, 5))
def test_cells_decoded_are_those_of_the_chunks_that_each_group_touches(case, width):
    ((reads, cells),) = zip(case, cell_sets(case), strict=True)
    expected = 0
    for start in range(0, len(cells), width):
        touched = set().union(*cells[start : start + width])
        chunks = {cell // reads.chunk for cell in touched}
        expected += sum(
            1 for cell in range(reads.size) if cell // reads.chunk in chunks
        )
    assert reads.decoded(width) == expected


@given(read_cases(axes=1), st.integers(1, 5))
def test_cells_held_between_groups_are_those_decoded_before_and_read_later(case, width):
    ((reads, cells),) = zip(case, cell_sets(case), strict=True)
    groups = [
        set().union(*cells[start : start + width])
        for start in range(0, len(cells), width)
    ]
    least, most = 0, 0
    for number in range(1, len(groups)):
        before, after = set().union(*groups[:number]), set().union(*groups[number:])
        chunks = {cell // reads.chunk for cell in before}
        later = [cell for cell in after if cell // reads.chunk in chunks]
        least = max(least, len(later))
        # whole chunks at the most
        shared = {cell // reads.chunk for cell in later}
        most = max(most, sum(reads.cells(chunk) for chunk in shared))
    assert least <= reads.held(width) <= most


@given(read_cases(axes=1), st.integers(1, 5))
def test_groups_that_hand_on_faces_decode_again_what_more_than_half_is_read_of(
    case, width
):
    """Group by group: cells of a chunk stay if later groups read half of it at most."""
    ((reads, cells),) = zip(case, cell_sets(case), strict=True)
    if reads.are_alike:
        assert reads.decoded_with_faces(width) == reads.decoded(width)
        return
    groups = [
        set().union(*cells[start : start + width])
        for start in range(0, len(cells), width)
    ]
    decoded, held = 0, [0]
    kept: set[int] = set()
    for number, group in enumerate(groups):
        after = set().union(*groups[number + 1 :])
        for start in range(0, reads.size, reads.chunk):
            chunk = set(range(start, min(start + reads.chunk, reads.size)))
            later = chunk & after
            if chunk & group and not chunk & group <= kept:
                decoded += len(chunk)
                kept |= chunk
            if 2 * len(later) > len(chunk) and chunk & group:
                kept -= chunk
            elif chunk & kept:
                kept = (kept - chunk) | later
        held.append(len(kept))
    assert reads.decoded_with_faces(width) == decoded
    assert reads.faces_held(width) == max(held)


def test_blocks_that_read_the_same_hold_it_until_the_last_of_them():
    """700 channels mixed: each block reads all, and all but the last hold all."""
    reads = AxisReads(700, 3, ((Interval(0, 350), Interval(300, 698)),) * 700)
    assert [reads.held(width) for width in (1, 16, 700)] == [698, 698, 0]


@given(read_cases(), st.data())
def test_each_order_decodes_what_it_says_within_the_room_it_says(case, data):
    orders = list(traffics(case))
    array = np.arange(math.prod(axis.size for axis in case), dtype="int32")
    array = array.reshape([axis.size for axis in case])
    for traffic in {0: orders[0], **dict(enumerate(chosen(data, orders)))}.values():
        done = simulated(case, traffic.sweep, array, 4 * traffic.held)
        assert done.most_held <= 4 * traffic.held
        assert done.decoded_cells <= traffic.decoded
        if not traffic.held:
            assert done.decoded_cells == traffic.decoded


def blocks_of(size, cells):
    """What blocks read that read nothing but their own cells."""
    return tuple(
        (Interval(start, min(start + cells, size)),) for start in range(0, size, cells)
    )


def test_blocks_that_read_far_more_than_they_own_hold_all_that_they_read():
    """All four blocks along one axis read both of its chunks, of which each owns half."""
    case = [
        AxisReads(10, 6, blocks_of(10, 2)),
        AxisReads(2, 1, ((Interval(0, 2),),) * 4),
        AxisReads(11, 10, blocks_of(11, 1)),
    ]
    array = np.arange(220, dtype="int32").reshape(10, 2, 11)
    for traffic in traffics(case):
        if any(loop.keeps == "faces" for loop in traffic.sweep.loops):
            continue  # as many again: other tests draw from them
        done = simulated(case, traffic.sweep, array, 4 * traffic.held)
        assert done.decoded_cells <= traffic.decoded


def keeps_all(sweep):
    return all(loop.keeps == "all" for loop in sweep.loops)


def chosen(data, orders):
    return [data.draw(st.sampled_from(orders)) for _ in range(3)]


@given(read_cases(), st.integers(0, 4), st.data())
def test_with_room_for_all_each_chunk_is_decoded_once(case, new, data):
    case = [new_axis(new), *case] if new else case
    array = np.zeros([axis.size for axis in case], "uint8")
    (traffic,) = chosen(data, [t for t in traffics(case) if keeps_all(t.sweep)])[:1]
    done = simulated(case, traffic.sweep, array, array.nbytes)
    touched = [set().union(*map(set, axis.chunks)) for axis in case]
    assert done.decodings == math.prod(map(len, touched))


@given(read_cases())
def test_the_best_order_decodes_least_of_those_that_fit(case):
    orders = list(traffics(case))
    for room in (0, max(order.held for order in orders) // 2, 10**9):
        best = best_traffic(case, room, Tiling())
        fitting = [order for order in orders if order.held <= room]
        least = min((order.decoded, order.held) for order in fitting)
        assert (best.decoded, best.held) == least


def test_chunks_of_one_pencil_are_not_read_again_by_the_next():
    """Blocks of one chunk and a halo of one cell: 27 chunks each, if each for itself."""
    needs = tuple((Interval(max(0, 8 * n - 1), min(64, 8 * n + 9)),) for n in range(8))
    axes = [AxisReads(64, 8, needs) for _ in range(3)]
    alone = best_traffic(axes, 0, Tiling())
    assert alone.decoded == (8 * (8 * 3 - 2)) ** 3
    whole = best_traffic(axes, 64**3, Tiling())
    assert whole.decoded == 64**3
    # a slab of chunks and of halos: far from the whole volume
    assert whole.held < 64**3 / 2
    tight = best_traffic(axes, whole.held // 3, Tiling())
    assert 64**3 < tight.decoded < 2 * 64**3


def test_pencils_that_do_not_fit_keep_their_faces_and_read_ahead_again():
    """The chunks ahead of a pencil are decoded for it and for the next one, no others."""
    needs = tuple((Interval(max(0, 8 * n - 1), min(64, 8 * n + 9)),) for n in range(8))
    axes = [AxisReads(64, 8, needs) for _ in range(3)]
    for room, most in ((5, 9 / 8), (8, (9 / 8) ** 2), (16, (11 / 8) ** 2)):
        found = best_traffic(axes, 64**3 // room, Tiling())
        assert found.decoded <= most * 64**3


def test_blocks_along_a_new_dimension_come_one_after_the_other():
    """Whatever else is shared, they read the same: nothing is decoded again for them."""
    needs = tuple((Interval(max(0, 8 * n - 1), min(64, 8 * n + 9)),) for n in range(8))
    axes = [AxisReads(64, 8, needs) for _ in range(3)]
    for room in (3 * 10**4, 64**3):
        without = best_traffic(axes, room, Tiling())
        found = best_traffic([new_axis(5), *axes], room, Tiling())
        assert found.decoded == without.decoded
        order = list(found.sweep)
        assert [index[0] for index in order] == 512 * [0, 1, 2, 3, 4]
    alone = best_traffic([new_axis(5)], 10, Tiling())
    assert (alone.decoded, len(list(alone.sweep))) == (1, 5)


CHUNK = 8

TILINGS = [
    Tiling(),
    Tiling((2, 1, 1)),
    Tiling((1, 1, 3)),
    Tiling((2, 1, 3)),
    Tiling((3, 3, 2)),
]


def halo_reads(chunks, blocks, before, after):
    """An axis of so many chunks, cut into blocks, each with a halo."""
    size = chunks * CHUNK
    cells = size // blocks
    needs = tuple(
        (Interval(max(0, at - before), min(size, at + cells + after)),)
        for at in range(0, size, cells)
    )
    return AxisReads(size, CHUNK, needs)


@pytest.mark.parametrize("tiling", TILINGS)
@pytest.mark.parametrize("halo", [(1, 1), (0, 1), (3, 2)])
@pytest.mark.parametrize("share", [4, 8, 16])
@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_tiles_beside_each_other_decode_what_their_order_says(
    monkeypatch, at_once, share, halo, tiling
):
    """On a shelf with no more than the room of the plan."""
    by_the_byte(monkeypatch)
    reads = [halo_reads(6, blocks, *halo) for blocks in (6, 3, 6)]
    room = 6**3 * CHUNK**3 // share
    traffic = best_traffic(reads, room, tiling, at_once)
    counts = [axis.blocks for axis in reads]
    sweep = traffic.sweep.cut(tiling, traffic.within, counts)
    cells = np.empty((CHUNK,) * 3, "u1")
    cache = chunk_cache(
        lambda box: cells[tuple(slice(side.size) for side in box)].copy(),
        reads,
        sweep,
        traffic.held,
        lag=2 * tiling.in_work(at_once),
    )
    decoded = beside(cache, at_once)
    if traffic.held:
        assert decoded * CHUNK**3 <= traffic.decoded
