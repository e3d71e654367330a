"""Operators of ONNX as steps of ours: a table, and a builder for each row.

A builder takes a node and returns a function that makes its step, once the sizes of
what it reads are known. Names and defaults of attributes are those of the ONNX operator
specification.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from volconv.compute.pointwise import Linear
from volconv.errors import KindError
from volconv.meta import ArrayMeta
from volconv.network.axes import Axes
from volconv.network.graph import Graph, GraphNode
from volconv.network.windows import node_windows, pad_windows, pads_of
from volconv.steps import Step, WindowOptions
from volconv.steps.activations import (
    elu_step,
    gelu_step,
    leaky_relu_step,
    relu_step,
    sigmoid_step,
    tanh_step,
)
from volconv.steps.arithmetic import join_step
from volconv.steps.channelwise import (
    NormNumbers,
    batch_norm_step,
    channel_step,
    prelu_step,
)
from volconv.steps.conv import LayerOptions, conv_step
from volconv.steps.frame import pad_step
from volconv.steps.pointwise import float_numbers
from volconv.steps.pooling import mean_pool_step, pool_step
from volconv.steps.ranges import clip_step

__all__ = ["ALIASES", "OPERATORS", "Build"]

Build = Callable[[Sequence[ArrayMeta]], Step]
Builder = Callable[[Graph, GraphNode, Axes], Build]

ALIASES = ("Identity", "Dropout")
"""Operators whose first output is their first input."""


def conv(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """A convolution layer."""
    weight, bias = graph.constant_of(node, 1), graph.constant_of(node, 2)
    groups = node.attributes.get("group", 1)

    def build(sources: Sequence[ArrayMeta]) -> Step:
        (meta,) = sources
        layer = LayerOptions(axes.channel, axes.of(meta), groups)
        return conv_step(meta, weight, bias, layer, moves(graph, node, axes, meta))

    return build


def moves(
    graph: Graph, node: GraphNode, axes: Axes, meta: ArrayMeta, fill_value: complex = 0
) -> WindowOptions:
    """Strides, paddings and dilations of a node over an array."""
    dims = axes.of(meta)
    windows = dict(
        zip(dims, node_windows(graph, node, [meta.sizes[d] for d in dims]), strict=True)
    )
    return WindowOptions(
        {dim: window.stride for dim, window in windows.items()},
        {dim: window.padding for dim, window in windows.items()},
        {dim: window.dilation for dim, window in windows.items()},
        "constant",
        fill_value,
    )


def sizes(node: GraphNode, axes: Axes, meta: ArrayMeta) -> dict[str, int]:
    """Cells of a pooling window by dimension."""
    return dict(zip(axes.of(meta), node.attributes["kernel_shape"], strict=True))


def max_pool(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """The largest of each window; what is padded is never the largest."""
    if len(node.outputs) > 1 and node.outputs[1]:
        raise KindError(node.where, "a second output, of indices", "one output")

    def build(sources: Sequence[ArrayMeta]) -> Step:
        (meta,) = sources
        dtype = np.dtype(meta.dtype)
        lowest = np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf
        options = moves(graph, node, axes, meta, lowest if dtype.kind != "b" else 0)
        size = sizes(node, axes, meta)
        return pool_step("max", meta, size, options.stride, None, options)

    return build


def average_pool(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """The mean of each window."""

    def build(sources: Sequence[ArrayMeta]) -> Step:
        (meta,) = sources
        options = moves(graph, node, axes, meta)
        paddings = cast("Mapping[str, tuple[int, int]]", options.padding)
        is_padded = any(any(pair) for pair in paddings.values())
        if is_padded and (not counts_padding(node)):
            raise KindError(
                node.where, "means of what lies inside alone", "count_include_pad 1"
            )
        size = sizes(node, axes, meta)
        return mean_pool_step(meta, size, options.stride, None, options)

    return build


def counts_padding(node: GraphNode) -> bool:
    """Whether zeros that are padded take part in a mean."""
    is_cut = bool(node.attributes.get("ceil_mode", 0))
    return bool(node.attributes.get("count_include_pad", 0)) and not is_cut


def batch_norm(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """A normalisation by what training has found."""
    if node.attributes.get("training_mode", 0):
        raise KindError(node.where, "training_mode 1", "a network that is trained")
    gain, bias, mean, variance = (
        graph.constant_of(node, place) for place in range(1, 5)
    )
    eps = node.attributes.get("epsilon", 1e-5)
    learned = NormNumbers(mean, variance, gain, bias, eps)
    return lambda sources: batch_norm_step(one(sources), learned, axes.channel)


def one(sources: Sequence[ArrayMeta]) -> ArrayMeta:
    """The input of a step that has one."""
    (meta,) = sources
    return meta


def activation(step: Callable[..., Step], *defaults: tuple[str, Any]) -> Builder:
    """The builder of a function of single cells, with its attributes in order."""

    def build(graph: Graph, node: GraphNode, axes: Axes) -> Build:
        del graph, axes
        values = [node.attributes.get(key, default) for key, default in defaults]
        return lambda sources: step(one(sources), *values)

    return build


def prelu(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """A slope below zero that was learned, one for all or one for each channel."""
    slope = graph.constant_of(node, 1)
    numbers = by_channel(node, slope, axes)
    return lambda sources: prelu_step(one(sources), numbers, axes.channel)


def by_channel(node: GraphNode, values: Any, axes: Axes) -> Any:
    """Numbers of a constant that is one number, or one for each channel.

    Raises
    ------
    KindError
        If it has several along another axis.
    """
    shape = np.shape(values)
    # aligned at the end, as broadcasting has it: channels lie before the spatial axes
    channels = shape[-axes.count - 1] if len(shape) > axes.count else 1
    if np.size(values) not in (1, channels):
        raise KindError(
            node.where,
            f"a constant of shape {shape}",
            "one number, or one for each channel",
        )
    return np.reshape(values, -1)


def clip(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """Values within two ends: attributes before opset 11, inputs since."""
    del axes
    ends = []
    for place, key in enumerate(("min", "max"), start=1):
        end = graph.constant_of(node, place)
        value = node.attributes.get(key) if end is None else end.item()
        ends.append(None if value is None or abs(value) > BEYOND else value)
    return lambda sources: clip_step(one(sources), *ends)


BEYOND = 3.4e38
"""What older files write for an end that is none: the largest float32."""


def pad(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """Cells added along the spatial axes."""
    pads = pads_of(graph, node)
    mode = node.attributes.get("mode", "constant")
    value = graph.constant_of(node, 2)
    fill = node.attributes.get("value", 0.0) if value is None else value.item()
    if pads is None:
        raise KindError(
            node.where, "pads that are computed, or axes", "constant pads of all axes"
        )
    half = len(pads) // 2
    others = [*pads[: half - axes.count], *pads[half : 2 * half - axes.count]]
    if min(pads) < 0 or any(others):
        raise KindError(
            node.where, f"pads {list(pads)}", "pads of at least 0, of spatial axes"
        )
    windows = pad_windows(pads, axes.count)

    def build(sources: Sequence[ArrayMeta]) -> Step:
        meta = one(sources)
        pairs = {
            dim: window.padding
            for dim, window in zip(axes.of(meta), windows, strict=True)
        }
        return pad_step(meta, pairs, mode, fill)

    return build


def join(name: str, graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """An operation over several results, or over one and a constant."""
    constants = [
        place for place, read in enumerate(node.inputs) if graph.is_constant(read)
    ]
    if not constants:
        return lambda sources: join_step(name, sources, None)
    if (
        len(node.inputs) != 2
        or name not in LINEAR
        or (constants != [1] and name == "divide")
    ):
        raise KindError(
            node.where, "a constant among what it joins", "computed results"
        )
    values = by_channel(node, graph.constant_of(node, constants[0]), axes)
    numbers = values.astype("float64")
    factors, offsets = LINEAR[name](numbers, constants[0])

    def build(sources: Sequence[ArrayMeta]) -> Step:
        meta = one(sources)
        found = float_numbers(meta, None)
        meta.require([axes.channel], "channel")
        count = meta.sizes[axes.channel]
        lines = [
            Linear(factor, offset, found.compute)
            for factor, offset in zip(
                np.broadcast_to(factors, count).tolist(),
                np.broadcast_to(offsets, count).tolist(),
                strict=True,
            )
        ]
        return channel_step(name, meta, lines, axes.channel, found, None)

    return build


Numbers = np.ndarray
LINEAR: Mapping[str, Callable[[Any, int], tuple[Any, Any]]] = {
    "add": lambda c, _: (np.ones_like(c), c),
    "subtract": lambda c, place: (
        (np.ones_like(c), -c) if place else (-np.ones_like(c), c)
    ),
    "multiply": lambda c, _: (c, np.zeros_like(c)),
    "divide": lambda c, _: (1 / c, np.zeros_like(c)),
}
"""An operation with a constant as its second input, or its first, as a line."""


def joining(name: str) -> Builder:
    """The builder of an operation over several results."""
    return lambda graph, node, axes: join(name, graph, node, axes)


OPERATORS: Mapping[str, Builder] = {
    "Conv": conv,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "BatchNormalization": batch_norm,
    "Relu": activation(relu_step),
    "LeakyRelu": activation(leaky_relu_step, ("alpha", 0.01)),
    "Elu": activation(elu_step, ("alpha", 1.0)),
    "Sigmoid": activation(sigmoid_step),
    "Tanh": activation(tanh_step),
    "Gelu": activation(gelu_step, ("approximate", "none")),
    "PRelu": prelu,
    "Clip": clip,
    "Pad": pad,
    "Add": joining("add"),
    "Sum": joining("add"),
    "Sub": joining("subtract"),
    "Mul": joining("multiply"),
    "Div": joining("divide"),
    "Max": joining("maximum"),
    "Min": joining("minimum"),
}
"""The builder of each operator that is known."""
