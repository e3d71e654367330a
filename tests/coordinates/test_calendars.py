"""Times of other calendars against whole microseconds counted by hand."""

import sys
from datetime import timedelta
from fractions import Fraction

import cftime
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import volconv
from volconv.config import parse_config
from volconv.coordinates.calendars import are_cftimes
from volconv.run.limits import Limits
from volconv.run.prepare import prepare

CALENDARS = ("noleap", "all_leap", "360_day", "julian", "standard")


def series(calendar, since):
    first = cftime.datetime(1999, 12, 28, 6, calendar=calendar)
    times = [first + timedelta(microseconds=int(micros)) for micros in since]
    return first, xr.DataArray(np.zeros(len(times)), {"time": times}, "time")


@given(
    st.sampled_from(CALENDARS),
    st.lists(st.integers(1, 10**13), min_size=3, max_size=8),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 2),
)
def test_centres_lie_a_whole_number_of_microseconds_on(calendar, steps, size, way, pad):
    since = [0, *np.cumsum(steps).tolist()]
    first, data = series(calendar, since)
    found = volconv.box(data, size, stride=way, padding=pad, boundary="edge")
    starts = range(-pad, len(since) + pad - size + 1, way)
    assert found.sizes["time"] == len(starts)
    for got, start in zip(found.time.values, starts, strict=True):
        place = Fraction(2 * start + size - 1, 2)
        low = min(max(place.__floor__(), 0), len(since) - 2)
        exact = since[low] + (since[low + 1] - since[low]) * (place - low)
        assert got == first + timedelta(microseconds=exact.__floor__())
        assert got.calendar == calendar


def test_days_that_other_calendars_have_not():
    times = xr.date_range("2000-02-27", periods=4, calendar="noleap", use_cftime=True)
    data = xr.DataArray(np.zeros(4), {"time": times}, "time")
    found = volconv.mean_pool(data, 2).time
    assert [str(time) for time in found.values] == [
        "2000-02-27 12:00:00",
        "2000-03-01 12:00:00",
    ]
    coarse = data.coarsen(time=2).mean().time
    assert found.values.tolist() == coarse.values.tolist()
    assert isinstance(found.to_index(), xr.CFTimeIndex)


def test_bounds_of_months_become_those_of_seasons():
    edges = xr.date_range(
        "2001-03-01", periods=7, freq="MS", calendar="360_day", use_cftime=True
    ).values
    data = xr.Dataset(
        {
            "air": ("time", np.arange(6.0)),
            "time_bnds": (("time", "bnds"), np.stack([edges[:-1], edges[1:]], 1)),
        },
        {"time": ("time", edges[:-1] + timedelta(days=15), {"bounds": "time_bnds"})},
    )
    found = volconv.mean_pool(data, {"time": 3})
    assert found.time_bnds.values.tolist() == [
        [edges[0], edges[3]],
        [edges[3], edges[6]],
    ]


def test_dates_that_were_stored_lazily_are_stored_again(tmp_path):
    """xarray writes lazy dates in microseconds, and knows no finer unit for them."""
    days = xr.date_range("2001-01-01", periods=4, calendar="noleap", use_cftime=True)
    series = xr.DataArray(np.arange(4.0), {"time": days}, "time", name="v")
    bounds = np.stack([days, days.shift(1, "D")], 1)
    stored = series.to_dataset().assign(time_bnds=(("time", "ends"), bounds))
    stored.time.attrs["bounds"] = "time_bnds"
    stored.chunk(time=2).to_zarr(tmp_path / "days", consolidated=False)
    opened = xr.open_zarr(tmp_path / "days", consolidated=False)
    found = volconv.mean_pool(opened, 2)
    found.to_zarr(tmp_path / "pairs", consolidated=False)
    again = xr.open_zarr(tmp_path / "pairs", consolidated=False)
    assert again.time_bnds.values.tolist() == bounds.reshape(2, 4)[:, ::3].tolist()


def test_curvilinear_and_lazy_times_follow_too():
    first, row = series("noleap", [0, 10, 30])
    grid = xr.DataArray(
        np.zeros((2, 3)), {"when": (("y", "x"), [row.time.values] * 2)}, ("y", "x")
    )
    for data in (grid, grid.assign_coords(when=grid.when.chunk(x=1))):
        found = volconv.mean_pool(data, {"y": 2, "x": 2}, stride={"x": 1}).when
        micros = [(time - first).microseconds for time in found.values[0]]
        assert micros == [5, 20]
        assert (found.chunks is None) == (data.when.chunks is None)


@pytest.mark.parametrize("odd", [None, "text", cftime.datetime(2000, 1, 1)])
def test_objects_that_are_no_times_of_one_calendar_are_dropped(odd):
    _, data = series("noleap", [0, 10, 20])
    mixed = data.time.values.copy()
    mixed[1] = odd
    data = xr.DataArray(np.zeros(3), {"when": ("time", mixed)}, "time")
    assert "when" not in volconv.mean_pool(data, 2).coords


def test_what_was_never_imported_is_not_looked_for(monkeypatch):
    values = series("noleap", [0, 10])[1].time.values
    assert are_cftimes(values)
    monkeypatch.delitem(sys.modules, "cftime")
    assert not are_cftimes(values)
    assert "cftime" not in sys.modules


def test_a_run_keeps_the_calendar(tmp_path):
    first, data = series("noleap", np.arange(8) * 21_600_000_000)
    data.to_dataset(name="air").to_zarr(tmp_path / "in.zarr", consolidated=False)
    text = (
        "version: 1\ninput: {path: in.zarr}\n"
        "steps: [mean_pool: {size: 4}]\noutput: {path: out.zarr}"
    )
    made = prepare(parse_config(text).located(tmp_path), Limits(1, 2**30))
    assert made.coords.time.values.tolist() == [
        first + timedelta(hours=9),
        first + timedelta(hours=33),
    ]
