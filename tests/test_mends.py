"""Faults that users of xarray and SciPy make first: what each error says to do."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import volconv


@pytest.fixture
def volume():
    return xr.DataArray(np.ones((4, 5, 6)), dims=("z", "y", "x"))


def test_errors_are_reached_from_the_package(volume):
    with pytest.raises(volconv.errors.VolconvError):
        volconv.box(volume, 0)


@pytest.mark.parametrize(
    ("call", "mend"),
    [
        (lambda v: volconv.gaussian(v, [1, 2, 3]), "sigma={'z': 1, 'y': 2, 'x': 3}"),
        (lambda v: volconv.gaussian(v, np.ones(3)), "sigma={'z': 1.0, 'y': 1.0"),
        (lambda v: volconv.ball(v, (1, 2, 2)), "radius={'z': 1, 'y': 2, 'x': 2}"),
        (lambda v: volconv.max_pool(v, (1, 2, 2)), "size={'z': 1, 'y': 2, 'x': 2}"),
        (lambda v: volconv.upsample(v, (1, 2, 2)), "factor={'z': 1, 'y': 2"),
        (lambda v: volconv.box(v, 3, stride=[1, 2, 2]), "stride={'z': 1, 'y': 2"),
        (lambda v: volconv.box(v, 3, dilation=[1, 2, 2]), "dilation={'z': 1"),
        (lambda v: volconv.pad(v, [(1, 1)] * 3), r"padding={'z': \(1, 1\)"),
        (
            lambda v: volconv.box(v, 3, boundary=["edge", "wrap", "edge"]),
            "boundary={'z': 'edge', 'y': 'wrap', 'x': 'edge'}",
        ),
        (
            lambda v: volconv.box(v, {"y": 3, "x": 3}, stride=(1, 2)),
            "stride={'y': 1, 'x': 2}",
        ),
    ],
)
def test_a_list_is_told_by_name(volume, call, mend):
    with pytest.raises(volconv.errors.KindError, match=f"by name. Fix: {mend}"):
        call(volume)


def test_a_list_of_another_length_is_told_without_names(volume):
    with pytest.raises(volconv.errors.KindError, match=r"dimension by name\.$"):
        volconv.gaussian(volume, [1, 2])


def test_a_pair_of_paddings_stays_one(volume):
    assert volconv.pad(volume, (1, 2)).shape == (7, 8, 9)


def test_numbers_of_pandas_are_to_be_cast():
    counts = pd.Series(pd.array([1, 2, None, 4], dtype="Int64")).to_xarray()
    with pytest.raises(
        volconv.errors.NumberError, match=r"Int64.*data\.astype\(float\)"
    ):
        volconv.box(counts, 3)
    assert volconv.box(counts.astype(float), 3, skipna=True)[0] == 4 / 3


def test_a_variable_that_cannot_be_computed_may_be_left_out():
    both = xr.Dataset({"v": ("x", np.arange(3.0)), "site": ("x", list("abc"))})
    with pytest.raises(volconv.errors.NumberError, match=r"drop_vars\('site'\)"):
        volconv.box(both, 3)
    assert volconv.box(both.drop_vars("site"), 3).v[1] == 1


def test_a_dataset_without_cells_is_told_so():
    with pytest.raises(
        volconv.errors.DimError, match="a variable that has a dimension"
    ):
        volconv.gaussian(xr.Dataset({"v": 3.0}), 1)


def test_groups_of_a_tree_are_taken_one_by_one():
    group = xr.Dataset({"v": ("x", np.arange(3.0))})
    above = xr.Dataset(attrs={"title": "a run"})
    tree = xr.DataTree.from_dict({"/": above, "/a": group, "/far/b": group})
    with pytest.raises(volconv.errors.KindError, match="map_over_datasets"):
        volconv.box(tree, 3)  # type: ignore[type-var]
    for size in (3, {"x": 3}):
        found = tree.map_over_datasets(volconv.box, size)
        assert found["/far/b"].v[1] == 1
        assert found.attrs == above.attrs


def test_times_of_a_zone_stay_where_outputs_lie_on_cells():
    hours = pd.date_range("2026-03-28", periods=6, freq="6h", tz="Europe/Berlin")
    series = xr.DataArray(np.arange(6.0), {"time": hours}, "time")
    kept = volconv.box(series, 3, stride=3, padding="valid")
    assert list(kept.indexes["time"]) == [hours[1], hours[4]]
    assert "time" not in volconv.box(series, 2, stride=2, padding="valid").coords
    with pytest.raises(volconv.errors.UnitError, match="time"):
        volconv.gaussian(series, {"time": "6 h"})


@pytest.mark.parametrize(
    ("units", "length", "mend"),
    [
        (None, "1 month", "a length in days or the like.*Fix: say it in days"),
        (
            "months since 2000-01-01",
            "30 days",
            "a length in months or years.*in months",
        ),
    ],
)
def test_months_are_not_so_many_days(units, length, mend):
    days = xr.DataArray(np.arange(4.0), dims="time")
    days["time"] = pd.date_range("2026-01-01", periods=4) if units is None else range(4)
    if units:
        days.time.attrs["units"] = units
    with pytest.raises(volconv.errors.UnitError, match=mend):
        volconv.gaussian(days, {"time": length})


@pytest.mark.parametrize(
    "call",
    [
        lambda v: volconv.box(v, 3, dtype="1_0 mm"),
        lambda v: volconv.box(v, 3, dtype={"v": "f4"}),
        lambda v: volconv.box(v, 3, dtype="(2,f4"),
        lambda v: volconv.box(v, 3, boundary=xr.DataArray(["edge"], dims="x")),
        lambda v: volconv.box(v, 3, engine=np.array(["direct", "fft"])),
        lambda v: volconv.box(v, 3, keep_attrs="drop"),
        lambda v: volconv.box(v, np.longdouble),
        lambda v: volconv.box(v, 3, stride=np.longdouble),
        lambda v: volconv.softmax(v, channel=np.array(["z", "y"])),
        lambda v: volconv.gradient(v, np.array(["z", "y"])),
        lambda v: volconv.pad_poles(v, 1, latitude=np.array(["z", "y"])),
        lambda v: volconv.correlate(v, [1e300], dims="x", dtype="float32", engine=None),
        lambda v: volconv.correlate(v.astype("f4"), [1e300], dims="x"),
        lambda v: volconv.conv(v, np.ones((1, 4, 3)), [[1, 2], [3]], channel="z"),
        lambda v: volconv.conv(v, np.ones((1, 4, 3)), v.to_dataset(name="v")),
        lambda v: volconv.conv(v, v.to_dataset(name="v"), channel="z"),
    ],
)
def test_whatever_is_given_an_error_is_one_of_ours(volume, call):
    with pytest.raises(volconv.errors.VolconvError):
        call(volume)


def test_the_dtype_is_at_fault_where_the_data_are_not(volume):
    weight = np.ones((1, 4, 3))
    with pytest.raises(volconv.errors.NumberError, match="dtype: got complex64 under"):
        volconv.conv(volume, weight, channel="z", dims="x", dtype="complex64")
    with pytest.raises(volconv.errors.NumberError, match="data: got complex128 under"):
        volconv.conv(volume + 0j, weight, channel="z", dims="x")
