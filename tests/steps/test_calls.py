"""A function of the user's own over windows."""

from functools import partial

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import volconv
from tests.families import labelled, pooled, same_whatever_the_cuts, windows_of
from tests.oracle import same_bits
from tests.strategies import DTYPES, meta_of
from volconv.errors import DimError, GeometryError, KindError, NumberError
from volconv.steps import WindowOptions
from volconv.steps.calls import map_windows_step


@given(st.data())
def test_windows_are_the_definition_s_whatever_the_cuts(data):
    array = data.draw(labelled(DTYPES))
    options = data.draw(pooled(array))
    size = options["size"]
    rest = {key: options[key] for key in ("stride", "padding", "dilation", "boundary")}
    found = same_whatever_the_cuts(
        array,
        lambda a: volconv.map_windows(a, first_of_largest, size, **rest),
        lambda m: map_windows_step(
            m, first_of_largest, "token", size, None, WindowOptions(**rest)
        ),
        data,
    )
    windows = windows_of(array, options)
    assert np.array_equal(found.values, first_of_largest(windows, (-1,)))


def first_of_largest(windows, axis):
    """The value whose magnitude is largest, as a function of one's own."""
    flat = windows.reshape(*windows.shape[: windows.ndim - len(axis)], -1)
    at = np.argmax(np.abs(flat.astype("complex128")), axis=-1)
    return np.take_along_axis(flat, at[..., None], axis=-1)[..., 0]


def unreduced(windows, axis):
    """What reduces nothing."""
    del axis
    return windows


@pytest.fixture
def volume():
    values = np.random.default_rng(3).random((6, 7, 8))
    return xr.DataArray(values, {"x": np.arange(8.0)}, ("z", "y", "x"))


def test_functions_of_numpy_and_partial_ones_are_taken_as_they_are(volume):
    middle = volconv.map_windows(volume, np.median, 3)
    assert np.array_equal(
        middle.values, volconv.median_pool(volume, 3, stride=1).values
    )
    quantile = partial(np.quantile, q=0.25)
    found = volconv.map_windows(volume.chunk(3), quantile, {"x": 4}, stride={"x": 2})
    expected = volume.rolling(x=4).construct("w", stride=1).values[..., 3::2, :]
    np.testing.assert_allclose(found.values, np.quantile(expected, 0.25, axis=-1))
    assert found.x.values.tolist() == [1.5, 3.5, 5.5]


def test_windows_have_the_data_s_axes_first_and_then_their_own(volume):
    seen = []

    def look(windows, axis):
        seen.append((windows.shape, axis, windows.flags.writeable))
        return windows[..., 0, 0]

    found = volconv.map_windows(volume, look, {"x": 3, "z": 1})
    assert seen == [((6, 7, 6, 1, 3), (-2, -1), False)]
    assert np.array_equal(found.values, volume.values[..., :-2])


def test_a_function_is_called_with_parts_that_do_not_grow():
    seen = []

    def look(windows, axis):
        seen.append(windows.size)
        return windows.max(axis=axis)

    data = xr.DataArray(np.zeros((60, 60, 60)), dims=("z", "y", "x"))
    volconv.map_windows(data, look, 9)
    assert len(seen) > 50
    assert max(seen) <= 2**20


def test_the_declared_dtype_is_what_the_function_must_return(volume):
    count = volconv.map_windows(volume.chunk(4), np.count_nonzero, 2, dtype="int64")
    assert count.dtype == np.int64
    assert (count.values == 8).all()
    for data in (volume, volume.chunk(4)):
        with pytest.raises(
            NumberError,
            match=r"^func numpy.*count_nonzero: got values of dtype int64; expected the "
            r"declared float64. Fix: say dtype='int64', or cast in the function",
        ):
            volconv.map_windows(data, np.count_nonzero, 2).compute()


def test_two_functions_of_one_name_are_two():
    row = xr.DataArray(np.arange(6.0), dims="x").chunk(x=3)

    def scaled(by):
        return lambda windows, axis: by * windows.sum(axis=axis)

    first, second = (volconv.map_windows(row, scaled(by), 2) for by in (1, 2))
    assert first.data.name != second.data.name
    assert np.array_equal(2 * first.values, second.values)
    assert first.data.name == volconv.map_windows(row, scaled(1), 2).data.name


def test_units_are_lost_and_the_record_names_the_function(volume):
    volume.attrs["units"] = "K"
    found = volconv.map_windows(volume, np.ptp, 2)
    assert "units" not in found.attrs
    assert '"function": "numpy.ptp"' in found.attrs["volconv"]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda v: volconv.map_windows(v, "median", 2),
            KindError,
            "func: got 'median'; expected a function such as np.median",
        ),
        (
            lambda v: volconv.map_windows(v, unreduced, 2),
            KindError,
            r"func .*unreduced: got shape \(5, 6, 7, 2, 2, 2\) for windows of shape .*; "
            r"expected shape \(5, 6, 7\), the axes \(-3, -2, -1\) reduced",
        ),
        (lambda v: volconv.map_windows(v, np.max, 0), GeometryError, "size along 'z'"),
        (lambda v: volconv.map_windows(v, np.max, {"w": 2}), DimError, "size: got 'w'"),
        (
            lambda v: volconv.map_windows(v, np.max, 2, dtype="M8[s]"),
            NumberError,
            "dtype: got dtype datetime64",
        ),
    ],
)
def test_bad_input_gets_one_clear_error(volume, call, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        call(volume)


def test_a_callable_object_is_named_by_what_it_says_of_itself():
    step = map_windows_step(
        meta_of((4,), "float64"),
        partial(np.quantile, q=0.5),
        "t",
        2,
        None,
        WindowOptions(),
    )
    name = step.describe()["function"]
    assert str(name).startswith("functools.partial(<function quantile")
    assert step.engine_note().endswith("over windows of 2 cells, in parts")


@pytest.mark.parametrize("func", [np.sum, np.mean, np.std, np.median])
@pytest.mark.parametrize("size", [{"y": 3, "x": 2}, {"t": 5, "y": 4, "x": 7}])
def test_sums_of_numpy_s_are_the_same_whatever_the_chunks(func, size):
    values = np.random.default_rng(0).normal(size=(12, 8, 16))
    whole = xr.DataArray(values, dims=("t", "y", "x"))
    wanted = volconv.map_windows(whole, func, size).values
    for chunks in ((5, 3, 7), (1, 1, 1), (12, 2, 5)):
        cut = whole.chunk(dict(zip("tyx", chunks, strict=True)))
        assert same_bits(volconv.map_windows(cut, func, size).values, wanted)


def test_a_masked_result_is_refused():
    def masked(windows, axis):
        return np.ma.masked_greater(np.mean(windows, axis=axis), 5)

    row = xr.DataArray(np.arange(12.0), dims="x")
    with pytest.raises(KindError, match=r"a masked array.*\.filled"):
        volconv.map_windows(row, masked, 2)
    assert volconv.map_windows(row[:5], masked, 2).values.tolist() == [
        0.5,
        1.5,
        2.5,
        3.5,
    ]
