"""Builders of operators of single cells, and of several results: see `operators`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.elementwise import Bound, Quotient
from volconv.compute.pointwise import CellFunction, Linear
from volconv.errors import KindError
from volconv.meta import ArrayMeta
from volconv.network.axes import Axes, Build, Builder, one
from volconv.network.graph import Graph, GraphNode
from volconv.steps import Step
from volconv.steps.activations import gelu_step
from volconv.steps.cellwise import join_step
from volconv.steps.channelwise import (
    NormNumbers,
    batch_norm_step,
    channel_step,
    prelu_step,
)
from volconv.steps.concat import concat_step
from volconv.steps.pointwise import cast_step, float_numbers
from volconv.steps.ranges import clip_step

__all__ = [
    "batch_norm",
    "clip",
    "concat",
    "gelu",
    "joining",
    "prelu",
]


def batch_norm(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """A normalisation by what training has found."""
    if node.attributes.get("training_mode", 0):
        raise KindError(node.where, "training_mode 1", "a network that is trained")
    gain, bias, mean, variance = (
        graph.constant_of(node, index) for index in range(1, 5)
    )
    eps = node.number("epsilon", 1e-5)
    learned = NormNumbers(mean, variance, gain, bias, eps)
    return lambda sources: batch_norm_step(one(sources), learned, axes.channel)


def gelu(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """Values times the share of the normal distribution below them."""
    del graph, axes
    approximate = node.attributes.get("approximate", "none")
    return lambda sources: gelu_step(one(sources), approximate)


def prelu(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """A slope below zero that was learned, one for all or one for each channel."""
    slope = graph.constant_of(node, 1)
    numbers = by_channel(graph, node, slope, axes)
    return lambda sources: prelu_step(one(sources), numbers, axes.channel)


def by_channel(graph: Graph, node: GraphNode, values: Any, axes: Axes) -> Any:
    """Numbers of a constant that is one number, or one for each channel.

    Raises
    ------
    KindError
        If it has several along another axis, or more axes than the data.
    """
    shape = np.shape(values)
    if graph.opset < 7 and len(shape) == 1:
        is_along = node.op == "PRelu" or node.attributes.get("axis") == 1
        channels = shape[0] if is_along else 1
    else:
        # aligned at the end, as broadcasting has it: channels before the spatial axes
        channels = shape[-axes.count - 1] if len(shape) > axes.count else 1
    if np.size(values) not in (1, channels) or len(shape) > axes.count + 2:
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
    for index, key in enumerate(("min", "max"), start=1):
        end = graph.constant_of(node, index)
        value = node.attributes.get(key) if end is None else end.item()
        ends.append(None if value is None or abs(value) > BEYOND else value)
    if ends == [None, None]:
        return lambda sources: cast_step(one(sources), one(sources).dtype)
    return lambda sources: clip_step(one(sources), *ends)


BEYOND = 3.4e38
"""What older files write for an end that is none: the largest float32."""


def join(name: str, graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """An operation over several results, or over one and a constant."""
    constants = [
        index for index, read in enumerate(node.inputs) if graph.is_constant(read)
    ]
    if not constants:
        spread = (axes.channel,)
        return lambda sources: join_step(name, sources, None, spread=spread)
    if len(node.inputs) != 2:
        raise KindError(
            node.where, "a constant among what it joins", "computed results"
        )
    values = by_channel(graph, node, graph.constant_of(node, constants[0]), axes)
    numbers = values.astype("float64")
    is_first = constants == [0]

    def build(sources: Sequence[ArrayMeta]) -> Step:
        meta = one(sources)
        found = float_numbers(meta, None)
        meta.require([axes.channel], "channel")
        count = meta.sizes[axes.channel]
        if len(numbers) not in (1, count):
            raise KindError(
                node.where,
                f"a constant of {len(numbers)} channels beside data of {count}",
                "one number, or one for each channel of the data",
            )
        each = np.broadcast_to(numbers, count)
        function = WITH_ONE[name](found.compute, each, is_first)
        return channel_step(name, meta, function, axes.channel, found, None)

    return build


WithOne = tuple[CellFunction, dict[str, NDArray[Any]]]
"""A function, and those of its numbers that are another for each channel."""


def difference(compute: str, numbers: NDArray[Any], is_first: bool) -> WithOne:
    """A cell less a number, or a number less a cell."""
    if is_first:
        return Linear(-1, 0, compute), {"offset": numbers}
    return Linear(1, 0, compute), {"offset": -numbers}


def quotient(compute: str, numbers: NDArray[Any], is_first: bool) -> WithOne:
    """A cell over a number, or a number over a cell."""
    if is_first:
        return Quotient(compute, 1), {"dividend": numbers}
    with np.errstate(divide="ignore"):
        return Linear(1, 0, compute), {"factor": 1 / numbers}


WITH_ONE: Mapping[str, Callable[[str, NDArray[Any], bool], WithOne]] = {
    "add": lambda compute, numbers, _: (Linear(1, 0, compute), {"offset": numbers}),
    "subtract": difference,
    "multiply": lambda compute, numbers, _: (
        Linear(1, 0, compute),
        {"factor": numbers},
    ),
    "divide": quotient,
    "maximum": lambda compute, numbers, _: (
        Bound(compute, "maximum", 0),
        {"bound": numbers},
    ),
    "minimum": lambda compute, numbers, _: (
        Bound(compute, "minimum", 0),
        {"bound": numbers},
    ),
}
"""An operation over cells and one number for each channel, which may come first."""


def joining(name: str) -> Builder:
    """The builder of an operation over several results."""
    return lambda graph, node, axes: join(name, graph, node, axes)


def concat(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """Channels of several results, one behind the other."""
    axis = node.attributes.get("axis")
    if axis not in (1, -1 - axes.count):
        raise KindError(node.where, f"axis {axis}", "axis 1, that of channels")
    if any(graph.is_constant(name) for name in node.inputs):
        raise KindError(
            node.where, "a constant among what it joins", "computed results"
        )
    return lambda sources: concat_step(sources, axes.channel, None)
