import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.memory import most_bytes
from tests.strategies import COMPLEX, DTYPES, FLOATS, INTEGERS
from volconv.compute import Numbers, cast, cast_bytes, numbers_of
from volconv.errors import NumberError

ONE = np.ones(1, dtype="int64")
HALF = np.array([0.5])
IMAGINARY = np.array([1j])


@pytest.mark.parametrize(
    ("source", "weights", "compute", "target"),
    [
        ("float16", HALF, "float32", "float16"),
        ("float32", HALF, "float32", "float32"),
        ("float64", HALF, "float64", "float64"),
        ("float16", ONE, "float32", "float16"),
        ("float32", ONE, "float32", "float32"),
        ("float64", ONE, "float64", "float64"),
        ("complex64", HALF, "complex64", "complex64"),
        ("complex128", ONE, "complex128", "complex128"),
        ("complex64", IMAGINARY, "complex64", "complex64"),
        ("complex128", IMAGINARY, "complex128", "complex128"),
        ("float16", IMAGINARY, "complex64", "complex64"),
        ("float32", IMAGINARY, "complex64", "complex64"),
        ("float64", IMAGINARY, "complex128", "complex128"),
        ("bool", IMAGINARY, "complex64", "complex64"),
        ("uint8", IMAGINARY, "complex64", "complex64"),
        ("int16", IMAGINARY, "complex64", "complex64"),
        ("int32", IMAGINARY, "complex128", "complex128"),
        ("uint64", IMAGINARY, "complex128", "complex128"),
        ("bool", HALF, "float32", "float32"),
        ("int8", HALF, "float32", "float32"),
        ("uint8", HALF, "float32", "float32"),
        ("int16", HALF, "float32", "float32"),
        ("uint16", HALF, "float32", "float32"),
        ("int32", HALF, "float64", "float64"),
        ("uint32", HALF, "float64", "float64"),
        ("int64", HALF, "float64", "float64"),
        ("uint64", HALF, "float64", "float64"),
    ],
)
def test_each_kind_keeps_to_its_kind(source, weights, compute, target):
    assert numbers_of(source, weights) == Numbers(source, compute, target)


@pytest.mark.parametrize(
    ("source", "weights", "target"),
    [
        ("bool", [1], "uint8"),
        ("bool", [1] * 255, "uint8"),
        ("bool", [1] * 256, "uint16"),
        ("bool", [1, -1], "int8"),
        ("uint8", [1], "uint8"),
        ("uint8", [1, 1], "uint16"),
        ("uint8", [1] * 257, "uint16"),
        ("uint8", [1] * 258, "uint32"),
        ("uint8", [-1], "int16"),
        ("uint8", [1, -1], "int16"),
        ("int8", [1], "int8"),
        ("int8", [-1], "int16"),
        ("int8", [1] * 256, "int16"),
        ("int8", [1] * 257, "int32"),
        ("int16", [1, 0], "int16"),
        ("uint16", [1] * 65537, "uint32"),
        ("uint32", [1, 1], "uint64"),
        ("int32", [1, 1], "int64"),
        ("uint32", [1, -1], "int64"),
        ("int64", [1], "int64"),
        ("int64", [1, 1], "int64"),
        ("uint64", [1], "uint64"),
        ("uint64", [1, 1], "int64"),
        ("uint64", [-1], "int64"),
    ],
)
def test_integers_get_the_smallest_dtype_that_holds_every_sum(source, weights, target):
    found = numbers_of(source, np.array(weights))
    assert found == Numbers(source, target, target)


@given(
    st.sampled_from(("bool", *INTEGERS[:3], *INTEGERS[4:7])),
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=5),
)
def test_no_sum_of_weighted_cells_is_beyond_the_integer_dtype(source, weights):
    low, high = (0, 1) if source == "bool" else ends(source)
    most = sum(max(weight * low, weight * high) for weight in weights)
    least = sum(min(weight * low, weight * high) for weight in weights)
    target = numbers_of(source, np.array(weights)).target
    bottom, top = ends(target)
    assert bottom <= least
    assert most <= top


def ends(dtype):
    limits = np.iinfo(dtype)
    return int(limits.min), int(limits.max)


def test_a_fill_value_counts_among_the_cells():
    assert numbers_of("bool", np.array([100]), fill_value=1).target == "uint8"
    assert numbers_of("int8", np.array([1]), fill_value=127).target == "int8"


@pytest.mark.parametrize(
    ("source", "weights", "dtype", "compute"),
    [
        ("uint8", HALF, "uint8", "float32"),
        ("int32", HALF, "uint8", "float64"),
        ("uint8", ONE, "float32", "float32"),
        ("uint8", ONE, "float16", "float32"),
        ("int64", ONE, "float32", "float64"),
        ("int64", ONE, "float64", "float64"),
        ("float16", HALF, "float64", "float64"),
        ("float32", HALF, "float64", "float64"),
        ("float64", HALF, "float32", "float64"),
        ("float32", HALF, "int16", "float32"),
        ("float32", HALF, "complex64", "complex64"),
        ("float64", HALF, "complex64", "complex128"),
        ("float32", IMAGINARY, "complex128", "complex128"),
        ("uint8", [1, 1], "uint8", "uint16"),
    ],
)
def test_a_chosen_dtype_narrows_no_sum(source, weights, dtype, compute):
    found = numbers_of(source, np.asarray(weights), dtype=dtype)
    assert found == Numbers(source, compute, dtype)


@pytest.mark.parametrize("dtype", ["float64", "int32", "bool"])
def test_a_complex_result_is_not_made_real(dtype):
    for source, weights in (("complex64", HALF), ("float32", IMAGINARY)):
        with pytest.raises(
            NumberError,
            match=rf"^dtype: got {dtype} for a complex result; "
            "expected complex64 or complex128",
        ):
            numbers_of(source, weights, dtype=dtype)


@pytest.mark.parametrize("source", [">i2", ">f4", "<f8", ">c8", "=u2"])
def test_dtypes_are_named_in_the_machines_byte_order(source):
    name = np.dtype(source).newbyteorder("=").name
    assert numbers_of(source, HALF).source == name
    assert numbers_of("float32", HALF, dtype=np.dtype(source)).target == name


@pytest.mark.parametrize(
    "source", ["O", "U3", "S3", "M8[s]", "m8[ns]", "longdouble", "clongdouble", "V4"]
)
def test_data_that_cannot_be_computed_with_is_refused(source):
    with pytest.raises(
        NumberError,
        match=r"^data: got dtype .*; expected one of bool, .*complex128\. "
        r"Fix: cast the data first\.$",
    ):
        numbers_of(source, HALF)


def test_an_unknown_dtype_is_refused_with_the_nearest_known():
    with pytest.raises(
        NumberError, match=r"^dtype: got 'flaot32'; .*Fix: did you mean 'float32'\?$"
    ):
        numbers_of("float32", HALF, dtype="flaot32")


@pytest.mark.parametrize("target", INTEGERS)
@pytest.mark.parametrize("source", ["float32", "float64"])
def test_floats_are_rounded_half_to_even(source, target):
    bottom = ends(target)[0]
    halves = [0.5, 1.5, 2.5, 3.5, 0.49, 1.51, 100.5, 101.5, -0.5]
    if bottom < 0:
        halves += [-1.5, -2.5, -100.5, -3.49]
    found = cast(np.array(halves, dtype=source), target)
    assert found.dtype == target
    assert found.tolist() == [round(float(value)) for value in halves]


@pytest.mark.parametrize("target", INTEGERS)
@pytest.mark.parametrize("source", ["float32", "float64"])
def test_floats_saturate_at_both_ends(source, target):
    bottom, top = ends(target)
    scalar = np.dtype(source).type
    beyond = [scalar(top), scalar(bottom)]
    beyond += [np.nextafter(value, scalar(np.inf)) for value in list(beyond)]
    beyond += [np.nextafter(value, scalar(-np.inf)) for value in beyond[:2]]
    beyond += [scalar(np.inf), scalar(-np.inf), scalar(1e30), scalar(-1e30)]
    for value in beyond:
        if np.isfinite(value):
            expected = min(max(round(float(value)), bottom), top)
        else:
            expected = top if value > 0 else bottom
        assert cast(np.array([value]), target).tolist() == [expected]


@given(st.sampled_from(INTEGERS), st.floats(allow_nan=False))
def test_any_float_becomes_the_nearest_integer_that_there_is(target, value):
    bottom, top = ends(target)
    if np.isinf(value):
        expected = top if value > 0 else bottom
    else:
        expected = min(max(round(value), bottom), top)
    assert cast(np.array([value]), target).tolist() == [expected]


@pytest.mark.parametrize("target", INTEGERS)
@pytest.mark.parametrize("source", INTEGERS)
def test_integers_saturate_at_both_ends(source, target):
    (low, high), (bottom, top) = ends(source), ends(target)
    candidates = {low, low + 1, 0, 1, high - 1, high}
    candidates |= {bottom - 1, bottom, bottom + 1, top - 1, top, top + 1}
    values = sorted(value for value in candidates if low <= value <= high)
    found = cast(np.array(values, dtype=source), target)
    assert found.dtype == target
    assert found.tolist() == [min(max(value, bottom), top) for value in values]


@pytest.mark.parametrize("target", INTEGERS)
def test_a_float_without_axes_saturates_too(target):
    found = [cast(np.array(value), target) for value in (1.5, -1e30, 1e30)]
    assert [int(value) for value in found] == [2, *ends(target)]


@pytest.mark.parametrize("target", INTEGERS)
def test_a_nan_does_not_become_an_integer(target):
    with pytest.raises(
        NumberError,
        match=rf"^dtype: got NaN in a result of dtype {target}; expected numbers "
        r"only\. Fix: choose a float dtype, or fill the missing cells first\.$",
    ):
        cast(np.array([1, np.nan]), target)


@pytest.mark.parametrize("target", [*FLOATS, *COMPLEX])
def test_a_narrower_float_overflows_to_inf_without_a_warning(target):
    values = np.array([1.0, 1e300, -1e300, np.nan])
    found = cast(values, target)
    assert found.dtype == target
    far = 1e300 if target in ("float64", "complex128") else np.inf
    np.testing.assert_array_equal(found.real, [1, far, -far, np.nan])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_cast_to_the_same_dtype_is_no_copy(dtype):
    values = np.ones(3, dtype=dtype)
    assert cast(values, dtype) is values


@pytest.mark.parametrize("cells", [10_000, 300_000])
@pytest.mark.parametrize("target", [*INTEGERS, *FLOATS])
@pytest.mark.parametrize("source", [*INTEGERS, *FLOATS])
def test_a_cast_allocates_no_more_than_it_says(source, target, cells):
    values = np.ones(cells, dtype=source)
    most = most_bytes(lambda: cast(values, target))
    # the buffers of NumPy's casts do not grow with the values
    assert most <= cast_bytes(source, target, cells) + 20_000


@pytest.mark.parametrize("target", ["int8", "uint64", "float32", "bool"])
def test_a_cast_in_parts_is_that_of_each_value(target):
    rng = np.random.default_rng(1)
    values = rng.uniform(-300, 300, (3, 40_000, 2))[:, ::-1].transpose(2, 0, 1)
    found = cast(values, target)
    each = [cast(row, target) for row in values.reshape(-1, 40_000)]
    np.testing.assert_array_equal(found, np.reshape(each, values.shape))
    values[1, 2, 39_999] = np.nan
    if np.dtype(target).kind in "iu":
        with pytest.raises(NumberError, match=f"NaN in a result of dtype {target}"):
            cast(values, target)


def test_a_cast_to_bool_tells_zero_from_the_rest():
    assert cast(np.array([0.0, -0.0, 0.2, -3]), "bool").tolist() == [0, 0, 1, 1]
