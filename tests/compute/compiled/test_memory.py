"""Nothing outside the arrays is read or written: pages beside them fault."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compute.compiled.engines import direct_of, product, separable_of
from tests.compute.compiled.guards import guarded
from tests.compute.compiled.oracle import correlate
from tests.compute.compiled.strategies import direct_cases, long_cases, separable_cases


@settings(max_examples=250)
@given(direct_cases(layouts=("plain",)), st.booleans())
def test_direct_stays_inside(case, at_end):
    expected = correlate(case.block, case.weights, case.stride, case.dilation)
    guarded(direct_of(case), case.block, expected, at_end)


@settings(max_examples=250)
@given(
    st.one_of(separable_cases(layouts=("plain",)), long_cases(layouts=("plain",))),
    st.booleans(),
)
def test_separable_stays_inside(drawn, at_end):
    case, factors = drawn
    block = (case.block.astype(int) % 2).astype(case.block.dtype)
    expected = correlate(block, product(factors), case.stride, case.dilation)
    guarded(separable_of(case, factors), block, expected, at_end)


@pytest.mark.parametrize("last", [250, 256, 257, 1023, 1027, 2050, 4094])
@pytest.mark.parametrize("at_end", [False, True])
def test_streamed_outputs_stay_inside(last, at_end):
    from volconv.compute.compiled.direct import engine as direct

    rng = np.random.default_rng(0)
    high = 2 + 51_200 // last
    block = rng.integers(0, 9, (66, high, last)).astype(np.float32)
    weights = rng.integers(-3, 4, (3, 3, 3)).astype(float)
    expected = correlate(block, weights, (1,) * 3, (1,) * 3)
    correlator = direct.prepare(weights, (1,) * 3, (1,) * 3, "f4", "f4")
    guarded(correlator, block, expected, at_end)


@pytest.mark.parametrize("cells", [2_400_000, 60_000], ids=["streamed", "cached"])
@pytest.mark.parametrize("last", [300, 320, 1061, 4000])
@pytest.mark.parametrize("at_end", [False, True])
def test_outputs_of_turned_rows_stay_inside(cells, last, at_end):
    from volconv.compute.compiled.separable import engine as separable

    rng = np.random.default_rng(0)
    block = rng.integers(0, 3, (cells // last, last)).astype(np.float32)
    factors = [np.array([1.0, -1.0, 2.0]), rng.integers(-2, 3, 33).astype(float)]
    expected = correlate(block, product(factors), (1, 1), (1, 1))
    correlator = separable.prepare(factors, (1, 1), (1, 1), "f4", "f4")
    guarded(correlator, block, expected, at_end)


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([1, 4, 64]))
def test_parts_cover_all_and_none_is_too_large(count, most, whole):
    from volconv.compute.compiled.direct.strips import parts

    pieces = parts(count, most, whole)
    assert [i for first, n in pieces for i in (first, first + n)][1:-1:2] == [
        first for first, _ in pieces[1:]
    ]
    assert pieces[0][0] == 0
    assert sum(pieces[-1]) == count
    assert 0 < max(n for _, n in pieces) <= most
