"""Sizes in units: boxes, pools and windows of a length are those of so many cells."""

import numpy as np
import pytest
import xarray as xr

import volconv
from volconv.coordinates import array_meta
from volconv.steps.optional import lengths_of
from volconv.steps.registry import step_classes


@pytest.fixture
def scan():
    cells = np.random.default_rng(3).integers(0, 9, (2, 12, 15), dtype="int16")
    array = xr.DataArray(cells, dims=("channel", "y", "x"))
    array["y"] = ("y", 2.5 * np.arange(12), {"units": "mm"})
    array["x"] = ("x", -0.7 * np.arange(15), {"units": "mm"})
    return array


@pytest.mark.parametrize(
    "call",
    [
        volconv.box,
        *(
            getattr(volconv, f"{kind}_pool")
            for kind in ("mean", "max", "min", "median")
        ),
        volconv.mode_pool,
        lambda array, size, **keys: volconv.map_windows(array, np.ptp, size, **keys),
    ],
)
def test_a_window_of_a_length_is_the_window_of_its_cells(scan, call):
    # 6 mm are 2.4 cells of 2.5 mm, and 8.57 of 0.7 mm
    assert call(scan, "6 mm").equals(call(scan, {"y": 2, "x": 9}))
    assert call(scan, "0.6 cm", dims="x").equals(call(scan, 9, dims="x"))
    mixed = {"channel": 2, "y": "6 mm"}
    assert call(scan, mixed).equals(call(scan, {"channel": 2, "y": 2}))


def test_the_stride_of_a_pool_is_its_size_in_cells(scan):
    found = scan.volconv.max_pool("6 mm")
    assert found.sizes == {"channel": 2, "y": 6, "x": 1}
    np.testing.assert_allclose(found.y, 1.25 + 5.0 * np.arange(6))


@pytest.mark.parametrize(
    ("name", "keys"),
    [("box", {}), ("mean_pool", {}), ("median_pool", {}), ("correlate", None)],
)
def test_a_step_tells_both_the_length_and_the_whole_cells(scan, name, keys):
    settings = {"kernel": {"box": "6 mm"}} if keys is None else {"size": "6 mm"}
    meta = array_meta(scan.dims, scan.shape, scan.dtype, scan.coords.to_dataset())
    step = step_classes()[name].model_validate(settings).resolve(meta)
    assert [str(note) for note in lengths_of(step)] == [
        "size along y: 6 mm = 2.4 cells of 2.5 mm, whole 2",
        "size along x: 6 mm = 8.57143 cells of 0.7 mm, whole 9",
    ]
    assert step.geometry["x"].size == 9
