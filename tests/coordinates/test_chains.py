"""Three halvings have the coordinates of one step of the same windows."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import volconv

EAST = {"units": "degrees_east"}


def halved(data, times, **options):
    for _ in range(times):
        data = volconv.mean_pool(data, 2, **options)
    return data


@pytest.mark.parametrize("label", ["center", "left", "right"])
def test_even_axes_of_every_kind(label):
    data = xr.DataArray(
        np.arange(32.0),
        {
            "x": ("x", 0.5 * np.arange(32) - 7),
            "count": ("x", np.arange(32, dtype="uint16") * 8),
            "when": ("x", pd.date_range("2026-02-20", periods=32, freq="6h")),
            "noleap": (
                "x",
                xr.date_range(
                    "2024-02-20", periods=32, calendar="noleap", use_cftime=True
                ),
            ),
            "depth": ("x", -10 * np.arange(32, dtype="float32")),
            "lon": ("x", (352.0 + np.arange(32)) % 360, EAST),
            "west": ("x", (165.0 + np.arange(32) + 180) % 360 - 180, EAST),
        },
        "x",
    )
    once = volconv.mean_pool(data, 8, label=label)
    thrice = halved(data, 3, label=label)
    assert set(once.coords) == set(data.coords)
    for name, wanted in once.coords.items():
        assert_array_equal(thrice[name].values, wanted.values, err_msg=name)
    assert_array_equal(thrice.values, once.values)


@given(st.integers(-180, 359), st.sampled_from([0, -180]), st.integers(1, 8))
def test_longitudes_over_the_date_line_wherever_it_lies(first, low, eighths):
    lon = (first + eighths / 8 * np.arange(32) - low) % 360 + low
    data = xr.DataArray(np.zeros(32), {"lon": ("lon", lon, EAST)}, "lon")
    found, wanted = halved(data, 3).lon.values, volconv.mean_pool(data, 8).lon.values
    assert_array_equal((found - wanted) % 360, 0)
    is_inside = (found >= low) & (found < low + 360)
    assert is_inside.all()


def test_curvilinear_grids_with_the_date_line_across_them():
    y, x = np.mgrid[:16, :24]
    data = xr.DataArray(
        np.zeros((16, 24)),
        {
            "nav_lat": (("y", "x"), 40.0 + y / 4 - x / 8),
            "nav_lon": (("y", "x"), (175 + x / 2 + y / 8 + 180) % 360 - 180, EAST),
        },
        ("y", "x"),
    )
    once, thrice = volconv.mean_pool(data, 8), halved(data, 3)
    assert_array_equal(thrice.nav_lat.values, once.nav_lat.values)
    assert_array_equal(thrice.nav_lon.values, once.nav_lon.values)
    assert once.nav_lon.values.min() < 0 < once.nav_lon.values.max()


def test_bounds_of_uneven_axes_though_their_labels_are_those_of_each_step():
    edges = np.cumsum([0, 1, 2, 3, 5, 8, 13, 21, 34.0])
    data = xr.Dataset(
        {
            "air": ("z", np.zeros(8)),
            "z_bnds": (("z", "b"), np.stack([edges[:-1], edges[1:]], 1)),
        },
        {"z": ("z", (edges[:-1] + edges[1:]) / 2, {"bounds": "z_bnds"})},
    )
    once = volconv.mean_pool(data, {"z": 8})
    thrice = data
    for _ in range(3):
        thrice = volconv.mean_pool(thrice, {"z": 2})
    assert_array_equal(once.z_bnds.values, [[edges[0], edges[-1]]])
    assert_array_equal(thrice.z_bnds.values, once.z_bnds.values)
    assert once.z.item() == data.z.values[3:5].mean()
    assert thrice.z.item() == data.z.values.mean()
