"""Coordinates of the outputs against independent arithmetic, window by window."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pint
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import volconv
from tests.coordinates.axes import axes, expected_value, windowed
from volconv.errors import KindError


@given(axes, st.data())
def test_positions_of_an_irregular_or_descending_axis(axis, data):
    steps = data.draw(
        st.lists(st.integers(1, 9), min_size=axis["cells"], max_size=axis["cells"])
    )
    values = np.cumsum(steps) * data.draw(st.sampled_from([1.0, -1.0, 0.5]))
    array = xr.DataArray(np.zeros(axis["cells"]), {"x": values}, "x")
    found, at = windowed(array, axis)
    assert found.sizes["x"] == len(at)
    # eighths and below: every expected value is a float
    assert [Fraction(x) for x in found.x.values] == [
        expected_value(values, place) for place in at
    ]


@given(axes)
def test_an_output_on_a_cell_has_the_cell_s_own_value(axis):
    values = np.random.default_rng(3).normal(size=axis["cells"]).astype("float32")
    array = xr.DataArray(np.zeros(axis["cells"]), {"x": values}, "x")
    found, at = windowed(array, axis)
    assert found.x.dtype == np.float32
    for got, place in zip(found.x.values, at, strict=True):
        if place.denominator == 1 and 0 <= place < axis["cells"]:
            assert got.tobytes() == values[int(place)].tobytes()


@given(axes, st.data())
def test_times_are_interpolated_in_whole_nanoseconds(axis, data):
    steps = data.draw(
        st.lists(st.integers(1, 10**15), min_size=axis["cells"], max_size=axis["cells"])
    )
    since = 1_700_000_000_123_456_789 + np.cumsum(steps)
    array = xr.DataArray(
        np.zeros(axis["cells"]), {"x": since.astype("datetime64[ns]")}, "x"
    )
    found, at = windowed(array, axis)
    exact = [expected_value([int(value) for value in since], place) for place in at]
    assert found.x.dtype == np.dtype("datetime64[ns]")
    assert found.x.values.astype("int64").tolist() == [x.__floor__() for x in exact]


def test_a_stride_of_two_boxes_puts_labels_between_cells():
    array = xr.DataArray(
        np.arange(6.0),
        {"time": pd.date_range("2026-01-01", periods=6, freq="6h")},
        "time",
    )
    halved = volconv.box(array, 2, stride=2, padding="valid")
    assert_array_equal(
        halved.time.values,
        np.array(
            ["2026-01-01T03", "2026-01-01T15", "2026-01-02T03"], dtype="datetime64[ns]"
        ),
    )
    coarse = array.coarsen(time=2).mean()
    assert_array_equal(halved.time.values, coarse.time.values)
    assert_array_equal(halved.values, coarse.values)


def test_integers_stay_integers_on_cells_and_become_floats_between():
    array = xr.DataArray(np.zeros(5), {"x": np.arange(5) * 10}, "x")
    assert volconv.correlate(array, [1, 1, 1], padding="same").x.dtype == np.int64
    full = volconv.correlate(array, [1, 1, 1], padding="full")
    assert full.x.dtype == np.int64
    assert full.x.values.tolist() == [-10, 0, 10, 20, 30, 40, 50]
    between = volconv.correlate(array, [1, 1])
    assert between.x.values.tolist() == [5.0, 15.0, 25.0, 35.0]


def test_unsigned_coordinates_go_below_zero():
    array = xr.DataArray(np.zeros(3), {"x": np.arange(3, dtype="uint8")}, "x")
    full = volconv.correlate(array, [1, 1, 1], padding="full")
    assert full.x.values.tolist() == [-1, 0, 1, 2, 3]


def test_curvilinear_coordinates_follow_both_axes():
    rng = np.random.default_rng(1)
    lat = rng.normal(size=(6, 8))
    array = xr.DataArray(np.zeros((6, 8)), {"lat": (("y", "x"), lat)}, ("y", "x"))
    halved = volconv.box(array, 2, stride=2, padding="valid")
    mean = lat.reshape(3, 2, 4, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(halved.lat.values, mean, rtol=1e-12)
    for chunked in (array.chunk(y=2), array.assign_coords(lat=array.lat.chunk(x=3))):
        again = volconv.box(chunked, 2, stride=2, padding="valid")
        assert_array_equal(again.lat.values, halved.lat.values)


def test_strings_stay_where_every_output_is_on_a_cell_and_are_dropped_elsewhere():
    array = xr.DataArray(np.zeros(5), {"x": list("abcde")}, "x")
    assert volconv.correlate(array, [1, 1, 1], stride=2).x.values.tolist() == ["b", "d"]
    assert "x" not in volconv.correlate(array, [1, 1]).coords
    assert "x" not in volconv.correlate(array, [1, 1, 1], padding="full").coords


def test_the_levels_of_a_multi_index_stay_or_go_together():
    index = pd.MultiIndex.from_product([[1, 2, 3], ["a", "b"]], names=("n", "c"))
    coords = xr.Coordinates.from_pandas_multiindex(index, "x")
    array = xr.DataArray(np.zeros(6), coords, "x")
    kept = volconv.correlate(array, [1, 1, 1])
    assert kept.indexes["x"].tolist() == index[1:5].tolist()
    assert not set(volconv.correlate(array, [1, 1]).coords)


def test_one_cell_has_no_spacing_to_go_on_with():
    array = xr.DataArray(np.zeros(1), {"x": [4.0]}, "x")
    assert volconv.correlate(array, [1.0]).x.values.tolist() == [4.0]
    assert "x" not in volconv.correlate(array, [1, 1], padding=1).coords


def test_a_wrapped_axis_is_labelled_beyond_its_ends():
    array = xr.DataArray(np.zeros(4), {"lon": [0.0, 90.0, 180.0, 270.0]}, "lon")
    found = volconv.correlate(array, [1, 1, 1], padding=(0, 2), boundary="wrap")
    assert found.lon.values.tolist() == [90.0, 180.0, 270.0, 360.0]


def test_scalar_and_untouched_coordinates_are_carried():
    array = xr.DataArray(
        np.zeros((3, 4)),
        {"t": 7, "y": [1, 2, 3], "name": ("y", list("abc")), "x": np.arange(4.0)},
        ("y", "x"),
        name="air",
        attrs={"units": "K"},
    )
    found = volconv.correlate(array, [1, 1], dims="x")
    assert found.t.item() == 7
    assert found.y.identical(array.y)
    assert found["name"].values.tolist() == list("abc")
    assert found.name == "air"
    assert found.attrs["units"] == "K"


def test_a_not_a_time_stays_one():
    times = np.array(["2026-01-01", "NaT", "2026-01-03"], dtype="datetime64[ns]")
    array = xr.DataArray(np.zeros(3), {"x": np.arange(3), "when": ("x", times)}, "x")
    found = volconv.correlate(array, [1, 1])
    assert np.isnat(found.when.values).all()


@pytest.fixture
def monthly():
    edges = pd.date_range("2026-01-01", periods=7, freq="MS").values
    middle = edges[:-1] + (edges[1:] - edges[:-1]) // 2
    return xr.Dataset(
        {
            "air": ("time", np.arange(6.0)),
            "time_bnds": (("time", "bnds"), np.stack([edges[:-1], edges[1:]], 1)),
        },
        {"time": ("time", middle, {"bounds": "time_bnds"})},
    )


def test_bounds_become_the_cells_of_the_outputs(monthly):
    found = volconv.box(monthly, {"time": 3}, stride={"time": 3}, padding="valid")
    edges = monthly.time_bnds.values
    assert_array_equal(
        found.time_bnds.values, [[edges[0, 0], edges[2, 1]], [edges[3, 0], edges[5, 1]]]
    )
    assert found.time.attrs["bounds"] == "time_bnds"
    assert "time_bnds" in found.data_vars
    assert_array_equal(found.time.values, monthly.time.values[[1, 4]])


def test_bounds_that_do_not_touch_are_dropped_with_their_name(monthly):
    gaps = monthly.copy(deep=True)
    gaps.time_bnds.values[:, 1] -= np.timedelta64(1, "D")
    found = volconv.box(gaps, {"time": 3}, stride={"time": 3}, padding="valid")
    assert "time_bnds" not in found.variables
    assert "bounds" not in found.time.attrs


def test_the_encoding_of_the_store_does_not_come_along():
    array = xr.DataArray(np.arange(6.0), {"x": np.arange(6.0)}, "x")
    array.encoding = {
        "dtype": "int16",
        "scale_factor": 0.01,
        "_FillValue": -1,
        "chunks": (3,),
        "grid_mapping": "crs",
    }
    array.x.encoding = {"chunks": (6,), "dtype": "int32"}
    found = volconv.correlate(array, [1, 1])
    assert found.encoding == {"grid_mapping": "crs"}
    assert "chunks" not in found.x.encoding
    assert "dtype" not in found.x.encoding


@pytest.mark.parametrize("packing", [{"scale_factor": 0.01}, {"add_offset": 273.15}])
def test_packed_numbers_that_are_not_decoded_have_no_unit(packing):
    attrs = {"units": "K", "standard_name": "air_temperature", "source": "a buoy"}
    packed = xr.DataArray(np.arange(6, dtype="int16"), dims="x", attrs=attrs | packing)
    found = volconv.max_pool(packed, 2)
    assert set(found.attrs) == {"source", "cell_methods", "volconv"}
    decoded = xr.decode_cf(packed.to_dataset(name="air")).air
    assert volconv.max_pool(decoded, 2).attrs["units"] == "K"


@pytest.mark.parametrize("stored", [{"dtype": "bool"}, {"_Unsigned": "true"}])
def test_how_the_numbers_of_a_store_are_read_is_not_said_of_results(stored, tmp_path):
    cells = np.array([0, 1, -3, 1, 1, 0], "int8")
    raw = xr.DataArray(cells, dims="x", name="mask", attrs=stored)
    total = volconv.correlate(raw, [1, 1])
    total.to_zarr(tmp_path / "total.zarr", consolidated=False)
    back = xr.open_zarr(tmp_path / "total.zarr", consolidated=False).mask
    assert_array_equal(back.values, [1, -2, -2, 2, 1])


def test_packed_data_come_back_from_a_store_as_they_were_computed(tmp_path):
    air = xr.DataArray(np.linspace(0, 320, 30), dims="x", name="air")
    packed = tmp_path / "packed.zarr"
    air.to_zarr(
        packed,
        encoding={"air": {"dtype": "int16", "scale_factor": 0.01, "_FillValue": -1}},
        consolidated=False,
    )
    opened = xr.open_zarr(packed, consolidated=False).air
    total = volconv.correlate(opened, np.full(27, 1.0))
    again = tmp_path / "again.zarr"
    total.to_zarr(again, consolidated=False)
    back = xr.open_zarr(again, consolidated=False).air
    assert_array_equal(back.values, total.values)


@given(axes, st.data())
def test_unsigned_coordinates_beyond_2_to_the_63_are_exact(axis, data):
    cells = axis["cells"]
    first = data.draw(st.integers(0, 2**64 - 1 - 9 * 60))
    step = data.draw(st.integers(1, 9))
    values = [first + step * number for number in range(cells)]
    array = xr.DataArray(np.zeros(cells), {"x": np.array(values, "uint64")}, "x")
    found, at = windowed(array, axis)
    exact = [expected_value(values, place) for place in at]
    if any(place.denominator > 1 for place in at):
        np.testing.assert_allclose(found.x.values, [float(x) for x in exact])
    elif min(exact) >= 0 and max(exact) < 2**64:
        assert [int(x) for x in found.x.values] == exact


def test_unsigned_coordinates_that_no_integer_dtype_holds_are_floats():
    array = xr.DataArray(np.zeros(2), {"x": np.array([0, 2**63], "uint64")}, "x")
    wide = volconv.pad(array, 1)
    assert wide.x.dtype == np.float64
    assert wide.x.values.tolist() == [-(2.0**63), 0, 2.0**63, 2.0**64]


def test_signed_coordinates_go_beyond_64_bits_without_turning_negative():
    data = xr.DataArray(np.zeros(2), {"x": [2**63 - 2, 2**63 - 1]}, "x")
    found = volconv.pad(data, 1).x.values
    assert [int(value) for value in found] == [2**63 - 3 + step for step in range(4)]
    wide = xr.DataArray(np.zeros(2), {"x": [-(2**63), 2**63 - 1]}, "x")
    assert_array_equal(volconv.pad(wide, 1).x / 2.0**63, [-3, -1, 1, 3])


def test_times_that_a_unit_does_not_reach_are_no_times():
    days = np.array(["2262-04-10", "2262-04-11"], "datetime64[ns]")
    data = xr.DataArray(np.zeros(2), {"t": days}, "t")
    found = volconv.pad(data, 1).t.values
    assert_array_equal(found[:3], np.array(["2262-04-09", *days], "datetime64[ns]"))
    assert np.isnat(found[3])


def test_times_farther_apart_than_a_difference_reaches_have_a_middle():
    ends = np.array(["1700-01-01", "2200-01-01"], "datetime64[ns]")
    data = xr.DataArray(np.zeros(2), {"t": ends}, "t")
    middle = volconv.box(data, 2, padding="valid").t.values
    assert_array_equal(middle, [np.datetime64("1950-01-01T12", "ns")])


def test_lazy_unsigned_coordinates_are_exact_too():
    ids = xr.DataArray(np.array([2**63 + 1, 2**63 + 5], "uint64"), dims="x")
    array = xr.DataArray(np.zeros(2), {"id": ids.chunk(x=1)}, "x")
    wide = volconv.pad(array, (0, 2)).id.values.tolist()
    assert wide == [2**63 + 1, 2**63 + 5, 2**63 + 9, 2**63 + 13]


@pytest.mark.parametrize("dtype", ["int64", "float32", "datetime64[ns]"])
def test_lazy_coordinates_are_not_computed_on_the_way(dtype):
    looked = []

    def look(block):
        looked.append(block.shape)
        return block

    values = np.arange(12).reshape(3, 4).astype(dtype)
    lazy = xr.DataArray(values, dims=("y", "x")).chunk(x=2)
    lazy = lazy.copy(data=lazy.data.map_blocks(look, meta=values[:0, :0]))
    data = xr.DataArray(np.zeros((3, 4)), {"at": lazy}, ("y", "x"))
    found = volconv.box(data, {"x": 2}, stride={"x": 2}, padding="valid")
    assert found.at.chunks is not None
    assert not looked
    whole = volconv.box(data.compute(), {"x": 2}, stride={"x": 2}, padding="valid")
    assert_array_equal(found.at, whole.at)
    assert found.at.dtype == whole.at.dtype


@pytest.mark.parametrize(
    "calls",
    [
        lambda d: volconv.box(d, 3, padding="valid"),
        lambda d: volconv.box(d, 3, stride=2),
        lambda d: volconv.crop(d, {"x": (1, 11)}),
        lambda d: volconv.pad(d, 2, boundary="edge"),
        lambda d: volconv.upsample(d, 2),
    ],
)
def test_lazy_coordinates_lie_in_the_chunks_of_their_data(calls, tmp_path):
    cells = np.arange(72.0).reshape(6, 12)
    at = xr.DataArray(cells * 2, dims=("y", "x"))
    data = xr.Dataset({"v": (("y", "x"), cells)}, {"at": at})
    found = calls(data.chunk(3))
    assert found.at.chunks == found.v.chunks
    found.to_zarr(tmp_path / "v.zarr", consolidated=False)  # wants chunks of one size
    stored = xr.open_zarr(tmp_path / "v.zarr", consolidated=False)
    assert_array_equal(stored.at.values, calls(data).at.values)


@pytest.mark.parametrize("value", [["m"], {"unit": "m"}, np.array(["m"]), 7])
def test_attributes_of_coordinates_that_are_no_texts_say_nothing(value):
    keys = ("units", "standard_name", "axis", "bounds", "climatology")
    x = xr.Variable("x", np.arange(4.0), dict.fromkeys(keys, value))
    data = xr.DataArray(np.arange(4.0), {"x": x}, "x")
    assert volconv.mean_pool(data, 2).x.values.tolist() == [0.5, 2.5]
    assert volconv.mean_pool(data.to_dataset(name="v"), 2).v.values.tolist() == [
        0.5,
        2.5,
    ]


def test_the_label_of_irregular_levels_is_the_middle_of_the_window_not_their_mean():
    levels = [1000.0, 925.0, 850.0, 700.0, 500.0, 300.0]
    data = xr.DataArray(np.arange(6.0), {"level": levels}, "level")
    # the two middle cells of four, and the middle one of three
    assert volconv.mean_pool(data, 4, stride=1).level.values.tolist() == [
        (925 + 850) / 2,
        (850 + 700) / 2,
        (700 + 500) / 2,
    ]
    assert volconv.mean_pool(data, 3).level.values.tolist() == [925.0, 500.0]
    assert data.coarsen(level=3).mean().level.values.tolist() == [925.0, 500.0]
    # xarray takes the mean of all labels, which lies elsewhere where they are uneven
    coarse = data.isel(level=slice(2, 6)).coarsen(level=4).mean()
    assert coarse.level.item() == np.mean(levels[2:6]) == 587.5
    assert volconv.mean_pool(data.isel(level=slice(2, 6)), 4).level.item() == 600.0


@pytest.mark.parametrize("calendar", ["standard", "noleap"])
@pytest.mark.parametrize("dtype", ["int32", "float64"])
@pytest.mark.parametrize(
    "window",
    [
        {"size": 2, "stride": 2, "padding": "valid"},
        {"size": 3, "stride": 2, "padding": 1},
        {"size": 2, "padding": "full"},
        {"size": 3, "stride": 3, "label": "left"},
    ],
)
def test_times_between_whole_days_are_stored_exactly(tmp_path, calendar, dtype, window):
    times = xr.date_range(
        "2001-02-25", periods=9, calendar=calendar, use_cftime=calendar != "standard"
    )
    data = xr.Dataset(
        {
            "air": ("time", np.arange(8.0)),
            "time_bnds": (
                ("time", "b"),
                np.stack([times.values[:-1], times.values[1:]], 1),
            ),
        },
        {"time": ("time", times[:-1], {"bounds": "time_bnds"})},
    )
    data.time.encoding = {"units": "days since 2000-01-01", "dtype": dtype}
    data.to_zarr(tmp_path / "in.zarr", consolidated=False)
    opened = xr.open_zarr(tmp_path / "in.zarr", consolidated=False)
    options = {key: {"time": value} for key, value in window.items()}
    # a warning of xarray's, that times do not fit their unit, would be an error here
    found = volconv.box(opened, options.pop("size"), **options)
    found.to_zarr(tmp_path / "out.zarr", consolidated=False)
    again = xr.open_zarr(tmp_path / "out.zarr", consolidated=False)
    assert_array_equal(again.time.values, found.time.values)
    assert_array_equal(again.time_bnds.values, found.time_bnds.values)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "uint32", "float64"])
@pytest.mark.parametrize("unit", ["days", "hours"])
@pytest.mark.parametrize(
    ("step", "keys"),
    [
        ("upsample", {"factor": {"time": 2}, "method": "linear"}),
        ("upsample", {"factor": {"time": 3}, "method": "linear"}),
        ("upsample", {"factor": {"time": 5}}),
        ("pad", {"padding": {"time": (2, 130)}, "boundary": "edge"}),
        ("mean_pool", {"size": {"time": 3}}),
    ],
)
def test_times_are_stored_as_they_are_whatever_their_input_s_dtype(
    tmp_path, step, keys, unit, dtype
):
    each = {"days": np.timedelta64(1, "D"), "hours": np.timedelta64(1, "h")}[unit]
    times = np.datetime64("2000-01-01", "ns") + np.arange(9) * each
    issued = times.copy()
    issued[3] = "NaT"
    edges = np.stack([times, times + (times[1] - times[0])], axis=1)
    data = xr.Dataset(
        {"air": ("time", np.arange(9.0)), "time_bnds": (("time", "b"), edges)},
        {"time": ("time", times, {"bounds": "time_bnds"}), "issued": ("time", issued)},
    )
    data.time.encoding = {"units": f"{unit} since 2000-01-01", "dtype": dtype}
    data.issued.encoding = {**data.time.encoding, "_FillValue": 99}
    data.to_zarr(tmp_path / "in.zarr", consolidated=False)
    opened = xr.open_zarr(tmp_path / "in.zarr", consolidated=False)
    found = getattr(volconv, step)(opened, **keys)
    # a warning of xarray's, that times do not fit their unit, would be an error here
    found.to_zarr(tmp_path / "out.zarr", consolidated=False)
    again = xr.open_zarr(tmp_path / "out.zarr", consolidated=False)
    off = np.timedelta64(1 if dtype == "float64" else 0, "us")
    for name in ("time", "issued", "time_bnds"):
        apart = abs(again[name].values - found[name].values)
        assert (np.isnat(again[name]) == np.isnat(found[name])).all()
        assert not (apart > off).any()


def test_ranges_that_a_coordinate_tells_of_itself_go_when_it_moves():
    attrs = {"units": "m", "actual_range": [0.0, 3.0], "valid_max": 3.0, "step": 1.0}
    data = xr.DataArray(np.zeros(4), {"x": ("x", np.arange(4.0), attrs)}, "x")
    assert volconv.gaussian(data, 1.0).x.attrs == attrs
    for moved in (volconv.mean_pool(data, 2), volconv.crop(data, {"x": (1, 3)})):
        assert moved.x.attrs == {"units": "m"}
    assert data.x.attrs == attrs


def test_climatological_bounds_whose_cells_do_not_touch_are_dropped_with_their_name():
    starts = pd.date_range("2000-01-01", periods=4, freq="MS")
    data = xr.Dataset(
        {
            "air": ("time", np.arange(4.0)),
            "clima": (
                ("time", "nv"),
                np.stack([starts, starts + pd.Timedelta(days=9 * 365)], axis=1),
            ),
        },
        {"time": ("time", starts, {"climatology": "clima"})},
    )
    found = volconv.mean_pool(data, {"time": 2})
    assert "clima" not in found.variables
    assert "climatology" not in found.time.attrs


@pytest.mark.parametrize(
    "calls",
    [
        lambda d: volconv.mean_pool(d, 2),
        lambda d: volconv.mean_pool(d, 3),
        lambda d: volconv.crop(d, {"x": (1, 4)}),
    ],
)
@pytest.mark.parametrize("name", ["depth", "ends"])
@pytest.mark.parametrize("is_lazy", [False, True])
def test_quantities_do_not_move_on_cells_or_between_them(calls, name, is_lazy):
    edges = np.arange(7.0)
    cells = np.stack([edges[:-1], edges[1:]], axis=1)
    plain = xr.Dataset(
        {"v": ("x", edges[:-1]), "ends": (("x", "n"), cells)},
        {"depth": ("x", edges[:-1] + 0.5, {"bounds": "ends"})},
    )
    metre = pint.UnitRegistry().m
    held = plain[name].data * metre
    if is_lazy:
        chunks = plain.chunk(x=3)[name].data
        held = chunks.map_blocks(lambda chunk: chunk * metre, meta=held)
    data = plain.copy()
    data[name].data = held
    with pytest.raises(
        KindError,
        match=rf"coordinate '{name}': got an array of pint.Quantity; expected one of",
    ):
        calls(data)
    assert volconv.box(data, 3)[name].dtype == float  # which moves nothing
    assert_array_equal(calls(data.as_numpy())[name], calls(plain)[name])
