"""Steps that scale and compare against Python's own numbers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import volconv
from tests.cells import SMALL, ends, row
from tests.families import allocated, labelled, same_whatever_the_cuts
from tests.oracle import same_bits
from tests.strategies import DTYPES, FLOATS, INTEGERS, meta_of
from volconv.errors import KindError, NumberError
from volconv.steps.ranges import (
    clip_step,
    normalise_step,
    scale_step,
    threshold_step,
)

REAL = ("bool", *INTEGERS, *FLOATS)

CALLS: dict[str, tuple[Any, Any, Any]] = {
    "scale": (
        DTYPES,
        lambda a: volconv.scale(a, 0.3, 1),
        lambda m: scale_step(m, 0.3, 1),
    ),
    "whole scale": (
        DTYPES,
        lambda a: volconv.scale(a, -3, 7),
        lambda m: scale_step(m, -3, 7),
    ),
    "normalise": (
        DTYPES,
        lambda a: volconv.normalise(a, mean=2, std=0.7),
        lambda m: normalise_step(m, (2, 0.7), (None, None)),
    ),
    "clip": (REAL, lambda a: volconv.clip(a, 0, 1), lambda m: clip_step(m, 0, 1)),
    "threshold": (
        REAL,
        lambda a: volconv.threshold(a, above=0.25),
        lambda m: threshold_step(m, 0.25, None),
    ),
}


@pytest.mark.parametrize("name", CALLS)
@given(data=st.data())
def test_chunks_and_boxes_have_the_bits_of_the_whole(name, data):
    dtypes, call, step = CALLS[name]
    same_whatever_the_cuts(data.draw(labelled(dtypes)), call, step, data)


@given(
    st.sampled_from(SMALL), st.integers(-(2**20), 2**20), st.integers(-(2**20), 2**20)
)
def test_integers_scaled_by_integers_are_exact(dtype, factor, offset):
    data = row(0, 1, dtype=dtype) if dtype == "bool" else ends(dtype)
    found = volconv.scale(data, factor, offset)
    assert found.dtype.kind in "iu"
    assert found.dtype.itemsize >= data.dtype.itemsize
    expected = [int(value) * factor + offset for value in data.values]
    assert found.values.tolist() == expected


def test_integers_scaled_beyond_64_bits_are_an_error():
    with pytest.raises(NumberError, match="value 4611686018427387904, whose scaled"):
        volconv.scale(row(2**62, dtype="int64"), 2)
    assert volconv.scale(row(2**62, dtype="int64"), 1, 5).values == 2**62 + 5
    assert volconv.scale(row(2**64 - 1, dtype="uint64"), 1).values == 2**64 - 1
    with pytest.raises(NumberError, match="whose scaled value is 55340232221128654835"):
        volconv.scale(row(2**64 - 1, dtype="uint64"), 3, -10)


@pytest.mark.parametrize(
    ("value", "dtype", "factor", "offset"),
    [
        (2**63, "uint64", 1, -1),
        (-(2**63), "int64", -1, -1),
        (2**64 - 1, "uint64", 1, -(2**63)),
        (2**62, "int64", -3, 2**62),
    ],
)
def test_what_fits_in_the_end_may_be_beyond_64_bits_on_the_way(
    value, dtype, factor, offset
):
    found = volconv.scale(row(value, dtype=dtype), factor, offset)
    assert found.dtype == np.int64
    assert found.values.tolist() == [value * factor + offset]


def test_a_factor_beyond_every_integer_makes_floats():
    assert volconv.scale(row(2, dtype="uint8"), 10**20).dtype == np.float32


def test_scaling_rounds_half_to_even_and_saturates_where_a_dtype_is_chosen():
    found = volconv.scale(row(1.0, 3.0, 5.0, 1e9, -1e9), 0.5, dtype="int16")
    assert found.values.tolist() == [0, 2, 2, 32767, -32768]


def test_scaling_complex_numbers_adds_to_the_real_part():
    assert volconv.scale(row(1 + 2j), 3, 1).values.tolist() == [4 + 6j]


def test_normalising_subtracts_then_divides():
    data = row(40, 140, -60, dtype="int16")
    assert volconv.normalise(data, mean=40, std=100).values.tolist() == [0, 1, -1]
    unit = volconv.normalise(data, min=-60, max=140)
    assert unit.values.tolist() == [0.5, 1, 0]
    assert unit.dtype == np.float32
    byte = volconv.normalise(data, min=0, max=100, dtype="bool")
    assert byte.values.tolist() == [True, True, True]


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
def test_clipping_keeps_the_dtype_and_equals_python_s(dtype):
    data = row(0, 1, 5, 100, dtype=dtype)
    found = volconv.clip(data, 1, 50)
    assert found.dtype == dtype
    assert found.values.tolist() == [min(max(v, 1), 50) for v in data.values.tolist()]
    assert volconv.clip(data, min=2).values.tolist() == [2, 2, 5, 100]
    assert volconv.clip(data, max=2).values.tolist() == [0, 1, 2, 2]


def test_clipping_lets_nan_be_and_a_zero_at_an_end_is_plus_zero():
    found = volconv.clip(row(np.nan, -0.0, -1.0), 0.0).values
    assert same_bits(found, np.array([np.nan, 0.0, 0.0]))
    assert np.signbit(volconv.clip(row(-0.0), -1).values).all()


def test_an_end_beyond_what_integers_hold_has_no_effect():
    data = row(0, 255, dtype="uint8")
    assert volconv.clip(data, -5, 4000).values.tolist() == [0, 255]


def test_thresholds_are_strict_and_nan_is_neither():
    data = row(1.0, 2.0, 3.0, np.nan)
    above = volconv.threshold(data, above=2)
    assert above.dtype == bool
    assert above.values.tolist() == [False, False, True, False]
    below = volconv.threshold(data, below=2, dtype="uint8")
    assert below.dtype == np.uint8
    assert below.values.tolist() == [1, 0, 0, 0]
    between = volconv.threshold(data, above=1, below=3)
    assert between.values.tolist() == [False, True, False, False]


def test_integers_are_compared_exactly_with_fractions_and_beyond_their_ends():
    data = row(2**53, 2**53 + 1, dtype="int64")
    assert volconv.threshold(data, above=2**53).values.tolist() == [False, True]
    assert volconv.threshold(data, below=2**53 + 1).values.tolist() == [True, False]
    small = row(2, 3, dtype="uint8")
    assert volconv.threshold(small, above=2.5).values.tolist() == [False, True]
    assert volconv.threshold(small, below=2.5).values.tolist() == [True, False]
    assert volconv.threshold(small, above=-1, below=300).values.tolist() == [True, True]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda d: volconv.threshold(d.astype(complex), above=1),
            NumberError,
            "data: got complex128 under threshold",
        ),
        (volconv.clip, KindError, "clip: got neither min nor max"),
        (
            lambda d: volconv.clip(d, 3, 2),
            NumberError,
            "max: got 2; expected at least min, 3",
        ),
        (
            lambda d: volconv.clip(d, 0.5),
            NumberError,
            "min: got 0.5 for int16 data; expected a whole number. Fix: cast first",
        ),
        (
            lambda d: volconv.clip(d, 40000),
            NumberError,
            "min: got 40000 for int16 data; expected a number up to 32767",
        ),
        (
            lambda d: volconv.clip(d, max=-40000),
            NumberError,
            "max: got -40000 for int16 data; expected a number of at least -32768",
        ),
        (
            lambda d: volconv.clip(d, np.nan),
            NumberError,
            "min: got nan; expected a fin",
        ),
        (lambda d: volconv.clip(d, "3"), KindError, "min: got '3'; expected one real"),
        (
            volconv.threshold,
            KindError,
            "threshold: got neither above nor below; expected one of them, or both",
        ),
        (
            lambda d: volconv.threshold(d, above=3, below=3),
            NumberError,
            "below: got 3; expected a number greater than above, 3",
        ),
        (
            volconv.normalise,
            KindError,
            "normalise: got none of them; expected mean and std, or min and max",
        ),
        (
            lambda d: volconv.normalise(d, mean=1, max=2),
            KindError,
            "normalise: got mean, max; expected mean and std, or min and max",
        ),
        (
            lambda d: volconv.normalise(d, mean=1, std=0),
            NumberError,
            "std: got 0; expected a number above 0",
        ),
        (
            lambda d: volconv.normalise(d, min=1, max=1),
            NumberError,
            "max: got 1; expected a number above 1",
        ),
        (lambda d: volconv.scale(d, True), KindError, "factor: got True; expected one"),
        (
            lambda d: volconv.scale(d, 1, np.inf),
            NumberError,
            "offset: got inf; expected",
        ),
    ],
)
def test_bad_input_gets_one_clear_error(call, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        call(row(1, 2, dtype="int16"))


@pytest.mark.parametrize("dtype", ["int8", "float32", "complex128"])
def test_work_bytes_bound_what_is_allocated(dtype):
    block = np.ones((300, 400), dtype=dtype)
    meta = meta_of(block.shape, dtype)
    for step in (
        scale_step(meta, 0.5, 1),
        normalise_step(meta, (1, 2), (None, None), None),
    ):
        assert allocated(step, block) <= step.work_bytes(block.size, block.size)


@pytest.mark.parametrize("end", [-1e19, -0.5, 0, 0.5, 1, 1e300, 2**70])
def test_booleans_are_compared_with_any_number(end):
    found = row(False, True, dtype="bool")
    if abs(end) < 1e300:
        above = volconv.threshold(found, above=end).values
        assert above.tolist() == [end < 0, end < 1]
    below = volconv.threshold(found, below=end).values
    assert below.tolist() == [end > 0, end > 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: volconv.scale(d, 1e300), "factor: got 1e"),
        (lambda d: volconv.scale(d, 0.5, -1e300), "offset: got -1e"),
        (lambda d: volconv.normalise(d, mean=0, std=1e-300), "std: got 1e-300"),
        (lambda d: volconv.normalise(d, min=-1e39, max=0), "min: got -1e"),
    ],
)
def test_numbers_beyond_the_arithmetic_are_refused(call, message):
    with pytest.raises(NumberError, match=message + r'.* Fix: say dtype="float64"'):
        call(row(0, 1, dtype="float32"))
