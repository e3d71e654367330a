"""Activation functions against Python's own functions of numbers."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import volconv
from tests.families import (
    allocated,
    labelled,
    same_bits_at_any_place,
    same_whatever_the_cuts,
)
from tests.strategies import FLOATS, INTEGERS, meta_of
from volconv.errors import KindError, NumberError
from volconv.steps.activations import (
    elu_step,
    gelu_step,
    leaky_relu_step,
    relu_step,
    sigmoid_step,
    tanh_step,
)

REAL = ("bool", *INTEGERS, *FLOATS)

CALLS: dict[str, tuple[Any, Any]] = {
    "relu": (volconv.relu, relu_step),
    "leaky_relu": (volconv.leaky_relu, lambda m: leaky_relu_step(m, 0.01)),
    "elu": (lambda a: volconv.elu(a, 1.5), lambda m: elu_step(m, 1.5)),
    "sigmoid": (volconv.sigmoid, sigmoid_step),
    "tanh": (volconv.tanh, tanh_step),
    "gelu": (volconv.gelu, lambda m: gelu_step(m, "none")),
    "gelu by tanh": (
        lambda a: volconv.gelu(a, "tanh"),
        lambda m: gelu_step(m, "tanh"),
    ),
}


def logistic(x):
    small = math.exp(-abs(x))
    return (small if x < 0 else 1) / (1 + small)


CLOSED: dict[str, Any] = {
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "elu": lambda x: x if x > 0 else 1.5 * math.expm1(x),
    "sigmoid": logistic,
    "tanh": math.tanh,
    "gelu": lambda x: x * math.erfc(-x / math.sqrt(2)) / 2,
    "gelu by tanh": lambda x: (
        x * logistic(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    ),
}
"""Formulas without cancellation, in Python's numbers, one cell at a time."""

ULPS = {"relu": 0, "leaky_relu": 1, "gelu": 1, "gelu by tanh": 1}
"""Units of the last place of float32 that a result may be off; else 4."""


def row(*values, dtype=None):
    return xr.DataArray(np.array(values, dtype=dtype), dims="x")


def apart(found, expected):
    """Units of the last place between some numbers and the right ones."""
    near = np.spacing(np.abs(expected.astype(found.dtype)))
    return np.abs(found.astype(expected.dtype) - expected) / near


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=20)
@given(data=st.data())
def test_chunks_and_boxes_have_the_bits_of_the_whole(name, data):
    call, step = CALLS[name]
    array = data.draw(labelled(REAL))
    whole = same_whatever_the_cuts(array, call, step, data)
    assert whole.dtype == (
        array.dtype.name
        if array.dtype.kind == "f"
        else "float32"
        if array.dtype.itemsize <= 2
        else "float64"
    )


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", CALLS)
def test_a_cell_has_the_same_bits_at_any_place_of_any_block(name, dtype):
    step = CALLS[name][1](meta_of((997,), dtype))
    cells = (np.random.default_rng(3).normal(size=997) * 4).astype(dtype)
    cells[::50] = [0, -0.0, np.inf, -np.inf, np.nan] * 4
    same_bits_at_any_place(step, cells)


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([1e-4, 1, 5, 30]))
def test_values_are_the_closed_form_to_a_few_units_of_the_last_place(
    name, seed, spread
):
    cells = np.random.default_rng(seed).normal(size=200) * spread
    narrow = cells.astype("float32")
    expected = np.array([CLOSED[name](x) for x in narrow.tolist()])
    found = CALLS[name][0](row(*narrow, dtype="float32")).values
    usual = np.abs(expected) > 1e-37
    assert apart(found, expected)[usual].max() <= ULPS.get(name, 4)
    assert np.abs(found - expected)[~usual].max(initial=0) <= 1e-37


def test_gelu_of_doubles_is_right_however_small_it_is():
    x = np.concatenate([np.linspace(-37, 9, 300), np.linspace(-1, 1, 100)])
    found = volconv.gelu(row(*x)).values
    # the exponential in decimals, whose exponent is not rounded before it is taken
    tails = [
        float((-(Decimal(one) ** 2) / 2).exp() * Decimal(special.erfcx(one / 2**0.5)))
        / 2
        for one in np.abs(x)
    ]
    expected = x * np.where(x < 0, tails, 1 - np.array(tails))
    assert apart(found, expected).max() <= 8


@pytest.mark.parametrize("name", ["elu", "sigmoid", "tanh"])
def test_doubles_are_the_closed_form_too(name):
    x = np.linspace(-40, 40, 5001)
    found = CALLS[name][0](row(*x)).values
    expected = np.array([CLOSED[name](one) for one in x.tolist()])
    assert apart(found, expected).max() <= 4


def test_whole_numbers_are_exact():
    data = row(-3, 0, 5, dtype="int16")
    assert volconv.relu(data).values.tolist() == [0, 0, 5]
    assert volconv.leaky_relu(data, 2).values.tolist() == [-6, 0, 5]
    assert volconv.elu(data, 0).values.tolist() == [0, 0, 5]
    assert volconv.relu(row(-3, 2**40)).values.tolist() == [0, 2**40]
    assert volconv.leaky_relu(data, 2, dtype="int8").values.tolist() == [-6, 0, 5]
    assert volconv.sigmoid(row(0.0)).values.tolist() == [0.5]


def test_what_is_large_or_missing_becomes_what_the_limit_is():
    data = row(-np.inf, -1e300, 1e300, np.inf, np.nan)
    expected = {
        "relu": [0, 0, 1e300, np.inf],
        "elu": [-1.5, -1.5, 1e300, np.inf],
        "sigmoid": [0, 0, 1, 1],
        "tanh": [-1, -1, 1, 1],
    }
    for name, values in expected.items():
        found = CALLS[name][0](data).values.tolist()
        assert found[:4] == values
        assert math.isnan(found[4])
    for name in ("gelu", "gelu by tanh"):
        found = CALLS[name][0](data).values.tolist()
        assert found[1:4] == [0, 1e300, np.inf]


def test_an_array_without_dimensions_is_one_cell():
    for call, _ in CALLS.values():
        assert call(xr.DataArray(0.0)).shape == ()


def test_units_stay_where_values_are_only_scaled():
    data = row(1.0, -4.0).assign_coords(x=[10, 20])
    data.attrs = {"units": "K", "note": "kept"}
    for name, (call, _) in CALLS.items():
        found = call(data)
        assert ("units" in found.attrs) == (name in ("relu", "leaky_relu"))
        assert found.attrs["note"] == "kept"
        assert found.x.identical(data.x)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda d: volconv.relu(d * 1j),
            NumberError,
            "data: got complex128 under relu; expected real numbers",
        ),
        (
            lambda d: volconv.leaky_relu(d, np.nan),
            NumberError,
            "slope: got nan; expected a finite number",
        ),
        (lambda d: volconv.elu(d, "1"), KindError, "alpha: got '1'; expected one real"),
        (
            lambda d: volconv.gelu(d, "tan"),
            KindError,
            "approximate: got 'tan'; expected none or tanh. Fix: did you mean 'tanh'",
        ),
    ],
)
def test_bad_input_gets_one_clear_error(call, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        call(row(1.0, 2.0))


@pytest.mark.parametrize("dtype", ["int8", "float16", "float32", "float64"])
@pytest.mark.parametrize("name", CALLS)
def test_work_bytes_bound_what_is_allocated(name, dtype):
    block = np.ones((300, 400), dtype=dtype)
    step = CALLS[name][1](meta_of(block.shape, dtype))
    assert allocated(step, block) <= step.work_bytes(block.size, block.size)
