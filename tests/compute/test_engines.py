"""Every engine against the definition, and against oracles of other libraries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, signal

from tests.oracle import correlated, same_bits
from tests.strategies import COMPLEX, DTYPES, FLOATS, arrays, correlations, weights
from volconv.compute import Correlation, Numbers, numbers_of

# relative to the sum of |tap x cell|, and absolute: some roundings of the output's
# dtype, of which float16 has many below its smallest normal; integers are exact
TOLERANCE = {
    "float16": (2e-3, 1e-7),
    "float32": (4e-6, 1e-37),
    "float64": (2e-14, 1e-300),
    "complex64": (8e-6, 1e-37),
    "complex128": (4e-14, 1e-300),
}
WHOLE = ("direct", "reference")


def correlation(factors, stride, dilation, source, engine, dtype=None):
    whole = factors[0]
    for factor in factors[1:]:
        whole = whole * factor
    numbers = numbers_of(source, whole, dtype=dtype)
    return Correlation(tuple(factors), stride, dilation, numbers, engine)


def check_against_oracle(found, block, taps, stride, dilation):
    """The outputs equal sums in float64 or complex128, whole numbers exactly."""
    wide = "complex128" if "c" in (block.dtype.kind, taps.dtype.kind) else "float64"
    expected = correlated(block, taps, stride, dilation, wide)
    scale = correlated(np.abs(block), np.abs(taps), stride, dilation, "float64")
    relative, absolute = TOLERANCE.get(found.dtype.name, (0, 0))
    assert found.shape == expected.shape
    off = np.abs(found.astype(wide) - expected)
    assert np.all(off <= relative * scale + absolute)


def kernel_of(values):
    wide = {"i": "int64", "f": "float64", "c": "complex128"}
    return values.astype(wide[values.dtype.kind])


@st.composite
def cases(draw, dtypes=DTYPES):
    """A block in any layout, weights, stride and dilation."""
    shape, kernel, stride, dilation = draw(correlations())
    block = draw(arrays(draw(st.sampled_from(dtypes)), shape))
    taps = kernel_of(draw(weights(draw(st.sampled_from("ifc")), kernel)))
    return block, taps, stride, dilation


@given(cases())
def test_the_direct_engine_equals_the_oracle(case):
    block, taps, stride, dilation = case
    compute = correlation([taps], stride, dilation, block.dtype, "direct")
    check_against_oracle(compute(block), block, taps, stride, dilation)


@given(cases())
def test_the_direct_engine_has_the_bits_of_the_definition_for_integers(case):
    block, taps, stride, dilation = case
    direct, reference = (
        correlation([taps], stride, dilation, block.dtype, engine) for engine in WHOLE
    )
    if np.dtype(direct.numbers.compute).kind in "iu":
        assert same_bits(direct(block), reference(block))


@st.composite
def separable_cases(draw):
    """A block and one factor for each of two or more of its axes."""
    shape, kernel, stride, dilation = draw(correlations())
    ndim = len(shape)
    block = draw(arrays(draw(st.sampled_from(DTYPES)), shape))
    along = range(ndim) if ndim == 1 else range(draw(st.integers(0, ndim - 2)), ndim)
    kernel = [size if axis in along else 1 for axis, size in enumerate(kernel)]
    factors = []
    for axis in draw(st.permutations(list(along))):
        line = draw(weights(draw(st.sampled_from("if")), (kernel[axis],)))
        factors.append(
            kernel_of(line).reshape([-1 if i == axis else 1 for i in range(ndim)])
        )
    return block, factors, stride, dilation


@given(separable_cases())
def test_the_separable_engine_equals_the_oracle(case):
    block, factors, stride, dilation = case
    compute = correlation(factors, stride, dilation, block.dtype, "separable")
    whole = np.ones([1] * block.ndim)
    for factor in factors:
        whole = whole * factor
    check_against_oracle(compute(block), block, whole, stride, dilation)


@given(separable_cases(), st.data())
def test_a_part_of_a_block_has_the_bits_of_the_whole(case, data):
    block, factors, stride, dilation = case
    engine = data.draw(st.sampled_from((*WHOLE, "separable")))
    compute = correlation(factors, stride, dilation, block.dtype, engine)
    whole = compute(block)
    outputs, cells = [], []
    for size, f, s, d in zip(
        whole.shape, compute.kernel_shape, stride, dilation, strict=True
    ):
        start = data.draw(st.integers(0, size - 1))
        stop = data.draw(st.integers(start + 1, size))
        outputs.append(slice(start, stop))
        cells.append(slice(start * s, (stop - 1) * s + (f - 1) * d + 1))
    assert same_bits(compute(block[tuple(cells)]), whole[tuple(outputs)])


@pytest.mark.parametrize("dtype", [*FLOATS[1:], *COMPLEX])
@pytest.mark.parametrize("engine", ["direct", "separable"])
def test_a_long_line_has_the_bits_of_its_shifted_parts(dtype, engine):
    rng = np.random.default_rng(3)
    block = (rng.normal(size=(4, 133)) + 1j * rng.normal(size=(4, 133))) * 1.1
    block = (block if np.dtype(dtype).kind == "c" else block.real).astype(dtype)
    factors = [rng.normal(size=(2, 1)), rng.normal(size=(1, 5))]
    compute = correlation(factors, (1, 1), (1, 1), dtype, engine)
    whole = compute(block)
    for start in range(20):
        for stop in (start + 1, start + 3, start + 18, 129):
            part = compute(block[:, start : stop + 4])
            assert same_bits(part, whole[:, start:stop])


@given(cases())
def test_a_block_is_not_written_to(case):
    block, taps, stride, dilation = case
    before = block.copy()
    compute = correlation([taps], stride, dilation, block.dtype, "direct")
    found = compute(block)
    assert np.array_equal(block, before)
    assert not np.shares_memory(found, block)
    assert found.flags.writeable


@given(cases(FLOATS))
def test_the_direct_engine_equals_scipy_where_scipy_can(case):
    block, taps, _, _ = case
    block = block.astype("float64")
    ones = (1,) * block.ndim
    if taps.dtype.kind == "c":
        taps = taps.real.copy()
    found = correlation([taps], ones, ones, "float64", "direct")(block)
    np.testing.assert_allclose(
        found, signal.correlate(block, taps, "valid", "direct"), atol=1e-12
    )
    centre = tuple(
        slice((f - 1) // 2 + (f - 1) % 2, n - (f - 1) // 2)
        for f, n in zip(taps.shape, block.shape, strict=True)
    )
    theirs = ndimage.correlate(block, taps.astype("float64"), mode="constant")
    np.testing.assert_allclose(found, theirs[centre], atol=1e-12)


def test_a_kernel_is_not_flipped():
    compute = correlation([np.array([1.0, 10.0, 100.0])], (1,), (1,), "f8", "direct")
    assert compute(np.array([1.0, 2.0, 3.0])).tolist() == [321]


@pytest.mark.parametrize("engine", WHOLE)
def test_a_complex_kernel_is_not_conjugated(engine):
    taps = np.array([1 + 2j, 3j])
    compute = correlation([taps], (1,), (1,), "complex128", engine)
    assert compute(np.array([1j, 1 + 1j])).tolist() == [1j * (1 + 2j) + 3j * (1 + 1j)]
    real = correlation([taps], (1,), (1,), "float64", engine)
    assert real(np.array([1.0, 2.0])).tolist() == [1 + 8j]


BAD = (np.nan, np.inf, -np.inf)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_zero_tap_lets_nothing_through(bad, dtype, zero):
    block = np.ones((3, 3), dtype=dtype)
    block[1, 1] = bad
    taps = np.ones((3, 3))
    taps[1, 1] = zero
    for engine in WHOLE:
        found = correlation([taps], (1, 1), (1, 1), dtype, engine)(block)
        assert found.tolist() == [[8]]


@pytest.mark.parametrize("bad", BAD)
def test_a_zero_in_a_factor_lets_nothing_through(bad):
    block = np.ones((3, 3))
    block[1] = bad
    factors = [np.array([[1.0], [0.0], [1.0]]), np.ones((1, 3))]
    for engine in (*WHOLE, "separable"):
        found = correlation(factors, (1, 1), (1, 1), "float64", engine)(block)
        assert found.tolist() == [[6]]


@pytest.mark.parametrize("bad", BAD)
def test_an_absent_part_of_a_complex_tap_lets_nothing_through(bad):
    block = np.array([bad, 1.0])
    for taps, expected in (([1j, 1], (1.0, bad)), ([1, 1j], (bad, 1.0))):
        for engine in WHOLE:
            found = correlation([np.array(taps)], (1,), (1,), "float64", engine)(block)
            assert np.array_equal(found.real, [expected[0]], equal_nan=True)
            assert np.array_equal(found.imag, [expected[1]], equal_nan=True)


@pytest.mark.parametrize("dtype", ["int16", "float32", "complex64"])
def test_a_kernel_of_zeros_gives_zeros(dtype):
    for engine in WHOLE:
        found = correlation([np.zeros(2)], (1,), (1,), dtype, engine)
        assert not found(np.ones(4, dtype=dtype)).any()


@given(st.data())
def test_nan_and_inf_reach_the_windows_that_hold_them_and_no_other(data):
    size, stride, dilation = (data.draw(st.integers(1, 3)) for _ in range(3))
    cells = (size - 1) * dilation + 1 + data.draw(st.integers(0, 8))
    where = data.draw(st.integers(0, cells - 1))
    bad = data.draw(st.sampled_from(BAD))
    block = np.ones(cells)
    block[where] = bad
    for engine in WHOLE:
        compute = correlation([np.ones(size)], (stride,), (dilation,), "f8", engine)
        found = compute(block)
        for output, value in enumerate(found):
            read = [output * stride + tap * dilation for tap in range(size)]
            expected = bad if where in read else size
            np.testing.assert_equal(value, expected)


def test_opposite_infinities_sum_to_nan_without_a_warning():
    block = np.array([np.inf, -np.inf])
    for engine in WHOLE:
        found = correlation([np.ones(2)], (1,), (1,), "float64", engine)(block)
        assert np.isnan(found).all()


def test_a_float32_sum_overflows_to_inf_without_a_warning():
    block = np.full(2, 3e38, dtype="float32")
    for engine in WHOLE:
        found = correlation([np.ones(2)], (1,), (1,), "float32", engine)(block)
        assert found.tolist() == [np.inf]


def test_float16_is_summed_in_float32():
    block = np.full(100, 1000, dtype="float16")
    taps = np.full(100, 0.5)
    found = correlation([taps], (1,), (1,), "float16", "direct")(block)
    assert found.dtype == "float16"
    assert found == np.float16(50000)
    signs = np.where(np.arange(100) % 2, -1.0, 1.0) * 100
    assert correlation([signs], (1,), (1,), "float16", "direct")(block).tolist() == [0]
    ones = correlation([np.ones(100)], (1,), (1,), "float16", "direct")
    assert ones(block).tolist() == [np.inf]


@pytest.mark.parametrize("dtype", FLOATS)
def test_denormals_are_kept(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    block = np.array([tiny, tiny], dtype=dtype)
    for engine in WHOLE:
        found = correlation([np.ones(2)], (1,), (1,), dtype, engine)(block)
        assert found[0] == np.add(tiny, tiny, dtype=dtype)
        assert found[0] != 0


def test_a_sum_of_nothing_but_negative_zero_is_positive_zero():
    block = np.array([-0.0, -0.0])
    for engine in WHOLE:
        found = correlation([np.ones(2)], (1,), (1,), "float64", engine)(block)
        assert not np.signbit(found).any()


def test_two_and_a_huge_number_are_summed_as_float64_sums_them():
    block = np.array([1e16, 1.0, 1.0, 1.0])
    found = correlation([np.ones(2)], (1,), (1,), "float64", "direct")(block)
    assert found.tolist() == [1e16 + 1, 2, 2]


def test_two_engines_are_not_told_apart_by_layout():
    rng = np.random.default_rng(0)
    block = rng.normal(size=(5, 6, 7)).astype("float32")
    taps = rng.normal(size=(2, 3, 2))
    compute = correlation([taps], (1, 2, 1), (2, 1, 1), "float32", "direct")
    plain = compute(block)
    for other in (
        np.asfortranarray(block),
        block.astype(">f4"),
        np.repeat(block, 2, axis=1)[:, ::2],
        block[::-1].copy()[::-1],
    ):
        assert same_bits(compute(other), plain)


def test_strides_along_axes_without_taps_sample_them():
    block = np.arange(60, dtype="float64").reshape(3, 4, 5)
    factors = [np.array([0.5, 0.5]).reshape(1, 1, 2), np.ones((1, 1, 1))]
    numbers = Numbers("float64", "float64", "float64")
    compute = Correlation(tuple(factors), (2, 3, 2), (1, 1, 1), numbers, "separable")
    mean = (block[..., :-1] + block[..., 1:]) / 2
    assert np.array_equal(compute(block), mean[::2, ::3, ::2])
