import numpy as np
import pytest

from tests.oracle import KINDS, padded
from volconv.boundary import Boundaries
from volconv.boundary.rules import OTHER_NAMES
from volconv.errors import BoundaryError, DimError, KindError

DIMS = ("lat", "lon")


def parse(boundary="constant", fill_value=0, default="constant"):
    return Boundaries.parse(DIMS, boundary, fill_value, default)


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_goes_to_every_dimension(kind):
    assert parse(kind).kinds == (("lat", kind), ("lon", kind))


def test_longitude_wraps_while_latitude_does_not():
    boundaries = parse({"lon": "wrap", "lat": "edge"})
    assert (boundaries["lat"], boundaries["lon"]) == ("edge", "wrap")


def test_a_dimension_left_out_has_the_default():
    assert parse({"lon": "wrap"}, default="reflect")["lat"] == "reflect"
    assert parse(None, default="edge").kinds == (("lat", "edge"), ("lon", "edge"))


def test_a_dimension_without_a_window_is_constant():
    assert parse("wrap")["time"] == "constant"


def test_an_unknown_dimension_is_refused_with_the_nearest_known():
    with pytest.raises(
        DimError,
        match=r"^boundary: got 'latt'; expected dimensions among lat, lon\. "
        r"Fix: did you mean 'lat'\?$",
    ):
        parse({"latt": "edge"})


@pytest.mark.parametrize(
    ("kind", "fix"),
    [
        ("wrapp", "did you mean 'wrap'?"),
        ("mirror", "mirror elsewhere is 'reflect' here"),
        ("nearest", "nearest elsewhere is 'edge' here"),
        ("replicate", "replicate elsewhere is 'edge' here"),
        ("periodic", "periodic elsewhere is 'wrap' here"),
        ("circular", "circular elsewhere is 'wrap' here"),
        ("zeros", "zeros elsewhere is 'constant' here"),
        ("Wrap", "did you mean 'wrap'?"),
    ],
)
def test_a_name_of_another_library_is_refused_with_ours(kind, fix):
    with pytest.raises(BoundaryError) as caught:
        parse({"lon": kind})
    assert caught.value.where == "boundary along 'lon'"
    assert caught.value.expected == "constant, edge, reflect, symmetric, wrap"
    assert caught.value.fix == fix


@pytest.mark.parametrize("kind", [None, 3, ["edge"]])
def test_a_kind_that_is_no_name_is_refused(kind):
    with pytest.raises(BoundaryError, match=r"^boundary along 'lat': got "):
        parse({"lat": kind})


# scipy's names, by what scipy does with 1 2 3 4 padded by 2
@pytest.mark.parametrize(
    ("theirs", "before"),
    [("mirror", [3, 2]), ("grid-mirror", [2, 1]), ("nearest", [1, 1])],
)
def test_other_names_mean_what_numpy_pad_does(theirs, before):
    line = padded(np.arange(1, 5), [(2, 2)], [OTHER_NAMES[theirs]])
    assert line[:2].tolist() == before


def test_every_other_name_leads_to_one_of_ours():
    assert set(OTHER_NAMES.values()) <= set(KINDS)
    assert not set(OTHER_NAMES) & set(KINDS)


@pytest.mark.parametrize("fill_value", ["0", None, [0], np.zeros(1)])
def test_a_fill_value_that_is_no_number_is_refused(fill_value):
    with pytest.raises(KindError, match=r"^fill_value: got .*; expected one number"):
        parse(fill_value=fill_value)


@pytest.mark.parametrize("fill_value", [np.float32(2), np.int8(2), np.array(2), 2])
def test_a_fill_value_is_a_plain_number(fill_value):
    found = parse(fill_value=fill_value).fill_value
    assert found == 2
    assert type(found) in (int, float)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("bool", 0, 1),
        ("uint8", 0, 255),
        ("int8", -128, 127),
        ("int16", -32768, 32767),
        ("uint32", 0, 2**32 - 1),
        ("int64", -(2**63), 2**63 - 1),
        ("uint64", 0, 2**64 - 1),
    ],
)
def test_integers_hold_whole_fill_values_to_their_ends(dtype, low, high):
    for value in (low, high, 0, 1.0):
        parse(fill_value=value).check_fill(dtype)
    for value in (low - 1, high + 1, 0.5, np.nan, np.inf, -np.inf, 1j):
        with pytest.raises(BoundaryError, match=r"^fill_value: got ") as caught:
            parse(fill_value=value).check_fill(dtype)
        assert caught.value.got == f"{value} for {dtype} data"
        assert caught.value.expected == f"a whole number from {low} to {high}"
        assert "float dtype" in caught.value.fix


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_hold_any_real_fill_value(dtype):
    for value in (0.5, np.nan, np.inf, 3, True):
        parse(fill_value=value).check_fill(dtype)
    with pytest.raises(BoundaryError, match=r"^fill_value: got 1j for .*a real number"):
        parse(fill_value=1j).check_fill(dtype)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_numbers_hold_any_fill_value(dtype):
    for value in (0.5, np.nan, 1j, 3):
        parse(fill_value=value).check_fill(dtype)


@pytest.mark.parametrize("dtype", ["float16", "float32", "complex64"])
def test_a_finite_fill_value_that_would_become_inf_is_refused(dtype):
    for value in (1e300, 10**400):
        with pytest.raises(BoundaryError, match=r"^fill_value: got "):
            parse(fill_value=value).check_fill(dtype)
