"""Runs that crop by labels: bytes of the functions, and of `xarray.DataArray.sel`."""

import shutil

import numpy as np
import pytest
import xarray as xr

import volconv
from tests.run.conftest import prepared
from tests.run.runs import result, run
from volconv.config import parse_config
from volconv.errors import DimError, GeometryError
from volconv.plan.report import plan_json, plan_text
from volconv.run.prepare import config_pipeline

CONFIG = """
version: 1
input: {path: in.zarr}
steps:
  - mean_pool: {size: {z: 2, x: 3}}
  - crop: {labels: {z: [1 cm, null], x: [1.5, 3.5 mm]}, region: {y: [1, 9]}}
  - gaussian: {sigma: {x: 0.5}, boundary: edge}
output: {path: out.zarr, chunks: CHUNKS}
"""
BRANCHES = """
version: 1
input: {path: in.zarr}
steps:
  - box: {size: {z: 4}, name: thick, save: thick.zarr}
  - crop: {labels: {z: [5, 15]}, from: input, name: own}
  - crop: {labels: {z: [3.75, 13.75]}, from: thick, name: part, save: part.zarr}
  - subtract: {from: [own, part]}
output: {path: out.zarr}
"""
DATED = """
version: 1
input: {path: in.zarr}
steps:
  - crop: {labels: {time: [2001-02, 2001-03-10], latitude: [60, -30]}}
output: {path: out.zarr}
"""


@pytest.mark.parametrize("chunks", ["{z: 1, y: 3, x: 2}", "{z: 3, y: 8, x: 1}"])
def test_a_run_crops_by_the_labels_of_the_step_before(folder, volume, chunks):
    text = CONFIG.replace("CHUNKS", chunks)
    run(folder, text)
    pooled = volconv.mean_pool(volume, {"z": 2, "x": 3})
    part = pooled.sel(z=slice(10, None), x=slice(1.5, 3.5)).isel(y=slice(1, 9))
    assert part.sizes == {"z": 2, "y": 8, "x": 2}
    expected = volconv.gaussian(part, {"x": 0.5}, boundary="edge")
    found = result(folder)["density"]
    assert found.equals(expected)
    again = pooled.volconv.crop(
        {"y": (1, 9)}, labels={"z": ("1 cm", None), "x": (1.5, "3.5 mm")}
    )
    assert again.equals(part)


def test_a_plan_says_cells_and_last_labels(folder):
    ready = prepared(folder, CONFIG.replace("CHUNKS", "{z: 1}"))
    text = plan_text(ready.plan, ready.coords)
    assert "z: cells 2 to 3 of 4" in text
    assert "y: cells 1 to 8 of 14" in text
    found = plan_json(ready.plan, ready.coords)
    assert found["output"]["coordinates"]["x"] == {"first": 2.0, "last": 3.5}


def test_branches_have_labels_of_their_own(folder, volume):
    run(folder, BRANCHES)
    thick = volconv.box(volume, {"z": 4})
    assert result(folder, "thick.zarr")["density"].equals(thick)
    part = thick.sel(z=slice(3.75, 13.75))
    assert result(folder, "part.zarr")["density"].equals(part)
    own = volume.sel(z=slice(5, 15))
    found = result(folder)["density"]
    assert np.array_equal(found.values, own.values - part.values)
    assert found.z.equals(own.z)


@pytest.mark.parametrize("calendar", ["standard", "noleap"])
def test_dates_and_falling_latitudes(tmp_path, calendar):
    times = xr.date_range(
        "2001-01-01", periods=90, calendar=calendar, use_cftime=calendar != "standard"
    )
    lat = ("latitude", np.arange(87.5, -90, -2.5), {"units": "degrees_north"})
    values = np.random.default_rng(3).random((90, 71)).astype("float32")
    array = xr.DataArray(
        values, {"time": times, "latitude": lat}, ("time", "latitude"), "t"
    )
    array.to_dataset().to_zarr(tmp_path / "in.zarr", zarr_format=3, consolidated=False)
    run(tmp_path, DATED)
    stored = xr.open_zarr(tmp_path / "in.zarr", chunks=None, consolidated=False)[
        "t"
    ].load()
    expected = stored.sel(time=slice("2001-02", "2001-03-10"), latitude=slice(60, -30))
    assert expected.sizes == {"time": 38, "latitude": 37}
    assert result(tmp_path)["t"].equals(expected)


@pytest.mark.parametrize(
    ("step", "kind", "message"),
    [
        ("crop: {labels: {z: [3, 4]}}", GeometryError,
         r"step 2 \(crop\), labels along 'z': got \[3, 4\], between which no cell lies"),
        ("crop: {labels: {y: [3, 4]}}", DimError,
         r"step 2 \(crop\), labels along 'y': got no coordinate"),
        ("crop: {labels: {w: [3, 4]}}", DimError,
         r"step 2 \(crop\), labels: got 'w'; expected dimensions of the array"),
    ],
)  # fmt: skip
def test_labels_that_do_not_fit_stop_a_plan(folder, step, kind, message):
    text = CONFIG.replace("CHUNKS", "{z: 1}")
    old = next(line for line in text.splitlines() if "crop" in line)
    with pytest.raises(kind, match=f"^{message}"):
        prepared(folder, text.replace(old, f"  - {step}"))


def test_sizes_alone_have_no_labels(folder):
    config = parse_config(CONFIG.replace("CHUNKS", "{z: 1}")).located(folder)
    assert config_pipeline(config, {}).steps[1].target.sizes == {"z": 2, "y": 8, "x": 2}
    shutil.rmtree(folder / "in.zarr")
    with pytest.raises(DimError, match="labels along 'z': got no coordinate"):
        config_pipeline(config, {"z": 9, "y": 14, "x": 13})
