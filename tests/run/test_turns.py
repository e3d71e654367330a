"""Turns that are left: the same as a list of them, and a bit of memory for each."""

import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from volconv.run.turns import Stretch, Turns

ARE_LEFT = arrays(bool, st.integers(0, 40))


@given(ARE_LEFT)
def test_turns_are_those_that_are_left_in_order(are_left):
    turns = Turns(are_left)
    assert list(turns) == np.flatnonzero(are_left).tolist()
    assert len(turns) == np.count_nonzero(are_left)
    assert turns.total == are_left.size


def test_turns_of_many_bytes_come_in_order_too():
    are_left = np.random.default_rng(1).random(30_000) < 0.3
    assert list(Turns(are_left)) == np.flatnonzero(are_left).tolist()
    assert list(Turns(are_left).within(9_999, 20_001)) == [
        turn for turn in range(9_999, 20_001) if are_left[turn]
    ]


def test_all_turns_are_a_range_and_take_a_bit_each():
    turns = Turns.all(80_000)
    assert len(turns) == 80_000
    assert list(turns) == list(range(80_000))
    assert sys.getsizeof(turns.bits) < 80_000 / 8 + 200


@given(ARE_LEFT, st.data())
def test_stretches_that_are_cut_and_taken_from_have_each_turn_once(are_left, data):
    stretches = [Stretch(Turns(are_left), 0, are_left.size)]
    taken: list[int] = []
    for number in data.draw(st.lists(st.integers(0, 10), max_size=20)):
        stretch = stretches[number % len(stretches)]
        if number % 2 and stretch.span > 1:
            where = data.draw(st.integers(stretch.start + 1, stretch.stop))
            stretches.append(stretch.cut(where))
        elif (turn := stretch.take()) is not None:
            taken.append(turn)
    left = [turn for stretch in stretches for turn in stretch]
    assert sorted(taken + left) == np.flatnonzero(are_left).tolist()
