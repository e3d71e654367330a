"""The FFT engine: within its bound of the definition, whatever the block holds."""

import math
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compute.compiled.engines import (
    bits,
    random_floats,
    run,
    specials,
    sub_block,
)
from tests.compute.compiled.guards import Guarded
from tests.compute.compiled.oracle import correlate
from tests.compute.compiled.strategies import Case, direct_cases, laid_out
from volconv.compute import Correlation, fft, numbers_of
from volconv.compute.compiled.direct import engine as direct


def fft_of(case):
    return fft.prepare(
        case.weights, case.stride, case.dilation, case.block.dtype, case.compute_dtype
    )


def bound(case):
    """What the module states, over the whole block in place of the tiles."""
    eps = np.finfo(case.compute_dtype).eps
    cells = max(2, case.block.size, 1 << 21)
    norm = np.linalg.norm(case.block.astype(float).ravel())
    return 4 * eps * math.log2(cells) * np.abs(case.weights).sum() * norm


def check(case, found=None):
    found = run(fft_of(case), case.block) if found is None else found
    expected = correlate(case.block, case.weights, case.stride, case.dilation)
    assert found.shape == expected.shape
    assert (abs(found - expected) <= bound(case)).all()


@settings(max_examples=300)
@given(direct_cases())
def test_any_block_kernel_and_window_is_within_the_bound(case):
    check(case)


@settings(max_examples=100)
@given(direct_cases(dtypes=("f4", "f8")), st.integers(0, 99))
def test_floats_are_within_the_bound(case, seed):
    check(random_floats(case, seed))


WINDOWS = [
    ((9, 8, 7), (1, 1, 1), (1, 1, 1)),
    ((21, 3, 9), (1, 1, 1), (1, 1, 1)),
    ((5, 5, 5), (2, 3, 4), (1, 1, 1)),
    ((5, 4, 3), (3, 4, 1), (2, 6, 5)),
    ((1, 9, 9), (1, 1, 1), (1, 1, 1)),
    ((9, 1, 9), (2, 2, 2), (1, 1, 2)),
    ((9, 9, 1), (1, 2, 3), (1, 1, 1)),
    ((1, 1, 40), (1, 1, 1), (1, 1, 1)),
    ((1, 40, 1), (2, 1, 1), (1, 1, 1)),
    ((40, 1, 1), (1, 1, 2), (1, 1, 1)),
]


@pytest.mark.parametrize(("size", "stride", "dilation"), WINDOWS)
@pytest.mark.parametrize("compute", ["f4", "f8"])
def test_blocks_of_several_tiles_are_far_within_the_bound(
    size, stride, dilation, compute
):
    rng = np.random.default_rng(5)
    weights = rng.standard_normal(size)
    shape = [
        max(n, d * (f - 1) + 1)
        for n, f, d in zip((53, 90, 163), size, dilation, strict=True)
    ]
    block = rng.standard_normal(shape).astype(compute)
    case = Case(block, weights, stride, dilation, np.dtype(compute))
    found = run(fft_of(case), block)
    expected = correlate(block, weights, stride, dilation)
    # errors of random signs: log2 of the cells of a tile, and norms that do not add up
    usual = 17 * np.finfo(compute).eps * np.linalg.norm(weights) * abs(block).max()
    assert (abs(found - expected) <= usual).all()


@pytest.mark.parametrize("size", [(7,), (300,), (9, 9)])
@pytest.mark.parametrize("stride", [1, 3])
def test_lines_and_planes_of_several_tiles(size, stride):
    rng = np.random.default_rng(6)
    shape = {1: (9000,), 2: (401, 333)}[len(size)]
    block = rng.standard_normal(shape).astype("f4")
    weights = rng.standard_normal(size)
    strides, ones = (stride,) * len(size), (1,) * len(size)
    check(Case(block, weights, strides, ones, np.dtype("f4")))


def test_further_windows_are_summed_tap_by_tap():
    rng = np.random.default_rng(7)
    block = rng.standard_normal((6, 3, 9, 10, 11)).astype("f4")
    weights = rng.standard_normal((3, 1, 2, 4, 3))
    weights[1] = 0
    stride, dilation = (2, 1, 1, 2, 1), (2, 1, 3, 1, 1)
    check(Case(block, weights, stride, dilation, np.dtype("f4")))


@settings(max_examples=200)
@given(direct_cases(dtypes=("f4", "f8", "i2", "f2")), st.data())
def test_parts_of_a_block_agree_with_the_whole_within_the_bound(case, data):
    case = random_floats(case, data.draw(st.integers(0, 99)))
    correlator = fft_of(case)
    whole = run(correlator, case.block)
    part, where = sub_block(data.draw, case.block, correlator)
    assert (abs(run(correlator, part) - whole[where]) <= 2 * bound(case)).all()


@settings(max_examples=150)
@given(direct_cases(dtypes=("f4", "f8"), layouts=("plain",)), st.integers(0, 99))
def test_nan_and_inf_are_where_the_direct_engine_has_them(case, seed):
    rng = np.random.default_rng(seed)
    case.block = specials(case.block.shape, case.block.dtype, rng, huge=2)
    found = run(fft_of(case), case.block)
    window = case.stride, case.dilation, case.block.dtype, case.compute_dtype
    expected = run(direct.prepare(case.weights, *window), case.block)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_reaches_its_windows_and_no_other(bad):
    rng = np.random.default_rng(8)
    block = rng.standard_normal((60, 140, 150)).astype("f4")
    block[30, 70, 75] = bad
    weights = rng.random((9, 9, 9))
    weights[4, 4, 4] = 0
    ones = (1,) * 3
    case = Case(block, weights, ones, ones, np.dtype("f4"))
    found = run(fft_of(case), block)
    touched = np.zeros(found.shape, bool)
    touched[22:31, 62:71, 67:76] = True
    # under a weight of zero
    touched[26, 66, 71] = False
    np.testing.assert_array_equal(~np.isfinite(found), touched)
    block[30, 70, 75] = 0
    expected = correlate(block, weights, ones, ones)
    assert (abs(found - expected)[~touched] <= bound(case)).all()


def test_a_fill_value_drowns_nothing_beside_it():
    rng = np.random.default_rng(9)
    block = rng.standard_normal((30, 100, 100)).astype("f4")
    block[:, 50:60, 40:50] = 9.96921e36
    weights = rng.random((5, 9, 9))
    case = Case(block, weights, (1,) * 3, (1,) * 3, np.dtype("f4"))
    found = run(fft_of(case), block)
    far = (slice(None), slice(None, 40), slice(None))
    expected = correlate(block, weights, (1,) * 3, (1,) * 3)
    np.testing.assert_allclose(found[far], expected[far], rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [("f4", 1e-40), ("f4", 1e-25), ("f4", 1e25), ("f8", 1e-310), ("f8", 1e300)],
)
def test_tiny_and_huge_cells_are_as_close_as_others(dtype, scale):
    rng = np.random.default_rng(10)
    block = (rng.uniform(1, 2, (20, 70, 70)) * scale).astype(dtype)
    weights = rng.random((3, 9, 9))
    found = run(fft.prepare(weights, (1,) * 3, (1,) * 3, dtype, dtype), block)
    expected = correlate(block, weights, (1,) * 3, (1,) * 3)
    np.testing.assert_allclose(
        found, expected, rtol=1e-4, atol=300 * np.finfo(dtype).smallest_subnormal
    )


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [("f4", 1e-30), ("f4", 1e-10), ("f4", 1e12), ("f4", 1e30), ("f8", 1e200)],
)
def test_tiny_and_huge_weights_are_as_close_as_others(dtype, scale):
    rng = np.random.default_rng(11)
    block = rng.uniform(1, 2, (20, 70, 70)).astype(dtype)
    weights = rng.random((3, 9, 9)) * scale
    found = run(fft.prepare(weights, (1,) * 3, (1,) * 3, dtype, dtype), block)
    expected = correlate(block, weights, (1,) * 3, (1,) * 3)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_blocks_and_kernels_of_zeros_give_zeros():
    block = np.zeros((20, 30, 40), "f4")
    weights = np.ones((3, 4, 5))
    window = (1,) * 3, (1,) * 3, "f4", "f4"
    assert not bits(run(fft.prepare(weights, *window), block)).any()
    assert not bits(run(fft.prepare(0 * weights, *window), block + 1)).any()


@settings(max_examples=100)
@given(direct_cases(layouts=("plain",)), st.booleans())
def test_nothing_outside_the_arrays_is_touched(case, at_end):
    correlator = fft_of(case)
    shape = correlator.output_shape(case.block.shape)
    source = Guarded(case.block.shape, case.block.dtype, at_end=at_end)
    target = Guarded(shape, case.compute_dtype, at_end=at_end)
    source.array[...] = case.block
    with source as src, target as dst:
        correlator(src, dst)
        found = dst.copy()
    check(case, found)


@given(direct_cases(), st.sampled_from(["reversed", "columns"]))
def test_any_output_array_is_written_whole(case, how):
    correlator = fft_of(case)
    shape = correlator.output_shape(case.block.shape)
    room = np.full((*shape, 3), 7, case.compute_dtype)
    out = room[..., 1]
    if how == "reversed":
        out = out[..., ::-1]
    correlator(case.block, out)
    check(case, out)
    assert (room[..., ::2] == 7).all()


def test_an_output_that_overlaps_its_block_is_right():
    values = np.arange(500, dtype=np.float32)
    correlator = fft.prepare(np.arange(1.0, 9), [1], [1], "f4", "f4")
    expected = run(correlator, values.copy())
    correlator(values, values[:493])
    np.testing.assert_array_equal(values[:493], expected)


@pytest.mark.parametrize("how", ["fortran", "every other", "reversed", "misaligned"])
def test_layout_does_not_change_bits(how):
    rng = np.random.default_rng(12)
    block = rng.standard_normal((20, 80, 90)).astype("f4")
    correlator = fft.prepare(rng.random((3, 9, 9)), (1,) * 3, (1,) * 3, "f4", "f4")
    plain = run(correlator, block)
    np.testing.assert_array_equal(
        bits(run(correlator, laid_out(block, how))), bits(plain)
    )


def test_threads_share_a_correlator():
    rng = np.random.default_rng(13)
    block = rng.standard_normal((20, 80, 90)).astype("f4")
    correlator = fft.prepare(rng.random((3, 9, 9)), (1,) * 3, (1,) * 3, "f4", "f4")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(partial(run, correlator), [block] * 40))
    for array in found:
        np.testing.assert_array_equal(bits(array), bits(found[0]))


def test_a_correlator_is_pickled_without_what_is_prepared():
    rng = np.random.default_rng(14)
    block = rng.standard_normal((9, 30, 40)).astype("f4")
    correlator = fft.prepare(rng.random((3, 9, 9)), (1,) * 3, (1,) * 3, "f4", "f4")
    before = len(pickle.dumps(correlator))
    found = run(correlator, block)
    text = pickle.dumps(correlator)
    assert len(text) == before
    np.testing.assert_array_equal(bits(run(pickle.loads(text), block)), bits(found))


@pytest.mark.parametrize("complex_block", [False, True])
def test_complex_kernels_and_blocks_go_by_their_parts(complex_block):
    rng = np.random.default_rng(15)
    block = rng.standard_normal((40, 60)) + 1j * rng.standard_normal((40, 60))
    block = block if complex_block else block.real.copy()
    weights = rng.standard_normal((7, 8)) + 1j * rng.standard_normal((7, 8))
    numbers = numbers_of(block.dtype, weights)
    found, expected = (
        Correlation((weights,), (1, 2), (1, 1), numbers, engine)(block)
        for engine in ("fft", "direct")
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_transforms_need_no_other_library_and_are_not_imported_before():
    code = """
import sys
import numpy as np
from volconv.compute import Correlation, Numbers
early = "volconv.compute.fft" in sys.modules
numbers = Numbers("float32", "float32", "float32")
Correlation((np.ones(9),), (1,), (1,), numbers, "fft")(np.ones(99, "float32"))
print(early, "volconv.compute.fft" in sys.modules, "scipy" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True", "False"]


def test_faults_name_what_came_and_what_was_expected():
    correlator = fft.prepare(np.ones((3, 3)), (1, 1), (1, 1), "f4", "f4")
    block = np.ones((5, 5), np.float32)
    with pytest.raises(ValueError, match=r"got shape \(3, 4\); expected \(3, 3\)"):
        correlator(block, np.empty((3, 4), np.float32))
    with pytest.raises(TypeError, match="got complex64; expected bool, integer"):
        fft.prepare(np.ones(3), (1,), (1,), "c8", "f4")
