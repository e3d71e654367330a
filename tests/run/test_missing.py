"""Runs over stores with missing cells, and with cell weights in a store of their own."""

import json
import pickle

import numpy as np
import pytest
import xarray as xr
import zarr

import volconv
from tests.oracle import same_bits
from tests.run.conftest import prepared
from volconv.errors import ConfigError, DimError, InputError, NumberError, PlanMismatch
from volconv.geometry import Interval
from volconv.run.runner import run_plan
from volconv.steps import compute_box

CONFIG = """
version: 1
input: {path: in.zarr}
steps:
  - gaussian:
      sigma: {z: 1.0, x: 1.2}
      boundary: {x: wrap, z: edge}
      skipna: true
      min_weight: 0.3
  - box:
      size: {y: 2, x: 3}
      stride: {y: 2, x: 1}
      padding: same
      boundary: constant
      weights: {path: area.zarr, variable: area}
output:
  path: out.zarr
  chunks: {z: 3, y: 2, x: 5}
"""


@pytest.fixture
def holed(folder, volume):
    """The volume with land, and areas of its cells along y and x."""
    rng = np.random.default_rng(2)
    values = volume.where(rng.random(volume.shape) > 0.2)
    values[:, 3:9, 4:8] = np.nan
    store = values.to_dataset().chunk(z=4, y=5, x=6)
    store.to_zarr(folder / "in.zarr", mode="w", zarr_format=3, consolidated=False)
    write_areas(folder, areas(values))
    return values


def areas(values):
    rng = np.random.default_rng(4)
    found = xr.DataArray(rng.random((13, 14)), {"x": values.x}, ("x", "y"), "area")
    found[2:5] = 0
    return found


def write_areas(folder, area):
    both = area.to_dataset().assign(other=2 * area).chunk(x=4, y=5)
    both.to_zarr(folder / "area.zarr", mode="w", zarr_format=3, consolidated=False)


def run(folder, text=CONFIG, **options):
    ready = prepared(folder, text)
    return run_plan(ready.plan, ready.source, ready.labels, **options)


def wanted(values):
    smooth = volconv.gaussian(
        values,
        {"z": 1.0, "x": 1.2},
        boundary={"x": "wrap", "z": "edge"},
        skipna=True,
        min_weight=0.3,
    )
    return volconv.box(
        smooth,
        {"y": 2, "x": 3},
        stride={"y": 2, "x": 1},
        boundary="constant",
        weights=areas(values),
    )


def test_a_run_writes_what_the_functions_compute_bit_for_bit(folder, holed):
    assert run(folder).computed > 4
    found = xr.open_zarr(folder / "out.zarr", chunks=None).load().density
    expected = wanted(holed)
    assert np.isnan(expected).sum() > 20
    assert same_bits(found.values, expected.values)
    first, second = json.loads(found.attrs["volconv"])["steps"]
    assert (first["skipna"], first["min_weight"], first["weights"]) == (True, 0.3, None)
    assert second["weights"]["dims"] == ["x", "y"]


def test_steps_with_weights_are_sent_to_other_processes_as_they_are(folder, holed):
    pipeline = prepared(folder, CONFIG).plan.pipeline
    box = (Interval(2, 5), Interval(0, 4), Interval(3, 9))
    found = compute_box(
        pickle.loads(pickle.dumps(pipeline)),
        box,
        lambda cut: holed.values[tuple(one.slice for one in cut)],
    )
    expected = wanted(holed).values[tuple(side.slice for side in box)]
    assert same_bits(found, expected)


def test_other_weights_are_another_run(folder, holed):
    run(folder)
    write_areas(folder, areas(holed) + 1)
    with pytest.raises(PlanMismatch, match="step 2"):
        run(folder)
    with pytest.raises(PlanMismatch, match="step 2"):
        run(folder, CONFIG.replace("variable: area", "variable: other"))


def test_weights_may_be_moved(folder, holed):
    before = prepared(folder, CONFIG).plan.fingerprint
    (folder / "area.zarr").rename(folder / "moved.zarr")
    moved = prepared(folder, CONFIG.replace("area.zarr", "moved.zarr")).plan
    assert moved.fingerprint == before


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (
            "area.zarr",
            "arae.zarr",
            InputError,
            "weights.path: .* did you mean .*area.zarr",
        ),
        (
            "variable: area",
            "variable: aera",
            InputError,
            "weights.variable of .*'area'",
        ),
        (", variable: area", "", InputError, "say weights.variable"),
        (
            "path: out.zarr",
            "path: area.zarr/a",
            ConfigError,
            "the cell weights of step 2",
        ),
    ],
)
def test_faults_of_the_weights_are_told(folder, holed, old, new, error, message):
    with pytest.raises(error, match=message):
        prepared(folder, CONFIG.replace(old, new))


def test_weights_of_other_cells_are_refused(folder, holed):
    area = areas(holed)
    write_areas(folder, area.isel(y=slice(1, None)))
    with pytest.raises(
        DimError, match=r"step 2 \(box\), weights along 'y': got 13 cells"
    ):
        prepared(folder, CONFIG)
    write_areas(folder, area.assign_coords(x=area.x + 1))
    with pytest.raises(DimError, match=r"step 2 \(box\), weights along 'x': got other"):
        prepared(folder, CONFIG)
    write_areas(folder, -area)
    with pytest.raises(NumberError, match=r"block .* finite weights of at least 0"):
        run(folder)


def test_weights_of_an_array_by_itself(folder, holed):
    area = areas(holed)
    zarr.save_array(folder / "bare.zarr", area.values, zarr_format=3)
    text = CONFIG.replace(
        "{path: area.zarr, variable: area}", "{path: bare.zarr, dims: [x, y]}"
    )
    run(folder, text)
    found = xr.open_zarr(folder / "out.zarr", chunks=None).load().density
    assert same_bits(found.values, wanted(holed).values)


INTEGERS = """
version: 1
input: {path: bare.zarr, dims: [y, x]}
steps:
  - box: {size: 2, padding: valid, skipna: true}
output: {path: out.zarr}
"""


def test_fill_values_that_an_array_declares(tmp_path):
    counts = np.array([[4, -9, 6], [7, 8, -9], [-9, -9, 3]], "int16")
    zarr.save_array(tmp_path / "bare.zarr", counts, zarr_format=3)
    array = zarr.open_array(tmp_path / "bare.zarr", mode="r+")
    array.attrs["_FillValue"] = -9
    run(tmp_path, INTEGERS)
    found = xr.open_zarr(tmp_path / "out.zarr", chunks=None).load()["data"]
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, [[19 / 3, 7], [7.5, 5.5]], rtol=1e-6)
    kept = INTEGERS.replace("size: 2", "size: 1, dtype: int16").replace("out.", "kept.")
    run(tmp_path, kept)
    (variable,) = xr.open_zarr(
        tmp_path / "kept.zarr", chunks=None, mask_and_scale=False
    ).data_vars.values()
    np.testing.assert_array_equal(variable, counts)
    assert variable.attrs["_FillValue"] == -9
    (decoded,) = xr.open_zarr(tmp_path / "kept.zarr", chunks=None).data_vars.values()
    np.testing.assert_array_equal(np.isnan(decoded), counts == -9)


def test_declared_values_that_the_output_cannot_hold_are_refused(tmp_path):
    zarr.save_array(tmp_path / "bare.zarr", np.array([[4, -9]], "int16"))
    zarr.open_array(tmp_path / "bare.zarr", mode="r+").attrs["_FillValue"] = -9
    text = INTEGERS.replace("size: 2", "size: 1, dtype: int16")
    kept = text.replace("path: out.zarr", "path: out.zarr, dtype: int32")
    assert prepared(tmp_path, kept).plan.output.dtype == "int32"
    for dtype in ("uint8", "float32"):
        with pytest.raises(NumberError, match=rf"output\.dtype: got {dtype} .* -9"):
            prepared(tmp_path, kept.replace("int32", dtype))


def test_fill_values_that_xarray_writes_as_text(tmp_path):
    row = xr.DataArray([1.0, np.nan, 3.0], dims="x", name="v")
    encoding = {"v": {"_FillValue": 1e20}}
    row.to_zarr(
        tmp_path / "a.zarr", zarr_format=3, consolidated=False, encoding=encoding
    )
    assert zarr.open_array(tmp_path / "a.zarr/v", mode="r")[1] == 1e20
    text = INTEGERS.replace("bare.zarr, dims: [y, x]", "a.zarr/v")
    run(tmp_path, text)
    found = xr.open_zarr(tmp_path / "out.zarr", chunks=None).load()["data"]
    np.testing.assert_array_equal(found, [1, 3])


def test_a_join_declares_nothing(tmp_path):
    zarr.save_array(tmp_path / "bare.zarr", np.array([[4, -9]], "int16"))
    zarr.open_array(tmp_path / "bare.zarr", mode="r+").attrs["_FillValue"] = -9
    steps = "  - maximum: {from: [input, few]}\n"
    text = INTEGERS.replace("size: 2", "size: 1, dtype: int16, name: few")
    ready = prepared(tmp_path, text.replace("output:", f"{steps}output:"))
    assert "_FillValue" not in ready.labels[2].attrs


def test_chunks_of_weights_are_part_of_a_step_s_memory(folder, holed):
    def bytes_of_nothing():
        return prepared(folder, CONFIG).plan.steps[1].work_bytes(0, 0)

    small = bytes_of_nothing()  # chunks of 4 x 5 cells
    store = areas(holed).to_dataset().chunk(x=13, y=14)
    store.to_zarr(folder / "area.zarr", mode="w", zarr_format=3, consolidated=False)
    assert bytes_of_nothing() - small == 8 * 8 * (13 * 14 - 4 * 5)
