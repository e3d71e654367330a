"""Direct and separable engines against nested loops, and against themselves."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.compute.compiled.engines import (
    bits,
    direct_of,
    product,
    random_floats,
    run,
    separable_of,
    specials,
    sub_block,
)
from tests.compute.compiled.oracle import correlate
from tests.compute.compiled.strategies import (
    Case,
    direct_cases,
    long_cases,
    separable_cases,
)
from volconv.compute.compiled.direct import engine as direct
from volconv.compute.compiled.programs.program import aligned_empty
from volconv.compute.compiled.separable import engine as separable
from volconv.compute.compiled.separable.factors import factorise


@settings(max_examples=400)
@given(direct_cases())
def test_direct_equals_nested_loops_on_small_integers(case):
    expected = correlate(case.block, case.weights, case.stride, case.dilation)
    np.testing.assert_array_equal(run(direct_of(case), case.block), expected)


@settings(max_examples=400)
@given(separable_cases())
def test_separable_equals_nested_loops_on_small_integers(drawn):
    case, factors = drawn
    block = case.block % 2 if case.block.dtype.kind != "b" else case.block
    block = block.astype(case.block.dtype)
    expected = correlate(block, product(factors), case.stride, case.dilation)
    np.testing.assert_array_equal(run(separable_of(case, factors), block), expected)


@settings(max_examples=60)
@given(long_cases())
def test_long_factors_equal_nested_loops_on_small_integers(drawn):
    case, factors = drawn
    expected = correlate(case.block, product(factors), case.stride, case.dilation)
    np.testing.assert_array_equal(
        run(separable_of(case, factors), case.block), expected
    )


@settings(max_examples=200)
@given(direct_cases(dtypes=("f4", "f8")), st.integers(0, 99))
def test_direct_is_as_close_as_a_sum_of_roundings(case, seed):
    case = random_floats(case, seed)
    expected = correlate(case.block, case.weights, case.stride, case.dilation)
    scale = correlate(abs(case.block), abs(case.weights), case.stride, case.dilation)
    taps = np.count_nonzero(case.weights)
    bound = (taps + 2) * np.finfo(case.compute_dtype).eps * scale
    assert (abs(run(direct_of(case), case.block) - expected) <= bound).all()


@settings(max_examples=200)
@given(separable_cases(dtypes=("f4", "f8")), st.integers(0, 99))
def test_separable_is_as_close_as_sums_of_roundings(drawn, seed):
    case, factors = drawn
    case = random_floats(case, seed)
    rng = np.random.default_rng(seed)
    factors = [None if f is None else f * rng.random(f.shape) for f in factors]
    whole = product(factors)
    expected = correlate(case.block, whole, case.stride, case.dilation)
    scale = correlate(abs(case.block), abs(whole), case.stride, case.dilation)
    taps = sum(0 if f is None else np.count_nonzero(f) for f in factors)
    bound = (taps + 6) * np.finfo(case.compute_dtype).eps * scale
    assert (abs(run(separable_of(case, factors), case.block) - expected) <= bound).all()


@settings(max_examples=400)
@given(direct_cases(dtypes=("f4", "f8", "i2", "f2")), st.data())
def test_direct_bits_do_not_depend_on_the_block(case, data):
    case = random_floats(case, data.draw(st.integers(0, 99)))
    correlator = direct_of(case)
    whole = run(correlator, case.block)
    part, where = sub_block(data.draw, case.block, correlator)
    np.testing.assert_array_equal(bits(run(correlator, part)), bits(whole[where]))


@settings(max_examples=400)
@given(
    st.one_of(
        separable_cases(dtypes=("f4", "f8", "i2", "f2")),
        long_cases(dtypes=("f4", "f8", "i2")),
    ),
    st.data(),
)
def test_separable_bits_do_not_depend_on_the_block(drawn, data):
    case, factors = drawn
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    case = random_floats(case, 1)
    factors = [None if f is None else f * rng.random(f.shape) for f in factors]
    correlator = separable_of(case, factors)
    whole = run(correlator, case.block)
    part, where = sub_block(data.draw, case.block, correlator)
    np.testing.assert_array_equal(bits(run(correlator, part)), bits(whole[where]))


@pytest.mark.parametrize(
    ("prepare", "size"),
    [("direct", 3), ("direct", 4), ("direct", 7), ("separable", 33)],
)
def test_streamed_blocks_have_the_bits_of_small_ones(prepare, size):
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((size,) * (3 if prepare == "direct" else 1))
    shape = (20, 256, 256 + size % 2)
    block = rng.standard_normal([n + size - 1 for n in shape]).astype(np.float32)
    if prepare == "direct":
        correlator = direct.prepare(weights, (1,) * 3, (1,) * 3, "f4", "f4")
    else:
        correlator = separable.prepare([weights] * 3, (1,) * 3, (1,) * 3, "f4", "f4")
    whole = aligned_empty(shape, np.dtype("f4"))
    correlator(block, whole)
    for _ in range(10):
        first = [int(rng.integers(0, n - 8)) for n in shape]
        stop = [
            int(rng.integers(a + 1, n + 1)) for a, n in zip(first, shape, strict=True)
        ]
        part = block[
            tuple(slice(a, b + size - 1) for a, b in zip(first, stop, strict=True))
        ]
        where = tuple(slice(a, b) for a, b in zip(first, stop, strict=True))
        np.testing.assert_array_equal(bits(run(correlator, part)), bits(whole[where]))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2"])
@pytest.mark.parametrize("size", [(3, 3, 3), (1, 3, 3), (3, 2, 1), (5, 5, 5)])
def test_blocks_of_any_height_have_the_bits_of_higher_ones(size, dtype):
    rng = np.random.default_rng(0)
    block = (50 * rng.standard_normal((6, 75, 90))).astype(dtype)
    compute = dtype if dtype != "i2" else "f4"
    weights = rng.standard_normal(size)
    correlator = direct.prepare(weights, (1,) * 3, (1,) * 3, dtype, compute)
    whole = run(correlator, block)
    halo = size[1] - 1
    for rows in range(1, whole.shape[1] + 1):
        for cells in (block, block[..., :50]):
            found = run(correlator, cells[:, : rows + halo])
            expected = whole[:, :rows, : found.shape[2]]
            np.testing.assert_array_equal(bits(found), bits(expected))


@pytest.mark.parametrize("shape", [(6, 40, 150), (3, 3, 3), (70, 9, 64), (5, 300, 333)])
@pytest.mark.parametrize("sigma", [1, 4, 8])
def test_gaussian_bits_in_large_blocks_equal_those_in_small_ones(shape, sigma):
    x = np.arange(-4 * sigma, 4 * sigma + 1)
    factor = np.exp(-0.5 * (x / sigma) ** 2)
    rng = np.random.default_rng(0)
    block = rng.standard_normal([n + 8 * sigma for n in shape]).astype(np.float32)
    correlator = separable.prepare([factor] * 3, (1,) * 3, (1,) * 3, "f4", "f4")
    whole = run(correlator, block)
    for _ in range(5):
        first = [int(rng.integers(0, n)) for n in shape]
        stop = [
            int(rng.integers(a + 1, n + 1)) for a, n in zip(first, shape, strict=True)
        ]
        part = block[
            tuple(slice(a, b + 8 * sigma) for a, b in zip(first, stop, strict=True))
        ]
        where = tuple(slice(a, b) for a, b in zip(first, stop, strict=True))
        np.testing.assert_array_equal(bits(run(correlator, part)), bits(whole[where]))


@settings(max_examples=150)
@given(direct_cases(dtypes=("f4", "f8"), layouts=("plain",)), st.data())
def test_bits_of_special_values_do_not_depend_on_the_block(case, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    case.block = specials(case.block.shape, case.block.dtype, rng)
    correlator = direct_of(case)
    whole = run(correlator, case.block)
    part, where = sub_block(data.draw, case.block, correlator)
    np.testing.assert_array_equal(bits(run(correlator, part)), bits(whole[where]))


@settings(max_examples=150)
@given(direct_cases(dtypes=("f4", "f8"), layouts=("plain",)), st.integers(0, 99))
def test_cells_under_taps_of_zero_are_never_read_into_a_sum(case, seed):
    rng = np.random.default_rng(seed)
    case.block = specials(case.block.shape, case.block.dtype, rng, huge=1e20)
    with np.errstate(all="ignore"):
        block = case.block.astype(case.compute_dtype)
        expected = correlate(
            block, case.weights, case.stride, case.dilation, case.compute_dtype
        )
    got = run(direct_of(case), case.block)
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(expected))
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    if not case.weights.any():
        assert not bits(got).any()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_every_nan_has_the_same_bits(dtype):
    odd = np.array([np.nan, -np.nan, np.inf, -np.inf, 1], dtype)
    bits(odd)[0] += 5  # a payload
    block = np.random.default_rng(0).choice(odd, (9, 10, 150))
    got = run(
        direct.prepare(np.ones((1, 2, 2)), (1,) * 3, (1,) * 3, dtype, dtype), block
    )
    assert np.isnan(got).any()
    assert (bits(got[np.isnan(got)]) == bits(np.array([np.nan], dtype))).all()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_sum_begins_at_plus_zero_and_keeps_denormals(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    block = np.array([-0.0, tiny, -tiny, 0.0], dtype)
    got = run(direct.prepare([1.0], [1], [1], dtype, dtype), block)
    np.testing.assert_array_equal(
        bits(got), bits(np.array([0.0, tiny, -tiny, 0.0], dtype))
    )


def test_a_laplacian_ignores_the_corners():
    weights = np.zeros((3, 3, 3))
    weights[1, 1], weights[1, :, 1], weights[:, 1, 1] = 1, 1, 1
    weights[1, 1, 1] = -6
    block = np.full((20, 20, 40), 2.0, np.float32)
    block[::2, ::2, ::2] = np.nan
    got = run(direct.prepare(weights, (1,) * 3, (1,) * 3, "f4", "f4"), block)
    expected = correlate(block, weights, (1,) * 3, (1,) * 3)
    np.testing.assert_array_equal(got, expected.astype("f4"))
    assert np.isfinite(got).any()


@settings(max_examples=200)
@given(direct_cases(), st.sampled_from(["reversed", "columns", "swapped"]))
@example(
    Case(np.ones((2, 1)), np.ones((1, 1)), (1, 1), (1, 1), np.dtype("f8")), "columns"
)
def test_any_output_array_is_written_whole(case, how):
    correlator = direct_of(case)
    expected = run(correlator, case.block)
    shape = expected.shape
    canary = np.zeros(0)
    if how == "reversed":
        out = np.empty(shape, case.compute_dtype)[..., ::-1]
    elif how == "columns":
        canary = np.full((*shape, 3), 7, case.compute_dtype)
        out = canary[..., 1]
    else:
        canary = np.full([n + 2 for n in shape], 7, case.compute_dtype)
        out = canary[(slice(1, -1),) * len(shape)]
    correlator(case.block, out)
    np.testing.assert_array_equal(out, expected)
    if how == "columns":
        assert (canary[..., ::2] == 7).all()
    if how == "swapped":
        canary[(slice(1, -1),) * len(shape)] = 7
        assert (canary == 7).all()


def test_an_output_that_overlaps_its_block_is_right():
    values = np.arange(50, dtype=np.float32)
    correlator = direct.prepare([1.0, 2.0, 3.0], [1], [1], "f4", "f4")
    expected = run(correlator, values.copy())
    correlator(values, values[:48])
    np.testing.assert_array_equal(values[:48], expected)


def test_broadcast_blocks_and_large_streamed_outputs():
    row = np.arange(300, dtype=np.float32)
    block = np.broadcast_to(row, (70, 400, 300))
    weights = np.ones((3, 3, 3))
    got = run(direct.prepare(weights, (1,) * 3, (1,) * 3, "f4", "f4"), block)
    expected = 9 * (row[:-2] + row[1:-1] + row[2:])
    np.testing.assert_array_equal(got, np.broadcast_to(expected, got.shape))
    across = np.broadcast_to(np.arange(40.0, dtype=np.float32)[:, None], (40, 70))
    got = run(direct.prepare(np.ones((2, 3)), (2, 2), (1, 1), "f4", "f4"), across)
    np.testing.assert_array_equal(
        got, correlate(across, np.ones((2, 3)), (2, 2), (1, 1))
    )


def test_threads_share_a_correlator_and_compile_once():
    rng = np.random.default_rng(3)
    block = rng.standard_normal((20, 40, 50)).astype(np.float32)
    for maker in (
        lambda: direct.prepare(rng.random((2, 6, 3)), (1,) * 3, (1,) * 3, "f4", "f4"),
        lambda: separable.prepare([rng.random(6)] * 3, (1,) * 3, (1,) * 3, "f4", "f4"),
    ):
        correlator = maker()
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(partial(run, correlator), [block] * 80))
        for array in found:
            np.testing.assert_array_equal(bits(array), bits(found[0]))


def test_correlators_are_pickled():
    block = np.arange(60.0, dtype=np.float32).reshape(6, 10)
    for correlator in (
        direct.prepare(np.ones((3, 3)), (1, 2), (1, 1), "f4", "f4"),
        separable.prepare([np.ones(3)] * 2, (1, 2), (1, 1), "f4", "f4"),
    ):
        run(correlator, block)
        copy = pickle.loads(pickle.dumps(correlator))
        np.testing.assert_array_equal(run(copy, block), run(correlator, block))


def test_faults_name_what_came_and_what_was_expected():
    correlator = direct.prepare(np.ones((3, 3)), (1, 1), (1, 1), "f4", "f4")
    block = np.ones((5, 5), np.float32)
    with pytest.raises(ValueError, match=r"got shape \(3, 4\); expected \(3, 3\)"):
        correlator(block, np.empty((3, 4), np.float32))
    with pytest.raises(ValueError, match="got float64; expected float32"):
        correlator(block.astype("f8"), np.empty((3, 3), np.float32))
    with pytest.raises(ValueError, match="got 1 axes; expected 2"):
        correlator(block[0], np.empty((3, 3), np.float32))
    locked = np.empty((3, 3), np.float32)
    locked.flags.writeable = False
    with pytest.raises(ValueError, match="got a read-only array"):
        correlator(block, locked)
    with pytest.raises(ValueError, match="got 0 axes; expected at least 1"):
        direct.prepare(2.0, (), (), "f4", "f4")
    with pytest.raises(TypeError, match="got complex64; expected bool, integer"):
        direct.prepare(np.ones(3), (1,), (1,), "c8", "f4")
    with pytest.raises(TypeError, match="got int32; expected float32 or float64"):
        direct.prepare(np.ones(3), (1,), (1,), "f4", "i4")


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 999))
@example([1, 1], 0)
def test_factors_of_an_outer_product_are_found(sizes, seed):
    rng = np.random.default_rng(seed)
    weights = product([rng.uniform(0.1, 1, n) * rng.choice([-1, 1], n) for n in sizes])
    factors = factorise(weights)
    assert factors is not None
    np.testing.assert_allclose(product(factors), weights, rtol=1e-14)


def test_kernels_of_higher_rank_have_no_factors():
    assert factorise(np.eye(3)) is None
    assert factorise(np.zeros((3, 3))) is None
    weights = np.ones((3, 3, 3))
    weights[0, 1, 2] *= 1 + 1e-12
    assert factorise(weights) is None
    weights[0, 1, 2] = np.nan
    assert factorise(weights) is None
