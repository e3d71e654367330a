"""Builders of operators across channels, and of parts of arrays: see `operators`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from volconv.compute.cross_channel import CrossChannel, LocalResponse
from volconv.errors import KindError
from volconv.network.axes import Axes, Build, Builder, one
from volconv.network.graph import Graph, GraphNode
from volconv.steps.cross_channel import cross_channel_step, reduction_step

__all__ = [
    "ALONE",
    "NOT_LOCAL",
    "local_response",
    "over_channels",
    "reduced_axes",
    "reduction",
    "softmax_is_local",
]

NOT_LOCAL = (
    "windows: what it needs of every cell is not known before all have been read"
)
"""What is expected in the place of an operator that needs the whole of its input."""


ALONE = "over one axis"
"""Marks a softmax of an older opset that is over its axis alone: see `fold.unturned`."""


def softmax_is_local(graph: Graph, node: GraphNode, axes: int) -> bool:
    """Whether a node Softmax is over channels alone.

    Before opset 13 all axes from that one on were one.
    """
    is_alone = graph.opset >= 13 or ALONE in node.attributes
    return is_alone and node.attributes.get("axis", -1) in (1, -1 - axes)


def over_channels(name: str, kind: Callable[..., CrossChannel]) -> Builder:
    """The builder of a function that makes shares of all channels."""

    def build(graph: Graph, node: GraphNode, axes: Axes) -> Build:
        if not softmax_is_local(graph, node, axes.count):
            axis = node.attributes.get("axis", -1 if graph.opset >= 13 else 1)
            got = f"axis {axis} of opset {graph.opset}"
            if graph.opset < 13:
                got += ", which goes over all axes from that one on"
            raise KindError(
                node.where,
                got,
                "axis 1, that of channels, of opset 13 or later",
                "export it with a later opset" if graph.opset < 13 else "",
            )
        return lambda sources: cross_channel_step(
            name, one(sources), kind, axes.channel
        )

    return build


def local_response(graph: Graph, node: GraphNode, axes: Axes) -> Build:
    """A normalisation by the channels around."""
    del graph
    kind = partial(
        LocalResponse,
        size=int(node.attributes["size"]),
        alpha=node.number("alpha", 1e-4),
        beta=node.number("beta", 0.75),
        bias=node.number("bias", 1.0),
    )
    return lambda sources: cross_channel_step("lrn", one(sources), kind, axes.channel)


def reduced_axes(graph: Graph, node: GraphNode, axes: int) -> tuple[int, ...] | None:
    """Axes that a node takes together, from 0; None where they are not constant."""
    if node.op.startswith("Arg"):
        found = [node.attributes.get("axis", 0)]
    elif "axes" in node.attributes:
        found = list(node.attributes["axes"])
    elif len(node.inputs) > 1 and node.inputs[1]:
        if not graph.is_constant(node.inputs[1]):
            return None
        found = graph.constants[node.inputs[1]].tolist()
    else:
        found = []
    if not found:
        is_none = node.attributes.get("noop_with_empty_axes", 0)
        return () if is_none else tuple(range(axes + 2))
    return tuple(sorted(axis % (axes + 2) for axis in found))


def reduction(kind: str) -> Builder:
    """The builder of one number of all channels of a cell."""

    def build(graph: Graph, node: GraphNode, axes: Axes) -> Build:
        found = reduced_axes(graph, node, axes.count)
        if found != (1,):
            got = "axes that are computed" if found is None else f"axes {list(found)}"
            is_spatial = found is not None and any(axis > 1 for axis in found)
            expected = NOT_LOCAL if is_spatial else "axis 1, that of channels"
            raise KindError(node.where, f"the operator {node.op} over {got}", expected)
        if not node.attributes.get("keepdims", 1) and not is_at_end(graph, node):
            raise KindError(
                node.where,
                "keepdims 0, after which cells have no places among channels",
                "keepdims 1, or a result that no layer reads",
            )
        last = node.attributes.get("select_last_index", 0)
        name = f"last_{kind}" if last else kind
        return lambda sources: reduction_step(
            node.op.lower(), one(sources), name, axes.channel
        )

    return build


PASSING = ("Cast", "Identity")


def is_at_end(graph: Graph, node: GraphNode) -> bool:
    """Whether what a node makes is a result, but for other dtypes of it."""
    name = node.outputs[0]
    return all(
        reader.op in PASSING and is_at_end(graph, reader)
        for reader in graph.nodes
        if name in reader.inputs
    )
