"""Spacings and units of coordinates as files have them."""

from pathlib import Path

import cftime
import numpy as np
import pytest
import xarray as xr

import volconv
from volconv.coordinates import array_meta
from volconv.errors import UnitError

GRIDS = Path(__file__).parents[2] / "configs" / "data"
HOURS = np.arange(0, 54, 6)


def axis_of(values, units=None):
    attrs = {} if units is None else {"units": units}
    coords = xr.Dataset(coords={"t": ("t", values, attrs)})
    return array_meta(("t",), (len(values),), np.dtype("f4"), coords).axes[0]


def dates(calendar):
    """Every sixth hour over the end of February."""
    return cftime.num2date(HOURS, "hours since 2001-02-27 18:00", calendar)


def series(values, units=None):
    row = np.random.default_rng(4).random(len(values))
    attrs = {} if units is None else {"units": units}
    return xr.DataArray(row, {"t": ("t", values, attrs)}, "t")


CALENDARS = ("standard", "noleap", "all_leap", "360_day", "julian")
TIMES = {
    "datetime64[ns]": (np.datetime64("2001-02-27T18", "ns") + HOURS * 3600 * 10**9,),
    "datetime64[s]": (np.datetime64("2001-02-27T18", "s") + HOURS * 3600,),
    "timedelta64": (HOURS.astype("timedelta64[h]").astype("timedelta64[ns]"),),
    "hours": (HOURS, "hours since 1900-01-01 00:00:00"),
    "hour": (HOURS.astype("f4"), "hour since 0000-01-01"),
    "days": (HOURS / 24, "days since 2001-02-27 18:00"),
    "seconds": (HOURS * 3600, "Seconds Since 1970-01-01T00:00:00Z"),
    "minutes": (HOURS[::-1] * 60, "minutes since 2001-01-01"),
    **{name: (dates(name),) for name in CALENDARS},
}


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("text", ["9 h", "0.375 days", "540 min", "32400 s"])
def test_a_duration_is_the_same_over_times_of_every_spelling(times, text):
    data = series(*times)
    found = volconv.gaussian(data, text)
    expected = volconv.gaussian(data, 1.5)
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-12)


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_a_gradient_is_per_unit_of_the_time(times):
    data = series(*times)
    data.attrs["units"] = "m"
    found = volconv.gradient(data, "t", per="unit", padding="valid")
    unit = found.attrs["units"].removeprefix("m ").removesuffix("-1")
    spelt = unit if len(times) > 1 else "s"
    assert unit == spelt
    assert len(times) == 1 or times[1].lower().startswith(unit)
    seconds = {"h": 3600, "d": 86400, "s": 1, "m": 60}[unit[0]]
    sign = -1 if unit == "minutes" else 1
    per_hour = np.gradient(data.values, 6 * sign)[1:-1]
    np.testing.assert_allclose(found.values * 3600 / seconds, per_hour, rtol=1e-12)


@pytest.mark.parametrize(
    ("values", "units", "uneven"),
    [
        ([0, 5, 10, 20, 25], "m", "cells 5 to 10 m apart, farthest from the mean of 6.25 "
         "between cells 2 and 3"),
        ([25, 20, 10, 5], "m", "cells 5 to 10 m apart, farthest from the mean of 6.66667 "
         "between cells 1 and 2"),
        ([0.0, 1.0, 3.0], None, "cells 1 to 2 apart, farthest from the mean of 1.5 "
         "between cells 0 and 1"),
        ([180, 181, -177], "degrees_east", "cells 1 to 2 degrees_east apart, farthest from "
         "the mean of 1.5 between cells 0 and 1"),
        ([0.0, np.nan, 2.0], "m", "a coordinate that is missing at cell 1"),
        ([3.0, 3.0], "m", "cells that all lie at one place"),
        ([3.0], "m", "one cell, which has no neighbour"),
        (["a", "b"], None, "a coordinate of dtype <U1"),
    ],
)  # fmt: skip
def test_what_is_uneven_is_told_by_how_much_and_where(values, units, uneven):
    axis = axis_of(np.array(values), units)
    assert axis.spacing is None
    assert axis.uneven == uneven


def test_months_are_uneven_in_days_in_every_calendar_but_that_of_thirty_days():
    months = [f"2001-{month:02}-01" for month in (1, 2, 3, 4)]
    told = (
        "cells 28 to 31 days apart, farthest from the mean of 30 between cells 1 and 2"
    )
    assert axis_of(np.array(months, "datetime64[ns]")).uneven == told
    for calendar in ("noleap", "360_day"):
        firsts = [cftime.datetime(2001, m, 1, calendar=calendar) for m in range(1, 5)]
        axis = axis_of(np.array(firsts))
        assert axis.units == "s"
        if calendar == "noleap":
            assert axis.uneven == told
        else:
            assert axis.spacing == 30 * 86400


def test_the_refusal_of_uneven_cells_says_how_uneven():
    data = series(np.array([0, 5, 10, 20, 25]), "m")
    with pytest.raises(UnitError) as caught:
        volconv.gaussian(data, "10 m")
    assert str(caught.value) == (
        "sigma along 't': got '10 m' over cells 5 to 10 m apart, farthest from the mean "
        "of 6.25 between cells 2 and 3; expected evenly spaced cells along 't'. Fix: "
        "interpolate to even spacing first, or give a plain number of cells."
    )
    with pytest.raises(UnitError, match="got 'unit' over cells 5 to 10 m apart"):
        volconv.gradient(data, "t", per="unit")


def test_objects_that_are_no_dates_lie_nowhere():
    for values in (["a", "b"], [1, 2], [None, 3], [dates("noleap")[0], 1]):
        axis = axis_of(np.array(values, dtype=object))
        assert (axis.spacing, axis.units) == (None, None)
        assert axis.uneven == "a coordinate of dtype object"


def test_a_strided_axis_forgets_where_it_was_uneven():
    meta = array_meta(
        ("t",), (4,), np.dtype("f4"), series(np.array([0, 1, 2, 9])).coords.to_dataset()
    )
    assert meta.axes[0].uneven
    assert meta.with_sizes({"t": 2}, {"t": 2}).axes[0].uneven == ""
    assert meta.with_sizes({"t": 4}, {"t": 1}).axes[0].uneven == meta.axes[0].uneven


def test_the_refusal_of_one_cell_says_how_to_leave_it_out():
    with pytest.raises(UnitError) as caught:
        volconv.gaussian(series(np.array([3.0]), "m"), {"t": "1 m"})
    assert str(caught.value) == (
        "sigma along 't': got '1 m' over one cell, which has no neighbour; expected "
        "evenly spaced cells along 't'. Fix: leave it out by naming dims, or by "
        "data.isel({'t': 0}), or give a plain number of cells."
    )


def opened(name):
    return xr.open_dataset(GRIDS / name, engine="h5netcdf")


def test_lengths_on_a_real_weather_grid_are_so_many_of_its_cells():
    with opened("air_temperature_small.nc") as grid:
        air = grid.air.load()  # every 6 hours, 2.5 degrees, latitudes descending
    found = volconv.gaussian(air, {"time": "9 h", "lat": "5 degrees", "lon": "2.5 deg"})
    expected = volconv.gaussian(air, {"time": 1.5, "lat": 2.0, "lon": 1.0})
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-12)
    near = volconv.ball(air, {"lat": "277.99 km"})  # 2.5 times 111.195 km
    assert near.equals(volconv.ball(air, {"lat": 1}))
    with pytest.raises(UnitError, match="over degrees of longitude"):
        volconv.ball(air, {"lon": "278 km"})


def test_months_of_a_real_ocean_grid_are_refused_with_their_days():
    with opened("ostia_monthly.nc") as grid:
        temperature = grid.surface_temperature.load()
    with pytest.raises(UnitError, match=r"over cells 29\.5 to 31 days apart"):
        volconv.gaussian(temperature, {"time": "30 days"})
    found = volconv.box(temperature, {"longitude": "2.5 degrees"})
    expected = volconv.box(temperature, {"longitude": 3})
    assert found.equals(expected)
