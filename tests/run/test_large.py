"""Runs whose blocks are larger than any piece that is read, against the functions."""

import json
import math

import numpy as np
import pytest
import xarray as xr

import volconv
from tests.run.runs import result, run
from volconv.io import source

SHAPE = (150, 190, 230)
CHUNKS = dict(zip("zyx", (96, 64, 100), strict=True))
STORED = dict(zip("zyx", (150, 95, 230), strict=True))
KERNEL = (np.arange(-13.0, 14) / 8).reshape(3, 3, 3).tolist()
CASES = {
    "correlate": {
        "kernel": KERNEL,
        "dims": ["z", "y", "x"],
        "dilation": 2,
        "padding": "same",
        "boundary": "wrap",
    },
    "correlate_bank": {
        "kernels": [KERNEL, KERNEL[::-1]],
        "dims": ["z", "y", "x"],
        "stride": {"y": 3},
    },
    "gaussian": {"sigma": 3, "stride": 2, "boundary": "reflect", "skipna": True},
    "gradient_magnitude": {"boundary": "symmetric"},
    "median_pool": {"size": {"y": 3, "x": 3}, "stride": 1, "padding": "same"},
    "mean_pool": {"size": {"z": 2, "x": 3}},
    "pad": {"padding": {"y": 3, "x": 4}, "boundary": "edge"},
    "upsample": {"factor": {"z": 2}, "method": "linear"},
}


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A folder with a volume, and the volume; some of its cells are missing."""
    rng = np.random.default_rng(3)
    cells = rng.random(SHAPE, "f4")
    cells[rng.random(SHAPE, "f4") < 0.1] = np.nan
    cells[20:60, 30:120, 40:200] = np.nan
    coords = {
        dim: 0.5 * np.arange(size) for dim, size in zip("zyx", SHAPE, strict=True)
    }
    volume = xr.DataArray(cells, coords, ("z", "y", "x"), "density")
    folder = tmp_path_factory.mktemp("large")
    stored = volume.to_dataset().chunk(CHUNKS)
    stored.to_zarr(folder / "in.zarr", zarr_format=3, consolidated=False)
    return folder, volume


@pytest.mark.parametrize(("step", "options"), CASES.items(), ids=CASES.keys())
@pytest.mark.parametrize("memory", [400, 1000], ids="{}MiB".format)
def test_a_run_writes_what_the_function_computes(large, step, options, memory):
    folder, volume = large
    text = "\n".join(
        [
            "version: 1",
            "input: {path: in.zarr}",
            f"steps: {json.dumps([{step: options}])}",
            f"output: {{path: {step}{memory}.zarr, chunks: {json.dumps(STORED)}}}",
        ]
    )
    run(folder, text, limits={"memory": memory * 2**20})
    found = result(folder, f"{step}{memory}.zarr").density
    expected = getattr(volconv, step)(volume, **options)
    assert math.prod(STORED.values()) * volume.dtype.itemsize > source.PIECE
    assert found.dims == expected.dims
    assert found.values.tobytes() == expected.values.tobytes()
    xr.testing.assert_identical(
        found.coords.to_dataset().drop_attrs(),
        expected.coords.to_dataset().drop_attrs(),
    )
