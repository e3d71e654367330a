"""Builders of operators whose windows move along the spatial axes: see `operators`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from volconv.errors import KindError
from volconv.meta import ArrayMeta
from volconv.network.axes import Axes, Build, one
from volconv.network.graph import Graph, GraphNode
from volconv.network.resizing import resize_factors, resize_mode
from volconv.network.windows import (
    node_windows,
    pad_windows,
    pads_of,
    slices_of,
    transposed_windows,
)
from volconv.steps import Step, WindowOptions
from volconv.steps.conv import conv_step
from volconv.steps.conv_transpose import Moves, conv_transpose_step
from volconv.steps.frame import crop_step, pad_step
from volconv.steps.layer import LayerOptions
from volconv.steps.pooling import mean_pool_step, pool_step
from volconv.steps.upsample import upsample_step

__all__ = [
    "average_pool",
    "conv",
    "conv_transpose",
    "max_pool",
    "pad",
    "part",
    "resize",
    "split",
]


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
    """The mean of each window, or of those of its cells that lie in the array."""
    counts = bool(node.attributes.get("count_include_pad", 0))
    whole = replace(node, attributes={**node.attributes, "ceil_mode": 0})

    def build(sources: Sequence[ArrayMeta]) -> Step:
        meta = one(sources)
        options = moves(graph, node, axes, meta)
        size = sizes(node, axes, meta)
        asked = moves(graph, whole, axes, meta).padding
        is_cut = options.padding != asked
        if counts and is_cut and any_cells(asked):
            raise KindError(
                "padding",
                f"{asked} that count and cells of ceil_mode that do not",
                "one of them",
            )
        return mean_pool_step(
            meta,
            size,
            options.stride,
            None,
            options,
            count_padding=counts and not is_cut,
        )

    return build


def any_cells(padding: object) -> bool:
    """Whether a padding by dimension has a cell."""
    by_dim = cast("Mapping[str, tuple[int, int]]", padding)
    return any(any(pair) for pair in by_dim.values())


def conv_transpose(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """A transposed convolution layer."""
    weight, bias = graph.constant_of(node, 1), graph.constant_of(node, 2)
    windows = transposed_windows(graph, node, axes.count)
    added = node.attributes.get("output_padding", (0,) * axes.count)
    groups = node.attributes.get("group", 1)

    def build(sources: Sequence[ArrayMeta]) -> Step:
        meta = one(sources)
        dims = axes.of(meta)
        by_dim = dict(zip(dims, windows, strict=True))
        more = dict(zip(dims, added, strict=True))
        spread = Moves(
            {dim: window.factor for dim, window in by_dim.items()},
            {dim: (w.crop[0], w.crop[1] + more[dim]) for dim, w in by_dim.items()},
            more,
            {dim: window.dilation for dim, window in by_dim.items()},
        )
        layer = LayerOptions(axes.channel, dims, groups)
        return conv_transpose_step(meta, weight, bias, layer, spread, WindowOptions())

    return build


def pad(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """Cells added along the spatial axes, or, where pads are negative, taken away."""
    pads = pads_of(graph, node, axes.count)
    mode = node.attributes.get("mode", "constant")
    value = graph.constant_of(node, 2)
    fill = node.attributes.get("value", 0.0) if value is None else value.item()
    if pads is None:
        raise KindError(node.where, "pads that are computed", "constant pads")
    half = len(pads) // 2
    others = [*pads[: half - axes.count], *pads[half : 2 * half - axes.count]]
    if any(others) or min(pads) < 0 < max(pads):
        expected = "pads of spatial axes, none of another sign than others"
        raise KindError(node.where, f"pads {list(pads)}", expected)
    windows = pad_windows(pads, axes.count)

    def build(sources: Sequence[ArrayMeta]) -> Step:
        meta = one(sources)
        by_dim = dict(zip(axes.of(meta), windows, strict=True))
        if min(pads) < 0:
            cut = {
                dim: (-w.padding[0], meta.sizes[dim] + w.padding[1])
                for dim, w in by_dim.items()
            }
            return crop_step(meta, cut)
        pairs = {dim: window.padding for dim, window in by_dim.items()}
        return pad_step(meta, pairs, mode, fill)

    return build


ALL = 2**31 - 1
"""What files write for an end that is that of the axis, or more."""


def part(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """The cells, or the channels, of a region."""
    cuts = slices_of(graph, node, axes.count)
    if cuts is None:
        raise KindError(node.where, "bounds that are computed", "constant ones")
    if any(cut.step != 1 for cut in cuts.values()):
        raise KindError(node.where, "cells that lie apart", "cells side by side")
    whole = (graph.shape[0] if graph.shape else None) or ALL
    if 0 in cuts and (cuts[0].start != 0 or cuts[0].stop < whole):
        raise KindError(node.where, "a part of a batch", "parts of other axes")

    def build(sources: Sequence[ArrayMeta]) -> Step:
        meta = one(sources)
        dims = ("", axes.channel, *axes.of(meta))
        region = {
            dims[axis]: cut.indices(meta.sizes[dims[axis]])[:2]
            for axis, cut in cuts.items()
            if axis > 0
        }
        return crop_step(meta, region)

    return build


def split(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """One of the parts into which channels are split: see `fold.apart`."""
    axis = node.attributes.get("axis", 0) % (axes.count + 2)
    index, count = node.attributes["index"], node.attributes["count"]
    sizes = node.attributes.get("split")
    if len(node.inputs) > 1:
        given = graph.constant_of(node, 1)
        sizes = None if given is None else given.tolist()
    if axis == 0:
        raise KindError(node.where, "a part of a batch", "parts of other axes")

    def build(sources: Sequence[ArrayMeta]) -> Step:
        meta = one(sources)
        dim = (axes.channel, *axes.of(meta))[axis - 1]
        each = -(-meta.sizes[dim] // count)
        start = sum(sizes[:index]) if sizes else index * each
        stop = start + sizes[index] if sizes else min(start + each, meta.sizes[dim])
        return crop_step(meta, {dim: (start, stop)})

    return build


def resize(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """More cells in the place of each, by whole factors."""
    mode = resize_mode(graph, node)

    def build(sources: Sequence[ArrayMeta]) -> Step:
        meta = one(sources)
        dims = axes.of(meta)
        cells = (None, *(meta.sizes[dim] for dim in (axes.channel, *dims)))
        factors = dict(zip(dims, resize_factors(graph, node, cells), strict=True))
        return upsample_step(meta, factors, None, mode, "edge", 0, None)

    return build
