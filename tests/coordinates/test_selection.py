"""Cropping by labels against `xarray.DataArray.sel`, and where it is stricter or finer."""

import datetime

import cftime
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import volconv
from volconv.errors import DimError, GeometryError, KindError, NumberError, UnitError

CALENDARS = (None, "noleap", "360_day", "standard")


def row(labels, **attrs):
    """Cells 0, 1, … along x with labels."""
    return xr.DataArray(np.arange(float(len(labels))), {"x": ("x", labels, attrs)}, "x")


@st.composite
def numbered(draw):
    """A row whose labels rise or fall in quarters, evenly or not, in some dtype."""
    steps = draw(st.lists(st.integers(1, 6), min_size=0, max_size=12))
    labels = np.cumsum([draw(st.integers(-9, 9)), *steps])
    if draw(st.booleans()):
        labels = labels[::-1]
    dtype = draw(st.sampled_from(("float32", "float64", "int16", "int64", "uint8")))
    if dtype == "uint8":
        labels = labels - labels.min()
    scale = 0.25 if dtype.startswith("float") else 1
    return row((labels * scale).astype(dtype))


@st.composite
def ends_in(draw, array):
    """Two labels on cells of a row or between them, in its order; or an open end."""
    values = array.x.values
    least, most = sorted((values[0].item(), values[-1].item()))
    label = st.none() | st.sampled_from(values.tolist())
    if values.dtype.kind == "f":
        label |= st.integers(int(8 * least), int(8 * most)).map(lambda n: n / 8)
    else:
        label |= st.integers(least, most)
    first, last = draw(label), draw(label)
    if None not in (first, last):
        first, last = sorted((first, last), reverse=bool(values[0] > values[-1]))
    return first, last


@settings(max_examples=30)
@given(st.data())
def test_cropping_by_labels_is_sel(data):
    array = data.draw(numbered())
    first, last = data.draw(ends_in(array))
    expected = array.sel(x=slice(first, last))
    if expected.size:
        found = volconv.crop(array, labels={"x": (first, last)})
        assert found.equals(expected)
        assert found.x.dtype == array.x.dtype
        assert array.volconv.crop(labels={"x": slice(first, last)}).equals(expected)
        assert volconv.crop(array.chunk(x=2), labels={"x": [first, last]}).equals(
            expected
        )
    else:
        with pytest.raises(GeometryError, match="between which no cell lies"):
            volconv.crop(array, labels={"x": (first, last)})


def dated(start, calendar, hours):
    """Times of a calendar some hours apart: of NumPy where it has no name."""
    use = calendar is not None
    first = cftime.datetime(*start, calendar=calendar or "standard")
    times = xr.date_range(
        first.isoformat(),
        periods=100,
        freq=f"{hours}h",
        calendar=calendar or "standard",
        use_cftime=use,
    )
    return row(times)


@pytest.mark.parametrize("calendar", CALENDARS)
@settings(max_examples=30)
@given(data=st.data())
def test_texts_of_dates_are_those_of_sel(calendar, data):
    array = dated((2000, 2, 20), calendar, data.draw(st.sampled_from((6, 24, 31))))
    days = [str(time)[:10] for time in array.x.values]
    months = sorted({day[:7] for day in days})[1:-1]  # those that are whole
    text = st.sampled_from([*days, *months])
    first, last = sorted((data.draw(text), data.draw(text)))
    if last.startswith(first):
        first, last = last, first  # all of a month comes after a day of it
    expected = array.sel(x=slice(first, last))
    found = volconv.crop(array, labels={"x": (first, last)})
    assert found.equals(expected)
    falling = volconv.crop(array[::-1], labels={"x": (last, first)})
    assert falling.equals(expected[::-1])


def test_times_of_any_library_are_labels():
    array = dated((2000, 1, 1), None, 24)
    expected = array[9:20]
    for ends in (
        (np.datetime64("2000-01-10"), np.datetime64("2000-01-20")),
        (datetime.datetime(2000, 1, 10), datetime.datetime(2000, 1, 20)),  # noqa: DTZ001
        (array.x[9], array.x.values[19]),
        ("2000-01-10", "2000-01-20T23:00"),
    ):
        assert volconv.crop(array, labels={"x": ends}).equals(expected[:11])
    other = dated((2000, 1, 1), "360_day", 24)
    named = cftime.datetime(2000, 1, 10, calendar="360_day")
    assert volconv.crop(other, labels={"x": (named, None)}).equals(other[9:])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", [1, -1])
@settings(max_examples=20)
@given(first=st.integers(0, 40), more=st.integers(0, 40))
def test_a_decimal_number_is_the_label_of_its_cell(dtype, way, first, more):
    array = row((np.arange(81) * 0.1).astype(dtype)[::way])
    ends = [first / 10, (first + more) / 10][::way]
    found = volconv.crop(array, labels={"x": ends})
    tenths = np.rint(10 * found.x.values).astype(int)
    assert tenths.tolist() == list(range(first, first + more + 1))[::way]


@pytest.mark.parametrize(
    ("labels", "units", "ends", "cells"),
    [
        (np.arange(9) * 2.5, "mm", ("0.5 cm", "10 mm"), (2, 5)),
        (np.arange(9) * 0.1, "cm", ("3 mm", None), (3, 9)),
        (np.array([100000, 85000, 50000, 20000]), "Pa", ("850 hPa", "500 hPa"), (1, 3)),
        (np.array([90.0, 60, 30, 0]), "degrees_north", ("60 degrees", 30), (1, 3)),
        (np.array([90.0, 60, 30, 0]), "degrees_north", ("6672 km", 30), (1, 3)),
        (np.arange(0, 60, 6), "hours since 1900-01-01", ("1 day", "42 h"), (4, 8)),
        (np.array([-10.0, 0, 10]), "degC", ("-10 degC", 5), (0, 2)),
        (np.arange(9).astype("timedelta64[h]"), None, ("90 min", "5 h"), (2, 6)),
    ],
)
def test_labels_have_units(labels, units, ends, cells):
    if labels.dtype.kind == "m":
        labels = labels.astype("timedelta64[ns]")
    array = row(labels, **({"units": units} if units else {}))
    found = volconv.crop(array, labels={"x": ends})
    assert found.equals(array[slice(*cells)])


def test_names_are_taken_in_their_order():
    array = row(["red", "green", "near", "blue"])
    assert volconv.crop(array, labels={"x": ("green", "blue")}).equals(array[1:])
    with pytest.raises(KindError, match="expected labels of red, green, near, blue"):
        volconv.crop(array, labels={"x": ("green", "grey")})


def test_repeated_labels_are_all_taken():
    array = row([0, 0, 2, 3, 3])
    for ends in ((0, 0), (0, 3), (1, 3), (3, None)):
        expected = array.sel(x=slice(*ends))
        assert volconv.crop(array, labels={"x": ends}).equals(expected)


def test_an_end_may_lie_less_than_a_cell_beyond():
    lat = row(np.arange(88.75, -90, -2.5))
    assert volconv.crop(lat, labels={"x": (90, -90)}).equals(lat)
    with pytest.raises(GeometryError, match="less than a cell beyond the axis"):
        volconv.crop(lat, labels={"x": (91.25, -90)})
    one = row([5.0])
    assert volconv.crop(one, labels={"x": (4, 6)}).equals(one)


def test_cells_and_labels_go_together():
    array = row(np.arange(10) * 10).expand_dims(y=[3.0, 2.0, 1.0], axis=1)
    found = volconv.crop(array, {"x": (2, 5)}, labels={"y": (2, 1)})
    assert found.equals(array[2:5, 1:])


def test_labels_are_those_after_the_steps_before():
    array = row(np.arange(20) * 0.5, units="mm")
    coarse = volconv.mean_pool(array, 3)
    found = coarse.volconv.crop(labels={"x": ("3.5 mm", 6.5)})
    assert found.x.values.tolist() == [3.5, 5.0, 6.5]
    assert found.equals(coarse.sel(x=slice(3.5, 6.5)))


def test_a_dataset_is_cropped_as_one():
    array = row(np.arange(4) * 10)
    data = xr.Dataset({"a": array, "b": 2 * array, "label": "text"})
    found = data.volconv.crop(labels={"x": (10, 20)})
    expected = data.sel(x=slice(10, 20))
    assert found.drop_attrs().equals(expected)
    with pytest.raises(
        DimError, match="dims: got 'y'; expected dimensions of the Data"
    ):
        volconv.crop(data, labels={"y": (0, 1)})


@pytest.mark.parametrize(
    ("ends", "kind", "message"),
    [
        ((12, 13), GeometryError, r"got \[12, 13\], between which no cell lies; expected "
         r"labels with a cell between them: from 0 to 20\.$"),
        ((30, 40), GeometryError, r"got \[30, 40\], between which no cell lies"),
        ((20, 10), GeometryError, r"got \[20, 10\], .*Fix: write them in the coordinate's "
         r"order: \[10, 20\]\.$"),
        ((-10, 20), GeometryError, r"got \[-10, 20\]; expected labels less than a cell "
         r"beyond the axis: from 0 to 20\. Fix: leave an end open: null"),
        ((0, np.inf), GeometryError, r"got \[0, inf\]; expected labels less than a cell"),
        (("2020-01", None), UnitError, "got '2020-01'; expected a number and a unit, .*"
         "Fix: give a number without quotes, which is taken as it is"),
        (("1 m", None), UnitError, "got '1 m'; expected a coordinate with a unit"),
        ((np.datetime64("2020-01-01"), None), KindError,
         r"got \[2020-01-01, null\]; expected labels from 0 to 20"),
        ((np.nan, None), NumberError, "got nan; expected a label"),
        ((True, None), KindError, "got True; expected a label"),
        (3, KindError, r"got 3; expected a pair \[first, last\] of labels"),
        (slice(0, 9, 2), KindError, r"got slice\(0, 9, 2\); expected a pair"),
    ],
)  # fmt: skip
def test_bad_labels_get_one_clear_error(ends, kind, message):
    with pytest.raises(kind, match=f"^labels along 'x': {message}"):
        volconv.crop(row([0, 10, 20]), labels={"x": ends})


@pytest.mark.parametrize(
    ("array", "kind", "message"),
    [
        (row([0, 1]).drop_vars("x"), DimError,
         "got no coordinate; expected a coordinate along 'x'. Fix: crop by cells"),
        (row([0, 1, 1, 3, 2]), GeometryError,
         "got 3 and 2 at cells 3 and 4 of a coordinate from 0 to 2; expected labels that "
         r"rise, or fall, all along\. Fix: sort them first, as data\.sortby\('x'\) does"),
        (row([0, 1, np.nan]), GeometryError, "got 1.0 and nan at cells 1 and 2"),
        (xr.DataArray(np.zeros((2, 2)), {"a": [0, 1], "b": [0, 1]}, ("a", "b"))
         .stack(x=("a", "b")), DimError, "got a coordinate of several levels"),
        (row([0, 10], units="degC"), UnitError, "got '1 K'; expected a number of 'degC'"),
        (row([0, 10], units="s"), UnitError, "got '1 K'; expected a unit of the kind"),
        (row([0, 10], units="mmm"), UnitError, "got '1 K' over a coordinate in 'mmm'"),
    ],
)  # fmt: skip
def test_coordinates_without_such_labels_are_refused(array, kind, message):
    with pytest.raises(kind, match=f"^labels along 'x': {message}"):
        volconv.crop(array, labels={"x": ("1 K", None)})


def test_a_globe_is_not_cut_across_its_seam():
    globe = row(np.arange(360.0), units="degrees_east")
    with pytest.raises(
        GeometryError, match="across the seam of a globe, roll the data"
    ):
        volconv.crop(globe, labels={"x": (350, 10)})
    with pytest.raises(GeometryError, match=r"beyond the axis: from 0\.0 to 359\.0"):
        volconv.crop(globe, labels={"x": (-10, 10)})
    rolled = globe.roll(x=180, roll_coords=True)
    rolled["x"] = rolled.x.where(rolled.x < 180, rolled.x - 360).assign_attrs(
        globe.x.attrs
    )
    found = volconv.crop(rolled, labels={"x": (-10, 10)})
    assert found.values.tolist() == [*range(350, 360), *range(11)]


def test_each_dimension_is_told_once():
    for call, kind, message in (
        (volconv.crop, KindError, "region: got nothing; expected cells by"),
        (lambda a: volconv.crop(a, labels={}), KindError, "region: got nothing"),
        (lambda a: volconv.crop(a, labels=3), KindError, "labels: got 3; expected label"),
        (lambda a: volconv.crop(a, 3, labels={"x": (0, 1)}), KindError, "region: got 3"),
        (lambda a: volconv.crop(a, {"x": (0, 1)}, labels={"x": (0, 1)}), DimError,
         "labels: got 'x', which region has too"),
        (lambda a: volconv.crop(a, labels={"lat": (0, 1)}), DimError,
         "labels: got 'lat'; expected dimensions of the array"),
    ):  # fmt: skip
        with pytest.raises(kind, match=f"^{message}"):
            call(row([0, 1]))
