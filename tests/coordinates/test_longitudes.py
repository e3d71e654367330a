"""Longitudes across the date line, against the mean direction on the circle."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import volconv
from volconv.config import parse_config
from volconv.coordinates import array_meta
from volconv.errors import BoundaryError
from volconv.plan.report import plan_json, plan_text
from volconv.run.limits import Limits
from volconv.run.prepare import prepare

EAST = {"units": "degrees_east"}


def direction(left, right):
    """The angle half-way between two, by the sum of their unit vectors, in degrees."""
    there = sum(np.exp(1j * np.radians(np.float64(one))) for one in (left, right))
    return math.degrees(np.angle(there))


def apart(one, other):
    """Degrees between two angles."""
    return abs((one - other + 180) % 360 - 180)


def around(first, spacing, cells, low):
    """Longitudes from a first one on, each in ``low … low + 360``."""
    return (first + spacing * np.arange(cells) - low) % 360 + low


def line(values, **attrs):
    return xr.DataArray(
        np.zeros(len(values)), {"lon": ("lon", values, attrs or EAST)}, "lon"
    )


@pytest.mark.parametrize(
    "attrs",
    [
        EAST,
        {"units": "degree_E"},
        {"standard_name": "longitude"},
        {"axis": "X", "units": "degrees"},
        {"standard_name": "grid_longitude", "units": "degrees"},
    ],
)
def test_between_359_and_0_lies_a_half_and_not_a_half_turn(attrs):
    found = volconv.correlate(line([358.0, 359.0, 0.0, 1.0], **attrs), [0.5, 0.5])
    assert found.lon.values.tolist() == [358.5, 359.5, 0.5]


@pytest.mark.parametrize("attrs", [{"units": "degrees_north"}, {"units": "m"}])
def test_what_is_no_longitude_has_no_date_line(attrs):
    found = volconv.correlate(line([358.0, 359.0, 0.0, 1.0], **attrs), [0.5, 0.5])
    assert found.lon.values.tolist() == [358.5, 179.5, 0.5]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([178.0, 179.0, -180.0, -179.0], [178.5, 179.5, -179.5]),
        ([177.5, 178.5, 179.5, -179.5], [178.0, 179.0, -180.0]),
        ([2, 1, 0, 359], [1.5, 0.5, 359.5]),
        ([-31.0, -30.0, 329.0, 328.0], [-30.5, -30.5, 328.5]),
        ([300.0, 329.5, -30.0, 0.0], [314.75, 329.75, -15.0]),
    ],
)
def test_the_result_keeps_to_the_range_of_the_input(values, expected):
    assert volconv.correlate(line(values), [1, 1]).lon.values.tolist() == expected


@given(
    st.floats(-180, 359.9),
    st.floats(0.01, 45.0),
    st.integers(2, 9),
    st.sampled_from([0, -180]),
    st.sampled_from(["float64", "float32"]),
    st.sampled_from([1, -1]),
)
def test_each_longitude_is_the_direction_half_way(first, spacing, cells, low, to, way):
    values = around(first, way * spacing, cells, low).astype(to)
    found = volconv.correlate(line(values), [1, 1]).lon
    assert found.dtype == to
    for got, left, right in zip(found.values, values[:-1], values[1:], strict=True):
        assert apart(float(got), direction(left, right)) < 1e-3
        assert low <= got <= low + 360


def test_cells_keep_their_own_bits_and_a_line_without_a_jump_goes_on():
    values = np.float32([359.3, 359.8, 0.3, 0.8])
    found = volconv.correlate(line(values), [1, 1, 1], padding="full")
    assert found.lon.values[1:-1].tobytes() == values.tobytes()
    np.testing.assert_allclose(found.lon.values[[0, -1]], [358.8, 1.3], rtol=1e-6)
    closed = volconv.correlate(
        line(np.arange(0.0, 360, 90)), [1, 1], padding="full", boundary="wrap"
    )
    assert closed.lon.values.tolist() == [-45.0, 45.0, 135.0, 225.0, 315.0]


def test_whole_degrees_stay_whole_numbers_beyond_the_ends():
    found = volconv.correlate(line([359, 0, 1]), [1, 1, 1], padding="full")
    assert found.lon.values.tolist() == [358, 359, 0, 1, 2]
    assert found.lon.dtype == np.int64


def curvilinear():
    """A grid of 6 x 8 whose lines cross the date line at different columns."""
    y, x = np.mgrid[:6, :8]
    return (176.0 + 0.3 * y + 1.1 * x + 180) % 360 - 180


def test_a_curvilinear_grid_crosses_the_date_line_where_it_does():
    lon = curvilinear()
    grid = xr.DataArray(
        np.zeros(lon.shape), {"nav_lon": (("y", "x"), lon, EAST)}, ("y", "x")
    )
    found = volconv.mean_pool(grid, 2).nav_lon
    vectors = np.exp(1j * np.radians(lon)).reshape(3, 2, 4, 2).mean(axis=(1, 3))
    wanted = np.degrees(np.angle(vectors))
    assert np.abs((found.values - wanted + 180) % 360 - 180).max() < 1e-9
    assert found.values.min() >= -180
    assert found.values.max() < 180
    for chunked in (
        grid.chunk(y=2),
        grid.assign_coords(nav_lon=grid.nav_lon.chunk(x=3)),
    ):
        np.testing.assert_array_equal(
            volconv.mean_pool(chunked, 2).nav_lon.values, found.values
        )


def test_masked_cells_of_a_curvilinear_grid_touch_no_other():
    lon = curvilinear()
    lon[1, 5] = np.nan
    grid = xr.DataArray(
        np.zeros(lon.shape), {"nav_lon": (("y", "x"), lon, EAST)}, ("y", "x")
    )
    found = volconv.mean_pool(grid, 2).nav_lon.values
    assert np.isnan(found).sum() == 1
    whole = volconv.mean_pool(
        grid.assign_coords(nav_lon=(("y", "x"), curvilinear(), EAST)), 2
    ).nav_lon.values
    is_known = ~np.isnan(found)
    np.testing.assert_array_equal(found[is_known], whole[is_known])


@pytest.mark.parametrize("low", [0.0, -180.0])
def test_bounds_go_on_across_the_date_line_and_hold_their_longitude(low):
    middles = around(170.0 if low else 350.0, 2.5, 9, low)
    cells = np.stack([middles - 1.25, middles + 1.25], axis=1)
    data = line(middles, bounds="lon_bnds", **EAST).to_dataset(name="air")
    data["lon_bnds"] = ("lon", "bnds"), cells
    found = volconv.mean_pool(data, {"lon": 3})
    first = 170.0 if low else 350.0
    for number, (lower, upper) in enumerate(found.lon_bnds.values):
        west = first - 1.25 + 7.5 * number
        assert apart(lower, west) < 1e-9
        assert upper - lower == pytest.approx(7.5)
        assert lower < found.lon.values[number] < upper


def test_lengths_know_the_spacing_across_the_date_line():
    data = line([358.0, 359.0, 0.0, 1.0, 2.0])
    axis = array_meta(data.dims, data.shape, data.dtype, data.coords.to_dataset()).axis(
        "lon"
    )
    assert axis.spacing == 1.0
    assert axis.around == 5 / 360


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.arange(0.0, 180), ["cover 180 degrees, 180 fewer", "'edge'"]),
        (np.arange(0.0, 361), ["cover 361 degrees, 1 more", "crop {lon: [0, 360]}"]),
        (np.linspace(-180, 180, 8), ["cover 411.4286 degrees, 51.43 more", "[0, 7]"]),
        (np.arange(0.0, 359), ["cover 359 degrees, 1 fewer", "'edge'"]),
    ],
)
def test_what_does_not_close_is_not_wrapped(values, words):
    with pytest.raises(BoundaryError, match="boundary along 'lon'") as raised:
        volconv.box(line(values), 3, boundary="wrap")
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize("spacing", [90, 1, 0.25, 1 / 12, 0.83333334])
@pytest.mark.parametrize("to", ["float32", "float64"])
def test_what_closes_is_wrapped_wherever_it_begins(spacing, to):
    cells = round(360 / spacing)
    for low, first in ((0, 0), (0, 123.4), (-180, -180 + spacing / 2)):
        values = around(first, 360 / cells, cells, low).astype(to)
        found = volconv.box(line(values), 3, boundary="wrap")
        assert found.sizes["lon"] == cells


def test_rounded_and_uneven_longitudes_are_judged_by_their_mean_step():
    rounded = np.round(np.arange(4320) / 12, 2)
    assert volconv.box(line(rounded), 3, boundary="wrap").sizes["lon"] == 4320
    with pytest.raises(BoundaryError, match="cover 3"):
        volconv.box(line(rounded[:-1]), 3, boundary="wrap")


def test_wrap_is_free_where_nothing_is_padded_or_nothing_is_a_longitude():
    half = line(np.arange(0.0, 180))
    assert volconv.correlate(half, [1, 1], boundary="wrap").sizes["lon"] == 179
    plain = line(np.arange(0.0, 180), units="m")
    assert volconv.box(plain, 3, boundary="wrap").sizes["lon"] == 180
    assert volconv.box(half, 3, boundary={"lon": "edge"}).sizes["lon"] == 180


def test_a_longitude_beside_the_dimension_s_own_coordinate_counts_too():
    def beside(lon):
        coords = {"x": np.arange(lon.size), "lon": ("x", lon, EAST)}
        return xr.DataArray(np.zeros(lon.size), coords, "x")

    for data in (beside(np.arange(0.0, 180)), beside(np.arange(180.0)).drop_vars("x")):
        with pytest.raises(
            BoundaryError, match=r"boundary along 'x'.*cover 180 degrees"
        ):
            volconv.box(data, 3, boundary="wrap")
    assert volconv.box(beside(np.arange(360.0)), 3, boundary="wrap").sizes["x"] == 360


def test_a_circle_is_kept_or_lost_by_the_steps_before():
    circle = line(np.arange(0.0, 360))
    halved = volconv.box(circle, 3, stride=2, boundary="wrap")
    assert volconv.box(halved, 3, boundary="wrap").sizes["lon"] == 180
    for broken in (
        volconv.box(circle, 3, padding="valid"),
        volconv.box(circle, 3, stride=7, boundary="wrap"),
        volconv.pad(circle, 2, boundary="wrap"),
    ):
        with pytest.raises(BoundaryError, match="close a circle"):
            volconv.box(broken, 3, boundary="wrap")


@pytest.mark.parametrize(
    ("cells", "boundary", "is_noted"),
    [(36, "edge", True), (36, "wrap", False), (18, "edge", False)],
)
def test_a_plan_notes_a_circle_that_is_not_wrapped(tmp_path, cells, boundary, is_noted):
    data = line(np.arange(cells) * 10.0).rename("air")
    data.to_dataset().to_zarr(tmp_path / "in.zarr", consolidated=False)
    text = (
        "version: 1\ninput: {path: in.zarr}\n"
        f"steps: [box: {{size: 3, boundary: {boundary}}}]\noutput: {{path: out.zarr}}"
    )
    made = prepare(parse_config(text).located(tmp_path), Limits(1, 2**30))
    note = "lon goes once around: boundary wrap would go on at its other end"
    assert (note in plan_text(made.plan, made.coords)) == is_noted
    assert plan_json(made.plan, made.coords)["steps"][0]["notes"] == [note] * is_noted
