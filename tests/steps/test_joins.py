"""Joins against Python's own numbers, which have no end, and against NumPy."""

import operator
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import same_bits
from tests.strategies import BOOLS, COMPLEX, FLOATS, INTEGERS, arrays, meta_of
from volconv.errors import DimError, NumberError
from volconv.steps.cellwise import join_step

WHOLE = (*BOOLS, *INTEGERS)
IN_PYTHON: dict[str, Any] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "maximum": max,
    "minimum": min,
}


def joined(name, *blocks, dtype=None):
    """A join over whole arrays, with its description."""
    metas = [meta_of(block.shape, block.dtype.name) for block in blocks]
    step = join_step(name, metas, dtype)
    found = step.combine(blocks)
    assert found.dtype == step.target.dtype
    assert found.shape == step.target.shape
    return found


def in_python(name, *blocks):
    """The same in Python's integers, cell by cell."""
    columns = zip(*(block.ravel().tolist() for block in blocks), strict=True)
    return [int(reduce(IN_PYTHON[name], map(int, cells))) for cells in columns]


@st.composite
def extremes(draw, count):
    """Arrays of integers of any dtypes: ends, halves and small ones of each."""
    found = []
    for _ in range(count):
        dtype = draw(st.sampled_from(WHOLE))
        info = np.iinfo(dtype) if dtype != "bool" else None
        low, high = (0, 1) if info is None else (int(info.min), int(info.max))
        cells = st.sampled_from((low, low // 2, 0, 1, high // 3, high // 2, high))
        found.append(np.array(draw(st.lists(cells, min_size=4, max_size=4)), dtype))
    return found


@given(st.sampled_from(sorted(IN_PYTHON)), st.integers(2, 3).flatmap(extremes))
def test_integers_are_joined_as_pythons_or_refused_where_64_bits_end(name, blocks):
    expected = in_python(name, *blocks)
    if name in ("maximum", "minimum"):
        assert joined(name, *blocks).tolist() == expected
        return
    near_the_end = 2**63 - 2**34
    if all(abs(value) < near_the_end for value in expected):
        assert joined(name, *blocks).tolist() == expected
    elif any(abs(value) >= 2**63 for value in expected):
        with pytest.raises(NumberError, match=r"may exceed 64 bits.*float64"):
            joined(name, *blocks)


@pytest.mark.parametrize(
    ("name", "one", "other", "expected"),
    [
        # beyond 2**53, where a float64 no longer counts in ones
        ("add", ("int64", 2**60 + 1), ("uint64", 2), 2**60 + 3),
        ("subtract", ("uint64", 2**64 - 1), ("uint64", 2**64 - 3), 2),
        ("subtract", ("uint8", 1), ("uint8", 2), -1),
        ("multiply", ("int32", -(2**31)), ("int32", -(2**31)), 2**62),
        ("maximum", ("int64", -1), ("uint64", 2**64 - 1), 2**64 - 1),
        ("minimum", ("int64", -(2**63)), ("uint64", 2**64 - 1), -(2**63)),
        ("maximum", ("int8", -5), ("uint64", 0), 0),
        ("add", ("bool", 1), ("bool", 1), 2),
    ],
)
def test_no_integer_is_wrapped_or_rounded(name, one, other, expected):
    blocks = [np.array([value], dtype) for dtype, value in (one, other)]
    assert joined(name, *blocks).tolist() == [expected]


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("add", [("int64", 2**63 - 1), ("int64", 1)]),
        ("add", [("uint64", 2**64 - 1), ("uint64", 1)]),
        ("subtract", [("int64", -(2**63)), ("int64", 1)]),
        ("multiply", [("int32", 2**31 - 1)] * 3),
        ("multiply", [("uint64", 2**63), ("uint64", 2)]),
    ],
)
def test_a_result_beyond_64_bits_is_refused_and_a_float_dtype_takes_it(name, blocks):
    arrays = [np.array([value], dtype) for dtype, value in blocks]
    with pytest.raises(NumberError, match="may exceed 64 bits"):
        joined(name, *arrays)
    found = joined(name, *arrays, dtype="float64")
    (expected,) = in_python(name, *arrays)
    assert found.dtype == np.float64
    assert found[0] == pytest.approx(expected, rel=1e-12)


@given(st.sampled_from(WHOLE), st.sampled_from(WHOLE), st.data())
def test_integers_are_divided_as_pythons_are(one, other, data):
    left = data.draw(arrays(one, (5,)))
    right = data.draw(arrays(other, (5,)))
    found = joined("divide", left, right)
    for quotient, a, b in zip(found, left.tolist(), right.tolist(), strict=True):
        if b:
            assert quotient == int(a) / int(b)
        else:
            assert not np.isfinite(quotient)


@given(
    st.sampled_from(("add", "subtract", "multiply", "divide", "maximum", "minimum")),
    st.lists(st.sampled_from(FLOATS), min_size=2, max_size=3),
    st.data(),
)
def test_floats_keep_the_widest_dtype_and_are_joined_in_order(name, dtypes, data):
    blocks = [data.draw(arrays(dtype, (3, 2))) for dtype in dtypes]
    widest = max(dtypes, key=FLOATS.index)
    inside = "float32" if widest == "float16" else widest
    ufunc = {"divide": np.true_divide}.get(name) or getattr(np, name)
    with np.errstate(all="ignore"):
        expected = reduce(ufunc, [block.astype(inside) for block in blocks])
        expected = expected.astype(widest)
    assert same_bits(joined(name, *blocks), np.ascontiguousarray(expected))


def test_a_sum_of_halves_is_rounded_once():
    blocks = [np.array([value], "float16") for value in (2048, 1, 1)]
    assert joined("add", *blocks).tolist() == [2050]


def test_nan_is_neither_lost_nor_ordered():
    one, other = np.array([np.nan, 1.0, np.inf]), np.array([1.0, np.nan, 2.0])
    for name in ("maximum", "minimum"):
        assert np.isnan(joined(name, one, other)).tolist() == [True, True, False]


@pytest.mark.parametrize("dtype", COMPLEX)
def test_complex_numbers_are_added_but_have_no_order(dtype):
    block = np.array([1 + 2j, 3 - 1j], dtype)
    assert joined("multiply", block, block).tolist() == [-3 + 4j, 8 - 6j]
    for name in ("maximum", "minimum"):
        with pytest.raises(NumberError, match="which have no order"):
            joined(name, block, block.real.copy())
    with pytest.raises(NumberError, match="float32 for a complex result"):
        joined("add", block, block, dtype="float32")


def test_a_chosen_dtype_rounds_half_to_even_and_saturates():
    one, other = np.array([1.0, 3.0, 600.0, -9.0]), np.array([2.0, 2.0, 2.0, 1.0])
    assert joined("divide", one, other, dtype="uint8").tolist() == [0, 2, 255, 0]
    with pytest.raises(NumberError, match="NaN in a result"):
        joined("divide", np.zeros(1), np.zeros(1), dtype="uint8")


def test_results_of_two_shapes_are_refused_with_both():
    metas = [meta_of((4, 6), "float32"), meta_of((4, 3), "float32")]
    with pytest.raises(DimError, match=r"'x': 6.*'x': 3.*the same stride and padding"):
        join_step("add", metas, None)
