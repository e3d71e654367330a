"""Taps of one weight, summed by doubling: against loops, SciPy, and themselves."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from tests.compute.compiled.edges import KINDS, edges_of, padded
from tests.compute.compiled.engines import (
    bits,
    product,
    run,
    separable_of,
    specials,
    sub_block,
)
from tests.compute.compiled.guards import guarded
from tests.compute.compiled.machines import MACHINES, assembly
from tests.compute.compiled.oracle import correlate
from tests.compute.compiled.strategies import DTYPES, LAYOUTS, Case, laid_out, shapes
from volconv.compute.compiled.loops import columns
from volconv.compute.compiled.loops.columns import Cover
from volconv.compute.compiled.loops.doubling import Doubling
from volconv.compute.compiled.loops.items import ColumnCode
from volconv.compute.compiled.programs.program import aligned_empty
from volconv.compute.compiled.separable import engine as separable

FLOATS = ("f4", "f8")


@st.composite
def box_cases(draw, dtypes=tuple(DTYPES), layouts=tuple(LAYOUTS)):
    """Factors of one weight each, one of them a window or at least two."""
    ndim = draw(st.integers(2, 4))
    is_alone = draw(st.booleans())
    others = [1] if is_alone else [1, 1, 4, 5, 15, 70]
    size = list(draw(st.tuples(*[st.sampled_from(others)] * ndim)))
    for axis in draw(st.permutations(range(ndim)))[: 1 if is_alone else 2]:
        size[axis] = draw(st.sampled_from([3, 5, 7, 9, 26, *([70] * is_alone)]))
    stride = draw(st.tuples(*[st.sampled_from([1, 1, 1, 2])] * ndim))
    dilation = draw(st.tuples(*[st.sampled_from([1, 1, 1, 3])] * ndim))
    while math.prod(size) > 3000:
        size[size.index(max(size))] = 3
    shape = list(draw(shapes(tuple(size), dilation)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = [float(draw(st.sampled_from([1, 1, -2, 3]))) for _ in size]
    factors = [np.full(n, weight) for n, weight in zip(size, weights, strict=True)]
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    block = laid_out(
        rng.integers(0, 2, shape).astype(dtype), draw(st.sampled_from(layouts))
    )
    compute = np.dtype(draw(st.sampled_from(FLOATS)))
    return Case(block, product(factors), stride, dilation, compute), factors


def with_values(case, values):
    block = values.astype(case.block.dtype)
    return Case(block, case.weights, case.stride, case.dilation, case.compute_dtype)


def seeded(case, seed):
    return with_values(
        case, np.random.default_rng(seed).standard_normal(case.block.shape)
    )


@settings(max_examples=60)
@given(box_cases())
def test_boxes_equal_nested_loops_on_small_integers(drawn):
    case, factors = drawn
    expected = correlate(case.block, case.weights, case.stride, case.dilation)
    np.testing.assert_array_equal(
        run(separable_of(case, factors), case.block), expected
    )


@settings(max_examples=40)
@given(box_cases(dtypes=FLOATS), st.integers(0, 99))
def test_boxes_are_as_close_as_the_docs_say(drawn, seed):
    case, factors = drawn
    case = seeded(case, seed)
    factors = [factor / factor.size for factor in factors]
    weights = product(factors)
    expected = correlate(case.block, weights, case.stride, case.dilation)
    scale = correlate(abs(case.block), abs(weights), case.stride, case.dilation)
    taps = sum(factor.size for factor in factors)
    bound = (taps + 6) * np.finfo(case.compute_dtype).eps * scale
    assert (abs(run(separable_of(case, factors), case.block) - expected) <= bound).all()


@settings(max_examples=60)
@given(box_cases(dtypes=("f4", "f8", "i2", "u1", ">i2", ">f8")), st.data())
def test_bits_of_boxes_do_not_depend_on_the_block(drawn, data):
    case, factors = drawn
    if case.block.dtype.kind == "f":
        case = seeded(case, data.draw(st.integers(0, 99)))
    factors = [factor / 7 for factor in factors]
    correlator = separable_of(case, factors)
    whole = run(correlator, case.block)
    part, where = sub_block(data.draw, case.block, correlator)
    np.testing.assert_array_equal(bits(run(correlator, part)), bits(whole[where]))


@settings(max_examples=40)
@given(box_cases(dtypes=FLOATS, layouts=("plain",)), st.data())
def test_bits_of_special_values_do_not_depend_on_the_block(drawn, data):
    case, factors = drawn
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    values = specials(case.block.shape, case.block.dtype, rng)
    usual = rng.standard_normal(values.shape)
    case = with_values(case, np.where(rng.random(values.shape) < 0.01, values, usual))
    correlator = separable_of(case, factors)
    whole = run(correlator, case.block)
    part, where = sub_block(data.draw, case.block, correlator)
    np.testing.assert_array_equal(bits(run(correlator, part)), bits(whole[where]))


@settings(max_examples=40)
@given(
    box_cases(dtypes=FLOATS, layouts=("plain",)),
    st.sampled_from([np.nan, np.inf, -np.inf]),
    st.data(),
)
def test_what_is_not_finite_stays_in_its_windows(drawn, odd, data):
    case, factors = drawn
    values = np.ones(case.block.shape)
    place = tuple(data.draw(st.integers(0, n - 1)) for n in values.shape)
    values[place] = odd
    case = with_values(case, values)
    met = correlate(~np.isfinite(values), abs(case.weights), case.stride, case.dilation)
    np.testing.assert_array_equal(
        np.isfinite(run(separable_of(case, factors), case.block)), met == 0
    )


@settings(max_examples=60)
@given(box_cases(layouts=("plain",)), st.booleans())
def test_boxes_stay_inside(drawn, at_end):
    case, factors = drawn
    expected = correlate(case.block, case.weights, case.stride, case.dilation)
    guarded(separable_of(case, factors), case.block, expected, at_end)


@pytest.mark.parametrize("size", [5, 8, 15, 31, 100])
@pytest.mark.parametrize("dtype", ["float32", "float64", ">i2", "uint8"])
def test_means_are_those_of_scipy(size, dtype):
    rng = np.random.default_rng(size)
    shape = (20, 30, 150)
    cells = rng.integers(0, 200, shape).astype(dtype)
    compute = "float64" if dtype == "float64" else "float32"
    factors = [np.full(size, 1 / size)] * 3
    correlator = separable.prepare(factors, (1,) * 3, (1,) * 3, dtype, compute)
    padding = [(size // 2, (size - 1) // 2)] * 3
    block = padded(cells, padding, ["symmetric"] * 3)
    expected = ndimage.uniform_filter(cells.astype("f8"), size)
    error = abs(run(correlator, block) - expected)
    assert (error <= (3 * size + 6) * np.finfo(compute).eps * expected).all()
    if size <= 64:
        # one more of each dimension for the weight
        roundings = 3 * (2 * math.log2(size) + 3)
        assert (error <= roundings * np.finfo(compute).eps / 2 * expected).all()


@pytest.mark.parametrize("size", [4, 5, 15, 100])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (1, 2), (2, 1)])
@pytest.mark.parametrize("is_alone", [False, True])
def test_bits_are_the_same_whether_windows_run_along_vectors_or_across(
    size, stride, dilation, is_alone
):
    rng = np.random.default_rng(size)
    span = dilation * (size - 1) + 1
    block = rng.standard_normal((9 + span, 40 + span, 100)).astype("f4")
    factors = [np.full(size, 1 / size)] * 2 + [None]
    factors[0] = None if is_alone else factors[0]
    window = (stride, stride, 1), (dilation, dilation, 1)
    correlator = separable.prepare(factors, *window, "f4", "f4")
    whole = run(correlator, block)
    for channels in (1, 2, 3, 7, 64):
        part = np.ascontiguousarray(block[:, :, 20 : 20 + channels])
        found = run(correlator, part)
        np.testing.assert_array_equal(
            bits(found), bits(whole[:, :, 20 : 20 + channels])
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("size", "stride"), [(5, 1), (26, 1), (15, 2), (70, 1)])
@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1, 2)])
def test_padding_on_the_way_gives_the_bits_of_padding_before(kind, size, stride, axes):
    rng = np.random.default_rng(3)
    factors = [np.full(size, 1 / size) if a in axes else None for a in range(3)]
    strides = tuple(stride if a in axes else 1 for a in range(3))
    correlator = separable.prepare(factors, strides, (1,) * 3, "f4", "f4")
    cells = rng.standard_normal((9, 40, 130)).astype("f4")
    padding = [(size // 2, size // 2) if a in axes else (0, 0) for a in range(3)]
    expected = run(correlator, padded(cells, padding, [kind] * 3))
    out = np.empty_like(expected)
    edges = edges_of(cells.shape, cells.dtype, padding, [kind] * 3)
    assert correlator.padding(cells, out, edges)
    assert out.tobytes() == expected.tobytes()


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("size", [5, 31, 66])
def test_streamed_blocks_have_the_bits_of_small_ones(axes, size):
    rng = np.random.default_rng(0)
    more = np.array([size - 1 if axis in axes else 0 for axis in range(3)])
    shape = (20, 200, 300)
    block = rng.standard_normal(more + shape).astype("f4")
    factors = [np.full(size, 1 / size) if a in axes else None for a in range(3)]
    correlator = separable.prepare(factors, (1,) * 3, (1,) * 3, "f4", "f4")
    whole = aligned_empty(shape, np.dtype("f4"))
    correlator(block, whole)
    for _ in range(5):
        first = rng.integers(0, np.array(shape) - 3)
        stop = first + rng.integers(1, np.array(shape) - first + 1)
        where = tuple(map(slice, first, stop))
        part = block[tuple(map(slice, first, stop + more))]
        np.testing.assert_array_equal(bits(run(correlator, part)), bits(whole[where]))


@pytest.mark.parametrize("boxes", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2)])
def test_boxes_go_with_other_factors(boxes):
    rng = np.random.default_rng(0)
    block = rng.integers(0, 3, (20, 60, 180)).astype("f4")
    factors = [
        np.full(9, 2.0) if axis in boxes else rng.integers(-2, 3, size).astype(float)
        for axis, size in enumerate((3, 4, 33))
    ]
    correlator = separable.prepare(factors, (1,) * 3, (1,) * 3, "f4", "f4")
    expected = block.astype(float)
    for axis, factor in enumerate(factors):
        shape = np.where(np.arange(3) == axis, factor.size, 1)
        expected = correlate(expected, factor.reshape(shape), (1,) * 3, (1,) * 3)
    np.testing.assert_array_equal(run(correlator, block), expected)


@pytest.mark.parametrize("dtype", FLOATS)
def test_means_of_the_largest_values_are_finite(dtype):
    large = np.finfo(dtype).max * np.dtype(dtype).type(0.99)
    factors = [np.full(9, 1 / 9)] * 2
    correlator = separable.prepare(factors, (1, 1), (1, 1), dtype, dtype)
    found = run(correlator, np.full((12, 40), large, dtype))
    np.testing.assert_allclose(found, large, rtol=1e-5)


@pytest.mark.parametrize("dtype", FLOATS)
def test_denormals_are_kept_and_zeros_are_positive(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    correlator = separable.prepare([np.ones(5)] * 2, (1, 1), (1, 1), dtype, dtype)
    found = run(correlator, np.full((20, 90), tiny, dtype))
    assert (found == 25 * tiny).all()
    found = run(correlator, np.full((20, 90), -0.0, dtype))
    assert not bits(found).any()


@settings(max_examples=30)
@given(st.integers(2, 100), st.integers(1, 3))
def test_a_long_row_takes_twice_the_logarithm_in_additions(taps, gap):
    doubling = Doubling(gap)
    rows = 1000
    schedule = doubling.schedule([(taps, row) for row in range(rows)])
    added = sum(bool(doubling.parts(total)) for total in schedule)
    assert added <= 2 * math.log2(taps) * rows + taps * gap * math.log2(taps)


@given(
    st.integers(1, 200), st.integers(1, 5), st.sampled_from([1, 4, 16]), st.integers(0)
)
def test_a_sum_holds_each_of_its_taps_once_and_in_order(taps, gap, lanes, place):
    doubling = Doubling(gap, lanes)

    def cells(total, lane):
        parts = doubling.parts(total)
        if not parts:
            return [total[1] + lane]
        if doubling.is_shifted(total):
            number, within = divmod(total[1] % lanes + lane, lanes)
            return cells(parts[number], within)
        return cells(parts[0], lane) + cells(parts[1], lane)

    for lane in {0, lanes - 1}:
        expected = [place + lane + gap * tap for tap in range(taps)]
        assert cells((taps, place), lane) == expected


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("scalar", ["float", "double"])
@pytest.mark.parametrize("box", ["lines", "cells"])
def test_box_loops_compile_for(name, scalar, box):
    machine = MACHINES[name]
    for code in (
        ColumnCode(scalar, (7,), gap=3, box=box, is_alone=True),
        ColumnCode(scalar, (34, 33), box=box),
    ):
        for rows, cells in itertools.product((1, 99), repeat=2):
            cover = Cover.of(code, machine, rows, cells)
            assert "add" in assembly(columns.text(code, machine, cover), machine)
