"""Convolution layers: against torch.conv3d, by channels."""

import numpy as np
import pytest
import xarray as xr

import volconv
from benchmarks import peers


@pytest.mark.benchmark(group="layers, the same job")
@pytest.mark.parametrize("channels", [(1, 16), (16, 16), (32, 32), (64, 64), (3, 3)])
def test_same_job(race, channels):
    inputs, outputs = channels
    random = np.random.default_rng(0)
    cells = random.standard_normal((inputs, 32, 64, 64), "float32")
    weight = random.standard_normal((outputs, inputs, 3, 3, 3), "float32")
    data = xr.DataArray(cells, dims=("channel", "z", "y", "x"))
    race(
        f"conv 3^3, {inputs} to {outputs} channels",
        lambda: volconv.conv(data, weight, padding=1).values,
        {"torch.conv3d": peers.torch_layer(cells, weight, 1)}
        if peers.has("torch")
        else {},
    )
