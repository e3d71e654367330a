"""Networks in ONNX files, their weights drawn by chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

DIMS = ("z", "y", "x")


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
        return self.constant(values.astype("float32"))

    def model(self, result: str, sizes: Sequence[str | int]) -> onnx.ModelProto:
        """The file of the network, from "volume", of channels and sizes, to a result."""
        shape: list[str | int | None] = ["batch", *sizes]
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info("volume", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(result, TensorProto.FLOAT, None)],
            self.weights,
        )
        opset = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opset, ir_version=9)

    def constant(self, values: NDArray[np.float32]) -> str:
        """Weights that are given."""
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def twice(self, x: str, inputs: int, outputs: int) -> str:
        """Two convolutions of 3 cells, each with a rectifier."""
        for channels in (inputs, outputs):
            weight = self.weight(outputs, channels, 3, 3, 3, products=27 * channels)
            x = self.node("Relu", [self.node("Conv", [x, weight], pads=[1] * 6)])
        return x


def unet(levels: int, width: int) -> onnx.ModelProto:
    """A U-Net: down by pooling, up by transposed convolutions, branches concatenated.

    Parameters
    ----------
    levels : int
        How many sizes of cells there are.
    width : int
        Channels of the finest; each coarser one has twice as many.
    """
    made = Network(0)
    x, inputs, branches = "volume", 1, []
    for level in range(levels - 1):
        x = made.twice(x, inputs, width << level)
        branches.append(x)
        inputs = width << level
        x = made.node("MaxPool", [x], kernel_shape=[2] * 3, strides=[2] * 3)
    x = made.twice(x, inputs, width << levels - 1)
    for level in reversed(range(levels - 1)):
        below, here = width << level + 1, width << level
        weight = made.weight(below, here, 2, 2, 2, products=below)
        x = made.node("ConvTranspose", [x, weight], strides=[2] * 3)
        x = made.node("Concat", [branches[level], x], axis=1)
        x = made.twice(x, 2 * here, here)
    last = made.weight(1, width, 1, 1, 1, products=width)
    x = made.node("Sigmoid", [made.node("Conv", [x, last])])
    return made.model(x, (1, *DIMS))
