"""Layers and a network of them: against PyTorch and ONNX Runtime, one thread each."""

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

import volconv
from benchmarks import peers

LEVELS = 4


@dataclass(frozen=True)
class Layer:
    """A layer and what it goes over."""

    inputs: int
    outputs: int
    kernel: int
    stride: int
    shape: tuple[int, int, int]
    transposed: bool = False

    @property
    def title(self):
        name = "conv_transpose" if self.transposed else "conv"
        stride = f", stride {self.stride}" if self.stride > 1 else ""
        channels = f"{self.inputs} to {self.outputs} channels"
        return f"{name} {self.kernel}^3{stride}, {channels}"

    @property
    def work(self):
        """Operations of the definition, without what lies beyond the edge."""
        moves = 1 if self.transposed else self.stride**3
        products = self.inputs * self.outputs * self.kernel**3
        return 2 * products * np.prod(self.shape) / moves

    def __call__(self, data, weight):
        if self.transposed:
            return volconv.conv_transpose(data, weight, stride=self.stride).values
        padding = (self.kernel - 1) // 2
        return volconv.conv(data, weight, stride=self.stride, padding=padding).values


LAYERS = [
    Layer(3, 3, 3, 1, (64, 128, 128)),
    Layer(1, 16, 3, 1, (64, 128, 128)),
    Layer(16, 16, 3, 1, (64, 128, 128)),
    Layer(32, 32, 3, 1, (32, 64, 64)),
    Layer(64, 64, 3, 1, (32, 64, 64)),
    Layer(128, 128, 3, 1, (20, 30, 30)),
    Layer(16, 16, 3, 2, (64, 128, 128)),
    Layer(32, 32, 3, 2, (64, 128, 128)),
    Layer(64, 64, 3, 2, (32, 64, 64)),
    Layer(128, 128, 3, 2, (32, 64, 64)),
    Layer(16, 16, 1, 1, (64, 128, 128)),
    Layer(32, 32, 1, 1, (64, 128, 128)),
    Layer(64, 64, 1, 1, (32, 64, 64)),
    Layer(128, 128, 1, 1, (20, 30, 30)),
    Layer(32, 16, 2, 2, (32, 64, 64), transposed=True),
    Layer(64, 32, 2, 2, (32, 32, 32), transposed=True),
    Layer(128, 64, 2, 2, (16, 16, 16), transposed=True),
]


@pytest.mark.benchmark(group="layers, the same job")
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.title)
def test_same_job(race, cases, layer):
    random = np.random.default_rng(0)
    shape = (4, 6, 20) if cases.is_tiny else layer.shape
    cells = random.standard_normal((layer.inputs, *shape), "float32")
    first = [layer.outputs, layer.inputs]
    if layer.transposed:
        first.reverse()
    weight = random.standard_normal((*first, *(layer.kernel,) * 3), "float32")
    data = xr.DataArray(cells, dims=("channel", "z", "y", "x"))
    others = {}
    if peers.has("torch"):
        others["torch"] = peers.torch_layer(
            cells, weight, layer.stride, transposed=layer.transposed
        )
    if peers.has("onnxruntime"):
        others["ONNX Runtime"] = peers.onnx_layer(
            cells, weight, layer.stride, transposed=layer.transposed
        )
    race(layer.title, lambda: layer(data, weight), others, work=layer.work)


@pytest.mark.benchmark(group="layers, by the order of the axes")
@pytest.mark.parametrize("channels", [(1, 16), (16, 16), (64, 64)])
def test_channels_last(race, cases, channels):
    inputs, outputs = channels
    random = np.random.default_rng(0)
    shape = (4, 6, 20) if cases.is_tiny else (32, 64, 64)
    cells = random.standard_normal((inputs, *shape), "float32")
    weight = random.standard_normal((outputs, inputs, 3, 3, 3), "float32")
    data = xr.DataArray(cells, dims=("channel", "z", "y", "x"))
    last = data.transpose("z", "y", "x", "channel").copy()

    def of_last():
        found = volconv.conv(last, weight, dims=("z", "y", "x"), padding=1)
        return found.transpose("channel", ...).values

    race(
        f"conv 3^3, {inputs} to {outputs} channels, channels first",
        lambda: volconv.conv(data, weight, padding=1).values,
        {"channels last": of_last},
    )


@pytest.mark.benchmark(group="networks, the same job")
@pytest.mark.parametrize(("width", "size"), [(4, 128), (16, 64), (16, 128)])
def test_unet(race, cases, tmp_path, width, size):
    onnx = pytest.importorskip("onnx", reason="networks are read by onnx")
    from benchmarks.networks import unet

    size = 16 if cases.is_tiny else size
    path = str(tmp_path / "unet.onnx")
    onnx.save(unet(LEVELS, width), path)
    random = np.random.default_rng(0)
    cells = random.standard_normal((1, size // 2, size, size), "float32")
    data = xr.DataArray(cells, dims=("channel", "z", "y", "x"))
    others = {}
    if peers.has("onnxruntime"):
        others["ONNX Runtime"] = peers.onnx_network(path, cells)
    race(
        f"U-Net, {LEVELS} levels, {width} channels, {size // 2}x{size}x{size}",
        lambda: volconv.onnx(data, path).values,
        others,
    )
