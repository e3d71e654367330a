"""Runs of networks that make a volume coarser and finer again: bytes of the functions."""

import shutil

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

import volconv
from tests.run.conftest import prepared, stopping_at
from tests.run.runs import result, run, tree
from volconv.plan.report import plan_json, plan_text
from volconv.run.runner import run_plan

NETWORK = """
version: 1
input: {path: in.zarr}
steps:
  - crop: {region: {z: [0, 8], y: [1, 13], x: [0, 12]}, name: whole}
  - max_pool: {size: 2, name: coarse, save: coarse.zarr}
  - gaussian: {sigma: 0.6, boundary: edge, save: smooth.zarr}
  - upsample: {factor: 2, method: METHOD, name: fine}
  - add: {from: [fine, whole]}
output: {path: out.zarr, chunks: CHUNKS}
"""
LAYERS = """
version: 1
input: {path: in.zarr}
steps:
  - conv: {weight: WEIGHT0, dims: [z, x], channel: y, padding: 1, name: skip}
  - max_pool: {size: {z: 2, x: 2}, save: coarse.zarr}
  - conv_transpose:
      weight: WEIGHT1
      bias: [0.5, -0.5, 2]
      channel: y
      dims: [z, x]
      stride: 2
      output_padding: 1
      name: fine
  - add: {from: [fine, skip]}
output: {path: out.zarr, chunks: CHUNKS}
"""
BOTH = """
version: 1
input: {path: in.zarr}
steps:
  - crop: {region: {z: [0, 8]}, name: whole}
  - max_pool: {size: {z: 2, y: 2, x: 1}, save: coarse.zarr}
  - upsample: {factor: {z: 2}, method: linear, name: fine}
  - concat: {from: [fine, whole, fine], dim: y, save: both.zarr}
  - box: {size: {y: 3}}
output: {path: out.zarr, chunks: CHUNKS}
"""
CHUNKS = (
    "{z: 3, y: 4, x: 5}",
    "{z: 8, y: 1, x: 7}",
    "{z: 2, y: 6, x: 5}",
    "{z: 5, y: 12, x: 12}",
)


def network(volume, method):
    """The results of the steps, each over the whole result of the one before."""
    whole = volconv.crop(volume, {"z": (0, 8), "y": (1, 13), "x": (0, 12)})
    coarse = volconv.max_pool(whole, 2)
    smooth = volconv.gaussian(coarse, 0.6, boundary="edge")
    fine = volconv.upsample(smooth, 2, method=method)
    return {"coarse": coarse, "smooth": smooth, "out": fine + whole.values}


def text_of(method="linear", chunks=CHUNKS[0]):
    return NETWORK.replace("METHOD", method).replace("CHUNKS", chunks)


def values(folder, name):
    return result(folder, f"{name}.zarr").density


@pytest.mark.parametrize("method", ["nearest", "linear"])
@pytest.mark.parametrize("chunks", CHUNKS)
@pytest.mark.parametrize("fuse", [True, False])
def test_a_run_writes_what_the_functions_compute_bit_for_bit(
    folder, volume, method, chunks, fuse
):
    ready = prepared(folder, text_of(method, chunks), fuse=fuse)
    run_plan(ready.plan, ready.source, ready.labels)
    for name, expected in network(volume, method).items():
        found = values(folder, name)
        assert found.dims == expected.dims
        assert found.values.tobytes() == expected.values.tobytes()
        for dim in ("z", "x"):
            assert_array_equal(found[dim], expected[dim])


@pytest.mark.parametrize("chunks", ["{z: 4, y: 1, x: 5}", "{z: 3, y: 3, x: 3}"])
@pytest.mark.parametrize("memory", [2**28, 2**30])
def test_layers_down_and_up_again(folder, volume, chunks, memory):
    rng = np.random.default_rng(2)
    down = rng.integers(-3, 4, (3, 14, 3, 3))
    up = rng.integers(-3, 4, (3, 3, 2, 2))
    text = LAYERS.replace("WEIGHT0", str(down.tolist()))
    text = text.replace("WEIGHT1", str(up.tolist())).replace("CHUNKS", chunks)
    run(folder, text, limits={"memory": memory})
    skip = volconv.conv(volume, down, dims=("z", "x"), channel="y", padding=1)
    coarse = volconv.max_pool(skip, {"z": 2, "x": 2})
    fine = volconv.conv_transpose(
        coarse,
        up,
        [0.5, -0.5, 2],
        dims=("z", "x"),
        channel="y",
        stride=2,
        output_padding=1,
    )
    for name, one in (("coarse", coarse), ("out", fine + skip.values)):
        found = values(folder, name)
        assert found.values.tobytes() == one.values.tobytes()
        assert_array_equal(found.x, one.x)


@pytest.mark.parametrize("chunks", ["{z: 3, y: 4, x: 5}", "{z: 8, y: 28, x: 2}"])
@pytest.mark.parametrize("fuse", [True, False])
def test_branches_one_behind_the_other(folder, volume, chunks, fuse):
    ready = prepared(folder, BOTH.replace("CHUNKS", chunks), fuse=fuse)
    assert "7 of 28 cells, from number 0" in plan_text(ready.plan, ready.coords)
    run_plan(ready.plan, ready.source, ready.labels)
    whole = volconv.crop(volume, {"z": (0, 8)})
    coarse = volconv.max_pool(whole, {"z": 2, "y": 2, "x": 1})
    fine = volconv.upsample(coarse, {"z": 2}, method="linear")
    cells = np.concatenate([fine.values, whole.values, fine.values], axis=1)
    both = xr.DataArray(cells, fine.coords, fine.dims, attrs=fine.attrs)
    out = volconv.box(both, {"y": 3})
    for name, one in (("coarse", coarse), ("both", both), ("out", out)):
        found = values(folder, name)
        assert found.values.tobytes() == one.values.tobytes()
        assert set(found.coords) == {"z", "x"}
        assert_array_equal(found.z, one.z)


def test_the_coordinates_are_those_of_the_input_again(folder, volume):
    run(folder, text_of())
    found = values(folder, "out")
    assert_array_equal(found.x, volume.x[:12])
    assert_array_equal(found.z, volume.z[:8])


def test_the_plan_says_how_many_outputs_a_cell_has(folder):
    ready = prepared(folder, text_of())
    text = plan_text(ready.plan, ready.coords)
    assert "2 for each cell, each cell spread over 4" in text
    assert plan_json(ready.plan, ready.coords)["output"]["sizes"] == {
        "z": 8,
        "y": 12,
        "x": 12,
    }


@pytest.mark.parametrize(("factor", "unit"), [(2, 5), (3, 7), (3, 64)])
def test_many_blocks_of_any_size_fit_together(tmp_path, factor, unit):
    """Saves on the way have whole storage units, whichever blocks write them."""
    rng = np.random.default_rng(5)
    line = xr.DataArray(rng.random(301), dims="x", name="density")
    store = line.to_dataset().chunk(x=16)
    store.to_zarr(tmp_path / "in.zarr", zarr_format=3, consolidated=False)
    text = f"""
version: 1
input: {{path: in.zarr}}
steps:
  - box: {{size: 3, save: box.zarr}}
  - box: {{size: 3, stride: 2, padding: valid, save: half.zarr}}
  - upsample: {{factor: {factor}, method: linear, save: fine.zarr}}
  - box: {{size: 2, padding: valid}}
output: {{path: out.zarr, chunks: {{x: {unit}}}}}
"""
    ready = prepared(tmp_path, text)
    assert len(ready.plan.stages) == 1
    run_plan(ready.plan, ready.source, ready.labels)
    box = volconv.box(line, 3)
    half = volconv.box(box, 3, stride=2, padding="valid")
    fine = volconv.upsample(half, factor, method="linear")
    out = volconv.box(fine, 2, padding="valid")
    for name, one in (("box", box), ("half", half), ("fine", fine), ("out", out)):
        assert values(tmp_path, name).values.tobytes() == one.values.tobytes()


def test_an_interrupted_run_goes_on(folder):
    text = text_of(chunks="{z: 3, y: 5, x: 12}")
    run(folder, text)
    stores = ("coarse", "smooth", "out")
    whole = {name: tree(folder / f"{name}.zarr") for name in stores}
    for name in whole:
        shutil.rmtree(folder / f"{name}.zarr")
    with pytest.raises(KeyboardInterrupt):
        run(folder, text, progress=stopping_at(3))
    assert run(folder, text).kept >= 3
    assert {name: tree(folder / f"{name}.zarr") for name in stores} == whole


def test_another_method_or_factor_is_another_plan(folder):
    plain = prepared(folder, text_of()).plan.fingerprint
    changed = prepared(folder, text_of("nearest")).plan.fingerprint
    assert [key for key in plain if plain[key] != changed[key]] == ["step 4 (upsample)"]
