"""A run of a whole network has the bytes of its functions, one after the other."""

import numpy as np
import pytest
import xarray as xr

import volconv
from tests.run.runs import result, run

NETWORK = """
version: 1
input: {path: net.zarr}
steps:
  - conv: {weight: WEIGHT, bias: [1, 0, -1, 0.5], dims: [y, x], padding: 1}
  - batch_norm: {mean: [1, 2, 3, 4], variance: [1, 2, 3, 4], bias: [0, 1, 0, 1]}
  - prelu: {weight: [0.1, 0.2, 0.3, 0.4], save: hidden.zarr}
  - max_pool: {size: {y: 2, x: 2}}
  - gelu
  - softmax
output: {path: out.zarr, chunks: {channel: CHUNK, z: 2, y: 2, x: 3}}
"""


@pytest.mark.parametrize("chunk", [1, 3, 4])
def test_a_network_s_run_has_the_bytes_of_its_functions(tmp_path, chunk, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(4)
    data = xr.DataArray(
        random.standard_normal((2, 5, 9, 14), "float32"),
        {"x": np.arange(14) * 0.5},
        ("channel", "z", "y", "x"),
        name="scan",
    )
    store = data.to_dataset().chunk(channel=1, z=2, y=4, x=5)
    store.to_zarr(tmp_path / "net.zarr", consolidated=False)
    weight = random.integers(-3, 4, (4, 2, 3, 3)).tolist()
    text = NETWORK.replace("WEIGHT", str(weight)).replace("CHUNK", str(chunk))
    run(tmp_path, text)
    hidden = volconv.conv(
        data, weight, [1, 0, -1, 0.5], dims=("y", "x"), padding=1
    ).volconv.batch_norm([1, 2, 3, 4], [1, 2, 3, 4], bias=[0, 1, 0, 1])
    hidden = hidden.volconv.prelu([0.1, 0.2, 0.3, 0.4])
    pooled = volconv.max_pool(hidden, {"y": 2, "x": 2})
    expected = pooled.volconv.gelu().volconv.softmax()
    kept = result(tmp_path, "hidden.zarr").scan
    assert kept.values.tobytes() == hidden.values.tobytes()
    found = result(tmp_path, "out.zarr").scan
    assert found.values.tobytes() == expected.values.tobytes()
    assert found.x.values.tolist() == expected.x.values.tolist()
