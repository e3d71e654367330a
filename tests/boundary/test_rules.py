import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import KINDS
from tests.strategies import kinds
from volconv.boundary import rules
from volconv.boundary.rules import runs, source_index
from volconv.geometry import Interval

sizes = st.integers(1, 7)
reaches = st.integers(0, 20)


def padded_indices(cells, before, after, kind):
    """The input cell at each padded place, as `numpy.pad` says; -1 for the fill."""
    more = {"constant_values": -1} if kind == "constant" else {}
    return np.pad(np.arange(cells), (before, after), mode=kind, **more)


def test_the_kinds_are_those_of_numpy_pad():
    assert rules.KINDS == KINDS


@given(sizes, reaches, reaches, kinds)
def test_a_padded_cell_holds_what_numpy_pad_puts_there(cells, before, after, kind):
    found = [source_index(cell, cells, kind) for cell in range(-before, cells + after)]
    assert [-1 if cell is None else cell for cell in found] == list(
        padded_indices(cells, before, after, kind)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_padding_longer_than_the_axis_goes_on_as_numpy_pad_does(kind):
    for cells in (1, 2, 3):
        found = [source_index(cell, cells, kind) for cell in range(-30, 30 + cells)]
        assert [-1 if cell is None else cell for cell in found] == list(
            padded_indices(cells, 30, 30, kind)
        )


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("constant", [None, None], [None, None]),
        ("edge", [1, 1], [4, 4]),
        ("reflect", [3, 2], [3, 2]),
        ("symmetric", [2, 1], [4, 3]),
        ("wrap", [3, 4], [1, 2]),
    ],
)
def test_one_to_four_padded_by_two(kind, before, after):
    cells = [source_index(cell, 4, kind) for cell in (-2, -1, 4, 5)]
    values = [None if cell is None else cell + 1 for cell in cells]
    assert values == before + after


@given(sizes, st.integers(-20, 20), st.integers(0, 30), kinds)
def test_runs_cover_what_is_wanted_once_and_in_order(cells, start, count, kind):
    wanted = Interval(start, start + count)
    covered = [
        cell
        for run in runs(wanted, cells, kind)
        for cell in range(run.dest.start, run.dest.stop)
    ]
    assert covered == list(range(wanted.start, wanted.stop))


@given(sizes, st.integers(-20, 20), st.integers(1, 30), kinds)
def test_a_run_holds_what_numpy_pad_puts_there(cells, start, count, kind):
    line = padded_indices(cells, 60, 60, kind)
    for run in runs(Interval(start, start + count), cells, kind):
        there = list(line[run.dest.start + 60 : run.dest.stop + 60])
        if run.source is None:
            assert there == [-1] * run.dest.size
            continue
        source = list(range(run.source.start, run.source.stop))
        assert Interval(0, cells).contains(run.source)
        if run.step == 0:
            assert there == source * run.dest.size
        else:
            assert there == source[:: run.step]


@given(sizes, st.integers(-20, 20), st.integers(1, 30), kinds)
def test_cells_inside_are_one_run(cells, start, count, kind):
    found = runs(Interval(start, start + count), cells, kind)
    inside = [run for run in found if 0 <= run.dest.start < cells]
    kept = Interval(start, start + count).clip(cells)
    assert [run.dest for run in inside] == ([kept] if kept.size else [])
    assert all(run.source == run.dest for run in inside)


@pytest.mark.parametrize("kind", KINDS)
def test_cells_far_beyond_32_bits_have_a_source(kind):
    far, cells = 2**40, 2**33 + 1
    found = source_index(-far, cells, kind)
    assert found is None or 0 <= found < cells
    wanted = Interval(cells - 2, cells + 2)
    assert runs(wanted, cells, kind)[0].source == Interval(cells - 2, cells)
