"""Steps of single cells against Python's own numbers, and against NumPy."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import volconv
from tests.cells import SMALL, ends, row
from tests.families import (
    allocated,
    labelled,
    same_bits_at_any_place,
    same_whatever_the_cuts,
)
from tests.oracle import same_bits
from tests.strategies import COMPLEX, DTYPES, FLOATS, INTEGERS, meta_of
from volconv.errors import KindError, NumberError
from volconv.steps.pointwise import (
    abs_step,
    cast_step,
    log_step,
    pointwise_step,
    sqrt_step,
    square_step,
)

REAL = ("bool", *INTEGERS, *FLOATS)

CALLS: dict[str, tuple[Any, Any, Any]] = {
    "abs": (DTYPES, volconv.abs, abs_step),
    "square": (("bool", *SMALL, *FLOATS, *COMPLEX), volconv.square, square_step),
    "sqrt": (REAL, volconv.sqrt, sqrt_step),
    "log": (REAL, volconv.log, log_step),
    "cast": (
        DTYPES,
        lambda a: volconv.cast(a, "complex64"),
        lambda m: cast_step(m, "complex64"),
    ),
}


@pytest.mark.parametrize("name", CALLS)
@given(data=st.data())
def test_chunks_and_boxes_have_the_bits_of_the_whole(name, data):
    dtypes, call, step = CALLS[name]
    same_whatever_the_cuts(data.draw(labelled(dtypes)), call, step, data)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ["log", "sqrt"])
def test_a_cell_has_the_same_bits_at_any_place_of_any_block(name, dtype):
    step = {"log": log_step, "sqrt": sqrt_step}[name](meta_of((997,), dtype))
    cells = np.random.default_rng(3).normal(size=997).astype(dtype) ** 2
    same_bits_at_any_place(step, cells)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64"])
def test_absolute_values_of_signed_integers_are_unsigned_and_exact(dtype):
    found = volconv.abs(ends(dtype))
    assert found.dtype == f"u{dtype}"
    assert found.values.tolist() == [abs(int(value)) for value in ends(dtype).values]


@pytest.mark.parametrize("dtype", [*INTEGERS, "bool", *FLOATS])
def test_absolute_values_equal_numpy_s(dtype):
    values = row(-3 if np.dtype(dtype).kind in "if" else 3, 0, 5, dtype=dtype)
    assert volconv.abs(values).values.tolist() == np.abs(values.values).tolist()


def test_absolute_values_of_complex_numbers_are_real():
    found = volconv.abs(row(3 + 4j, -5j, dtype="complex64"))
    assert found.dtype == np.float32
    assert found.values.tolist() == [5, 5]


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "uint8", "uint16", "uint32"]
)
def test_squares_of_integers_never_wrap(dtype):
    found = volconv.square(ends(dtype))
    assert (
        found.dtype == f"{dtype.rstrip('0123456789')}{16 * ends(dtype).dtype.itemsize}"
    )
    assert found.values.tolist() == [int(value) ** 2 for value in ends(dtype).values]


def test_squares_beyond_64_bits_are_an_error_and_others_are_not():
    fine = row(-(2**31), 3037000499, dtype="int64")
    assert volconv.square(fine).values.tolist() == [2**62, 3037000499**2]
    assert volconv.square(row(2**32 - 1, dtype="uint64")).values == (2**32 - 1) ** 2
    for value, dtype in ((3037000500, "int64"), (2**32, "uint64")):
        for data in (row(value, dtype=dtype), row(value, dtype=dtype).chunk()):
            with pytest.raises(
                NumberError,
                match=rf"^the data: got the {dtype} value {value}, whose square is "
                rf"\d+; expected values that {dtype} holds. Fix: cast to float64",
            ):
                volconv.square(data).compute()


def test_squares_of_floats_and_complex_numbers_equal_numpy_s():
    rng = np.random.default_rng(0)
    for dtype in ("float32", "float64", "complex64", "complex128"):
        values = (rng.normal(size=99) + 1j * rng.normal(size=99)).astype("complex128")
        values = values.real if dtype.startswith("f") else values
        data = row(*values, dtype=dtype)
        found = volconv.square(data)
        assert found.dtype == dtype
        np.testing.assert_allclose(found.values, data.values**2, rtol=1e-5)


def test_roots_and_logarithms_equal_pythons():
    data = row(0.25, 2.0, 1e10)
    assert volconv.sqrt(data).values.tolist() == [math.sqrt(v) for v in data.values]
    expected = [math.log(v) for v in data.values]
    np.testing.assert_allclose(volconv.log(data).values, expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("uint8", "float32"),
        ("int16", "float32"),
        ("int32", "float64"),
        ("uint64", "float64"),
        ("float16", "float16"),
        ("float32", "float32"),
    ],
)
def test_roots_of_integers_are_floats_and_floats_keep_their_dtype(dtype, expected):
    assert volconv.sqrt(row(4, dtype=dtype)).dtype == expected
    assert volconv.log(row(4, dtype=dtype)).dtype == expected


def test_what_has_no_root_or_logarithm_is_nan_and_zero_has_minus_infinity():
    data = row(-1.0, np.nan, 0.0, -0.0, np.inf)
    root, logarithm = volconv.sqrt(data).values, volconv.log(data).values
    assert root.tolist()[2:] == [0, 0, math.inf]
    assert logarithm.tolist()[2:] == [-math.inf, -math.inf, math.inf]
    one_nan = np.array([np.nan, np.nan])
    assert same_bits(root[:2], one_nan)
    assert same_bits(logarithm[:2], one_nan)


def test_casting_rounds_half_to_even_and_saturates():
    data = row(0.5, 1.5, 2.5, -0.5, 1e9, -1e9)
    assert volconv.cast(data, "int8").values.tolist() == [0, 2, 2, 0, 127, -128]
    assert volconv.cast(row(-1, 300), "uint8").values.tolist() == [0, 255]
    assert volconv.cast(row(0, 2), bool).values.tolist() == [False, True]
    assert volconv.cast(row(1, dtype="int16"), "float16").dtype == np.float16
    with pytest.raises(NumberError, match="NaN in a result of dtype int8"):
        volconv.cast(row(np.nan), "int8")


def test_an_array_without_dimensions_is_one_cell():
    assert volconv.sqrt(xr.DataArray(4.0)).values == 2
    for dtype in ("int16", "int64"):
        assert volconv.cast(xr.DataArray(2.5), dtype).values == 2


def test_coordinates_stay_and_units_go_where_they_are_no_longer_true():
    data = row(1.0, 4.0).assign_coords(x=[10, 20])
    data.attrs = {"units": "K", "standard_name": "air_temperature", "note": "kept"}
    assert volconv.abs(data).attrs["units"] == "K"
    assert volconv.clip(data, 0).attrs["standard_name"] == "air_temperature"
    assert volconv.scale(data).attrs["units"] == "K"
    for changed in (
        volconv.sqrt(data),
        volconv.log(data),
        volconv.square(data),
        volconv.scale(data, 2),
        volconv.normalise(data, mean=1, std=2),
        volconv.threshold(data, above=1),
    ):
        assert set(changed.attrs) == {"note", "volconv"}
        assert changed.x.identical(data.x)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda d: volconv.sqrt(d.astype(complex)),
            NumberError,
            "data: got complex128 under sqrt; expected real numbers. Fix: take abs",
        ),
        (
            lambda d: volconv.abs(d.astype(object)),
            NumberError,
            "data: got dtype object; expected one of bool",
        ),
        (lambda d: volconv.cast(d, "int99"), NumberError, "dtype: got 'int99'"),
        (
            lambda d: volconv.cast(d.astype(complex), "float32"),
            NumberError,
            "dtype: got float32 for complex data; expected complex64 or complex128",
        ),
        (lambda d: volconv.abs(d.values), KindError, "data: got numpy.ndarray"),
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
        abs_step(meta),
        square_step(meta),
        cast_step(meta, "complex64"),
    ):
        assert allocated(step, block) <= step.work_bytes(block.size, block.size)


@dataclass(frozen=True)
class Others:
    """A function of a plug-in."""

    call: Any

    def __call__(self, cells):
        return self.call(cells)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda c: c[:1], KindError, r"shape \(1,\) for cells of shape \(4,\)"),
        (lambda c: c.max(), KindError, r"shape \(\) for cells of shape \(4,\)"),
        (lambda c: np.ma.masked_less(c, 2), KindError, "a masked array"),
        (lambda c: c + 1j, NumberError, "values of dtype complex128"),
        (lambda c: c.astype(str), NumberError, "values of dtype <U"),
    ],
)
def test_a_function_that_gives_no_value_for_each_cell_is_refused(call, kind, message):
    step = pointwise_step("other", meta_of((4,), "float64"), Others(call), "float64")
    with pytest.raises(kind, match=f"^function Others: got {message}"):
        step.compute(np.arange(4.0))


def test_a_function_cannot_write_to_the_cells_of_others():
    def doubled(cells):
        return np.multiply(cells, 2, out=cells)

    step = pointwise_step("other", meta_of((4,), "float64"), Others(doubled), "float64")
    cells = np.arange(4.0)
    with pytest.raises(ValueError, match="read-only"):
        step.compute(cells)
    assert cells.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("dtype", ["float31", "longdouble", "M8[s]"])
def test_a_step_of_a_dtype_that_is_none_is_refused(dtype):
    with pytest.raises(NumberError, match=r"^dtype: got "):
        pointwise_step("other", meta_of((4,), "float64"), Others(abs), dtype)
