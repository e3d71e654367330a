"""Seams of a tiled network, drawn: a U-Net in blocks, and in tiles that are blended.

    pip install '.[demo,onnx]'
    python scripts/seams.py FOLDER

Writes a 3-D U-Net of four levels with random weights (unet.onnx), runs it over a volume
at once, by blocks of volconv, and by overlapping tiles whose results are blended, as is
done elsewhere; prints how far the latter two are from the first, and draws a plane of
each with its difference (seams.png).
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import onnx
import xarray as xr
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

import volconv

mpl.use("Agg")
from matplotlib import pyplot as plt

DIMS = ("z", "y", "x")
LEVELS = 4
WIDTH = 4
TILE, OVERLAP = 48, 16

Array = NDArray[np.float32]


class Network:
    """An ONNX graph under construction, its weights drawn by chance."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        """The result of a new node."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def weight(self, *shape: int, products: int) -> str:
        """Weights that keep the size of what goes through them."""
        values = self.random.standard_normal(shape) * np.sqrt(2 / products)
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values.astype("float32"), name))
        return name

    def twice(self, x: str, inputs: int, outputs: int) -> str:
        """Two convolutions of 3 cells, each with a rectifier."""
        for channels in (inputs, outputs):
            weight = self.weight(outputs, channels, 3, 3, 3, products=27 * channels)
            x = self.node("Relu", [self.node("Conv", [x, weight], pads=[1] * 6)])
        return x


def unet() -> onnx.ModelProto:
    """A U-Net: down by pooling, up by transposed convolutions, branches concatenated."""
    made = Network(0)
    x, inputs, branches = "volume", 1, []
    for level in range(LEVELS - 1):
        x = made.twice(x, inputs, WIDTH << level)
        branches.append(x)
        inputs = WIDTH << level
        x = made.node("MaxPool", [x], kernel_shape=[2] * 3, strides=[2] * 3)
    x = made.twice(x, inputs, WIDTH << LEVELS - 1)
    for level in reversed(range(LEVELS - 1)):
        below, here = WIDTH << level + 1, WIDTH << level
        weight = made.weight(below, here, 2, 2, 2, products=below)
        x = made.node("ConvTranspose", [x, weight], strides=[2] * 3)
        x = made.node("Concat", [branches[level], x], axis=1)
        x = made.twice(x, 2 * here, here)
    last = made.weight(1, WIDTH, 1, 1, 1, products=WIDTH)
    x = made.node("Sigmoid", [made.node("Conv", [x, last])])
    sizes: list[str | int | None] = ["batch", 1, *DIMS]
    graph = helper.make_graph(
        made.nodes,
        "unet",
        [helper.make_tensor_value_info("volume", TensorProto.FLOAT, sizes)],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, sizes)],
        made.weights,
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9)


def volume(size: int) -> xr.DataArray:
    """Blobs in noise."""
    noise = np.random.default_rng(1).standard_normal((size // 2, size, size), "float32")
    cells = xr.DataArray(noise, dims=DIMS)
    blobs = volconv.gaussian(cells, 3, boundary="wrap")
    return (blobs / blobs.std() + 0.2 * cells).expand_dims("channel")


def blended(cells: xr.DataArray, path: Path) -> Array:
    """The mean of overlapping tiles, each weighted by how deep a cell lies in it."""
    total, share = np.zeros(cells.shape, "float64"), np.zeros(cells.shape)
    side = np.minimum(np.arange(TILE) + 1, np.arange(TILE)[::-1] + 1) / (TILE / 2)
    starts = [
        sorted({*range(0, n - TILE, TILE - OVERLAP), max(0, n - TILE)})
        for n in cells.shape[1:]
    ]
    for place in itertools.product(*starts):
        box = dict(zip(DIMS, (slice(a, a + TILE) for a in place), strict=True))
        found = volconv.onnx(cells.isel(box), path).values
        depth = np.ones(found.shape[1:])
        for axis, n in enumerate(found.shape[1:]):
            depth *= np.expand_dims(side[:n], [one for one in range(3) if one != axis])
        where = (slice(None), *box.values())
        total[where] += found * depth
        share[where] += depth
    return (total / share).astype("float32")


def main() -> None:
    """Run, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=128)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    path = given.folder / "unet.onnx"
    onnx.save(unet(), path)
    cells = volume(given.size)
    whole = volconv.onnx(cells, path).values
    blocks = volconv.onnx(cells.chunk(dict.fromkeys(DIMS, 40)), path).compute().values
    results = {
        "in one piece": whole,
        "by blocks of 40³": blocks,
        f"tiles of {TILE}³ that overlap by {OVERLAP}, blended": blended(cells, path),
    }
    figure, axes = plt.subplots(2, 3, figsize=(12, 8), layout="constrained")
    plane = (0, given.size // 4)
    for column, (name, found) in enumerate(results.items()):
        apart = np.abs(found - whole)
        print(f"{name}: at most {apart.max():.3g} from it, of {np.ptp(whole):.3g}")
        axes[0, column].imshow(found[plane], vmin=whole.min(), vmax=whole.max())
        axes[0, column].set_title(name)
        axes[1, column].imshow(apart[plane], vmin=0, vmax=0.1, cmap="magma")
        axes[1, column].set_title(f"difference, at most {apart.max():.3g}")
    figure.colorbar(axes[1, -1].images[0], ax=axes[1, :])
    figure.savefig(given.folder / "seams.png", dpi=80)


if __name__ == "__main__":
    main()
