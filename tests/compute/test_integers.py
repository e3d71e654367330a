"""Integer sums against Python's integers, which have no end."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import python_sums
from tests.strategies import BOOLS, INTEGERS, correlations
from volconv.compute import Correlation, numbers_of
from volconv.errors import NumberError

ENGINES = ("direct", "reference")
SIGNS = [
    list(taps)
    for count in (1, 2, 3)
    for taps in itertools.product((-2, 0, 1, 3), repeat=count)
]


def correlate(block, weights, engine="direct", stride=None, dilation=None, dtype=None):
    weights = np.asarray(weights, dtype="int64")
    ones = (1,) * block.ndim
    numbers = numbers_of(block.dtype, weights, dtype=dtype)
    return Correlation((weights,), stride or ones, dilation or ones, numbers, engine)(
        block
    )


def extremes(dtype):
    if dtype == "bool":
        return [False, True]
    limits = np.iinfo(dtype)
    return sorted({int(limits.min), int(limits.max), 0, 1, int(limits.max) - 1})


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", [*BOOLS, *INTEGERS[:3], *INTEGERS[4:7]])
def test_integers_up_to_32_bits_are_summed_exactly_at_their_ends(dtype, engine):
    values = list(itertools.product(extremes(dtype), repeat=3))
    block = np.array(values, dtype=dtype).reshape(-1)
    for taps in SIGNS:
        if engine == "reference" and len(taps) < 3:
            continue
        found = correlate(block if engine == "direct" else block[:40], taps, engine)
        expected = python_sums(
            block if engine == "direct" else block[:40], np.array(taps), (1,), (1,)
        )
        assert found.tolist() == expected.tolist(), taps


def test_every_pair_of_bytes_is_summed_exactly():
    for dtype in ("int8", "uint8"):
        low = np.iinfo(dtype).min
        line = np.arange(low, low + 256)
        block = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
        for taps in ([1, 1], [1, -1], [-1, -1], [2, -3]):
            found = correlate(block.astype(dtype), [taps])[:, 0]
            assert np.array_equal(found, block @ np.array(taps)), (dtype, taps)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize("engine", ENGINES)
def test_64_bit_sums_are_exact_or_refused(dtype, engine):
    for values in itertools.product(extremes(dtype), repeat=2):
        block = np.array(values, dtype=dtype)
        for taps in itertools.product((-1, 0, 1, 2), repeat=2):
            expected = python_sums(block, np.array(taps), (1,), (1,))
            try:
                found = correlate(block, taps, engine)
            except NumberError:
                reach = sum(
                    abs(tap * value) for tap, value in zip(taps, values, strict=True)
                )
                assert reach > 2**63 - 2**34, (values, taps)
            else:
                assert found.tolist() == expected.tolist(), (values, taps)


def test_a_sum_beyond_64_bits_is_refused_with_the_mend():
    block = np.array([2**62, 2**62], dtype="int64")
    with pytest.raises(
        NumberError,
        match=r"^the data: got int64 values whose weighted sums may exceed 64 bits; "
        r"expected sums that an int64 holds\. Fix: choose dtype='float64'\.$",
    ):
        correlate(block, [1, 1])


def test_the_mend_for_64_bit_sums_works():
    block = np.array([2**62, 2**62], dtype="int64")
    assert correlate(block, [1, 1], dtype="float64").tolist() == [2.0**63]


def test_a_sum_below_64_bits_is_exact_beyond_what_a_float_holds():
    block = np.array([2**53, 1, 2**61 + 1], dtype="int64")
    assert correlate(block, [1, 1, 1]).tolist() == [2**53 + 2**61 + 2]
    assert correlate(block, [1, -1]).tolist() == [2**53 - 1, -(2**61)]


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=4), st.data())
def test_a_64_bit_sum_is_refused_whatever_block_it_lies_in(taps, data):
    cells = data.draw(
        st.lists(
            st.one_of(
                st.integers(-(2**63), 2**63 - 1),
                st.sampled_from((0, 1, 2**61, -(2**62))),
            ),
            min_size=len(taps) + 3,
            max_size=12,
        )
    )
    block = np.array(cells, dtype="int64")
    alone = [
        refused(block[k : k + len(taps)], taps)
        for k in range(len(cells) - len(taps) + 1)
    ]
    for start, stop in itertools.combinations(range(len(alone) + 1), 2):
        part = block[start : stop - 1 + len(taps)]
        assert refused(part, taps) == any(alone[start:stop])


def refused(block, taps):
    try:
        correlate(block, taps)
    except NumberError:
        return True
    return False


@given(correlations(most_axes=3), st.sampled_from([*BOOLS, *INTEGERS]), st.data())
def test_whole_numbers_are_summed_exactly_in_any_dimensions(case, dtype, data):
    shape, kernel, stride, dilation = case
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    low, high = (
        (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    )
    if np.dtype(dtype).itemsize == 8:
        low, high = low // 2**12, high // 2**12
    block = rng.integers(
        low, high, shape, dtype="uint64" if low == 0 else "int64", endpoint=True
    )
    block = block.astype(dtype)
    weights = rng.integers(-4, 5, kernel)
    for engine in ENGINES:
        found = correlate(block, weights, engine, stride, dilation)
        expected = python_sums(block, weights, stride, dilation)
        assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_a_chosen_dtype_saturates_and_does_not_wrap(dtype):
    block = np.full(9, 200, dtype="uint8")
    limits = np.iinfo(dtype)
    for tap in (1, -1, 100, -100):
        found = correlate(block, [tap] * 9, dtype=dtype)
        assert found.tolist() == [min(max(1800 * tap, limits.min), limits.max)]


def test_nine_times_two_hundred_is_eighteen_hundred():
    block = np.full((3, 3), 200, dtype="uint8")
    assert correlate(block, np.ones((3, 3))).tolist() == [[1800]]


def test_an_integer_under_a_float_kernel_keeps_its_fraction():
    weights = np.array([0.25, 1.0])
    numbers = numbers_of("uint8", weights)
    found = Correlation((weights,), (1,), (1,), numbers, "direct")(
        np.array([1, 3], dtype="uint8")
    )
    assert found.tolist() == [3.25]
