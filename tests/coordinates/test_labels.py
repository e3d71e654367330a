"""Labels at the windows' ends, against enumeration, xarray and pandas."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import volconv
from tests.coordinates.axes import axes, expected_value, windowed
from volconv.config import parse_config
from volconv.errors import DimError, KindError
from volconv.plan.report import plan_text
from volconv.run.limits import Limits
from volconv.run.prepare import prepare


@pytest.fixture
def hours():
    times = pd.date_range("2026-03-01", periods=24, freq="h")
    return xr.DataArray(np.arange(24.0), {"time": times}, "time")


@given(axes, st.sampled_from(["left", "right"]), st.data())
def test_a_label_is_the_first_or_last_cell_of_each_window(axis, label, data):
    steps = data.draw(
        st.lists(st.integers(1, 9), min_size=axis["cells"], max_size=axis["cells"])
    )
    array = xr.DataArray(
        np.zeros(axis["cells"]), {"x": np.cumsum(steps) * 1.0, "y": 3}, "x"
    )
    found, at = windowed(array, axis, label=label)
    ahead = Fraction(axis["dilation"] * (axis["size"] - 1), 2)
    ends = [place + (ahead if label == "right" else -ahead) for place in at]
    assert [Fraction(x) for x in found.x.values] == [
        expected_value(array.x.values, end) for end in ends
    ]
    plain, _ = windowed(array, axis)
    assert_array_equal(found.values, plain.values)


def test_labels_are_those_of_coarsen_rolling_and_resample(hours):
    for label, function in (("left", "min"), ("right", "max"), ("center", "mean")):
        found = volconv.mean_pool(hours, 6, label=label)
        coarse = hours.coarsen(time=6, coord_func=function).mean()
        assert_array_equal(found.time.values, coarse.time.values)
        assert_array_equal(found.values, coarse.values)
    rolled = hours.rolling(time=5).mean().dropna("time")
    slid = volconv.mean_pool(hours, 5, stride=1, label="right")
    assert_array_equal(slid.time.values, rolled.time.values)
    np.testing.assert_allclose(slid.values, rolled.values)
    middle = hours.rolling(time=5, center=True).mean().dropna("time")
    assert_array_equal(
        volconv.mean_pool(hours, 5, stride=1).time.values, middle.time.values
    )
    days = hours.to_series().resample("12h", label="left").mean()
    assert_array_equal(
        volconv.mean_pool(hours, 12, label="left").time.values, days.index.values
    )
    # pandas' right end of a bin is where the next one begins
    bins = hours.to_series().resample("12h", label="right").mean().index
    last = volconv.mean_pool(hours, 12, label="right").time.values
    assert_array_equal(last + np.timedelta64(1, "h"), bins.values)


def test_bounds_stay_the_windows_cells(hours):
    times = hours.time.values
    data = hours.assign_coords(time=("time", times, {"bounds": "edges"})).to_dataset(
        name="air"
    )
    data["edges"] = (
        ("time", "ends"),
        np.stack([times, times + np.timedelta64(1, "h")], 1),
    )
    found = {
        label: volconv.mean_pool(data, {"time": 6}, label=label)
        for label in ("left", "center", "right")
    }
    for one in found.values():
        assert_array_equal(one.edges.values, found["center"].edges.values)
    assert_array_equal(found["left"].time.values, found["left"].edges.values[:, 0])


def test_labels_by_dimension_and_of_strings_that_a_centre_would_drop():
    data = xr.DataArray(
        np.zeros((4, 4)), {"y": list("abcd"), "x": range(4)}, ("y", "x")
    )
    found = volconv.max_pool(data, 2, label={"y": "left"})
    assert found.y.values.tolist() == ["a", "c"]
    assert found.x.values.tolist() == [0.5, 2.5]
    assert "y" not in volconv.max_pool(data, 2).coords


def test_labels_move_where_centres_do_not():
    data = xr.Dataset(
        {"a": ("x", np.zeros(4)), "b": ("x", np.ones(4))}, {"x": range(4)}
    )
    found = volconv.box(data, {"x": 3}, label="left")
    assert found.x.values.tolist() == [-1, 0, 1, 2]
    plain = xr.Dataset({"a": (("x", "y"), np.zeros((4, 4))), "b": ("x", np.ones(4))})
    assert volconv.box(plain, {"x": 3, "y": 3}).sizes["x"] == 4
    with pytest.raises(DimError, match="variable 'b'"):
        volconv.box(plain, {"x": 3, "y": 3}, label={"x": "left"})


@pytest.mark.parametrize(
    ("label", "kind", "message"),
    [
        ("centre", KindError, "label along 'x': got 'centre'.*did you mean 'center'"),
        ("upper", KindError, "expected center, left, right"),
        (1, KindError, "got 1"),
        ({"z": "left"}, DimError, "label: got 'z'"),
    ],
)
def test_a_wrong_label_gets_one_clear_error(label, kind, message):
    data = xr.DataArray(np.zeros(4), {"x": range(4)}, "x")
    with pytest.raises(kind, match=message):
        volconv.mean_pool(data, 2, label=label)


def test_every_function_with_a_window_takes_labels_and_tells_them():
    data = xr.DataArray(np.zeros((6, 6)), {"x": range(6)}, ("y", "x"))
    for call in (
        lambda d, **o: d.correlate(np.ones((3, 3)), **o),
        lambda d, **o: d.convolve(np.ones((3, 3)), **o),
        lambda d, **o: d.gaussian(0.2, **o),
        lambda d, **o: d.box(3, **o),
        lambda d, **o: d.median_pool(3, **o),
        lambda d, **o: d.mean_pool(3, **o),
        lambda d, **o: d.gradient("x", **o),
        lambda d, **o: d.gradient_magnitude(**o),
        lambda d, **o: d.laplace(**o),
        lambda d, **o: d.sobel(**o),
        lambda d, **o: d.unsharp(0.3, **o),
        lambda d, **o: d.difference_of_gaussians(0.2, 0.3, **o),
        lambda d, **o: d.map_windows(np.ptp, 3, **o),
    ):
        left = call(data.volconv, label={"x": "left"}, padding="valid")
        right = call(data.volconv, label={"x": "right"}, padding="valid")
        assert left.x.values[0] == 0
        assert right.x.values[-1] in (4, 5)
        assert (right.x.values - left.x.values == 2).all()
        assert '"label": "left"' in left.attrs["volconv"]


def test_a_configuration_labels_each_step_by_itself(tmp_path, hours):
    hours.to_dataset(name="air").to_zarr(tmp_path / "in.zarr", consolidated=False)
    text = (
        "version: 1\ninput: {path: in.zarr}\n"
        "steps: [mean_pool: {size: 6, label: left}, "
        "max_pool: {size: 2, label: {time: right}}]\noutput: {path: out.zarr}"
    )
    made = prepare(parse_config(text).located(tmp_path), Limits(1, 2**30))
    assert_array_equal(made.coords.time.values, hours.time.values[[6, 18]])
    assert "labelled right" in plan_text(made.plan, made.coords)
