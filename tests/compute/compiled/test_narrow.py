"""The code for lesser x86 machines, run on one that has all they have."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.compute.compiled.engines import (
    bits,
    direct_of,
    product,
    run,
    separable_of,
    sub_block,
)
from tests.compute.compiled.machines import MACHINES
from tests.compute.compiled.oracle import correlate
from tests.compute.compiled.strategies import direct_cases, separable_cases
from volconv.compute import fft, fft_tiles
from volconv.compute.compiled.fft import peaks
from volconv.compute.compiled.llvm import jit

HOST = jit.host()
pytestmark = pytest.mark.skipif(
    HOST.vector_bytes < 32 or not HOST.fma, reason="needs AVX2 and FMA"
)
slow_fixture = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=["sse2", "avx2"])
def machine(request, monkeypatch):
    monkeypatch.setattr(jit, "host", lambda: MACHINES[request.param])
    return MACHINES[request.param]


@slow_fixture
@given(case=direct_cases())
def test_direct_equals_nested_loops(machine, case):
    expected = correlate(case.block, case.weights, case.stride, case.dilation)
    np.testing.assert_array_equal(run(direct_of(case), case.block), expected)


@slow_fixture
@given(drawn=separable_cases())
def test_separable_equals_nested_loops(machine, drawn):
    case, factors = drawn
    block = (case.block.astype(int) % 2).astype(case.block.dtype)
    expected = correlate(block, product(factors), case.stride, case.dilation)
    np.testing.assert_array_equal(run(separable_of(case, factors), block), expected)


@slow_fixture
@given(case=direct_cases(dtypes=("f4", "f8")), data=st.data())
def test_bits_do_not_depend_on_the_block(machine, case, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    case.block = rng.standard_normal(case.block.shape).astype(case.block.dtype)
    case.weights = case.weights * rng.random(case.weights.shape)
    correlator = direct_of(case)
    whole = run(correlator, case.block)
    part, where = sub_block(data.draw, case.block, correlator)
    np.testing.assert_array_equal(bits(run(correlator, part)), bits(whole[where]))


@slow_fixture
@given(case=direct_cases())
def test_transforms_equal_nested_loops_on_small_integers(machine, case):
    expected = correlate(case.block, case.weights, case.stride, case.dilation)
    fft_tiles._function.cache_clear()
    peaks._function.cache_clear()
    correlator = fft.prepare(
        case.weights, case.stride, case.dilation, case.block.dtype, case.compute_dtype
    )
    try:
        np.testing.assert_allclose(run(correlator, case.block), expected, atol=1e-2)
    finally:
        fft_tiles._function.cache_clear()
        peaks._function.cache_clear()


@pytest.mark.skipif(HOST.vector_bytes < 64, reason="needs AVX-512 to compare with")
def test_avx2_gives_the_bits_of_avx512(monkeypatch):
    from volconv.compute.compiled.direct import engine as direct
    from volconv.compute.compiled.separable import engine as separable

    rng = np.random.default_rng(0)
    block = rng.standard_normal((20, 40, 100)).astype(np.float32)
    weights, factor = rng.standard_normal((3, 4, 5)), rng.standard_normal(17)

    def results():
        full = direct.prepare(weights, (1,) * 3, (1,) * 3, "f4", "f4")
        passes = separable.prepare([factor] * 3, (1,) * 3, (1,) * 3, "f4", "f4")
        return [bits(run(correlator, block)) for correlator in (full, passes)]

    wide = results()
    monkeypatch.setattr(jit, "host", lambda: MACHINES["avx2"])
    for a, b in zip(wide, results(), strict=True):
        np.testing.assert_array_equal(a, b)
