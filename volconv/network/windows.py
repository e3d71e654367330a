"""Windows of ONNX nodes, as their attributes say them.

Attributes are those of the operators Conv, MaxPool, AveragePool and LpPool of the ONNX
operator specification: pads has all beginnings before all ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from volconv.errors import GeometryError, KindError
from volconv.geometry import Window
from volconv.geometry.geometry import padding_cells
from volconv.network.graph import Graph, GraphNode

__all__ = ["MOVING", "node_windows", "pad_windows", "pads_of", "ragged"]

MOVING = ("Conv", "MaxPool", "AveragePool", "LpPool")
"""Operators whose windows move along the axes after those of batch and channel."""

AUTO_PADS = {
    "NOTSET": None,
    "VALID": "valid",
    "SAME_UPPER": "same_upper",
    "SAME_LOWER": "same_lower",
}


def node_windows(
    graph: Graph, node: GraphNode, sizes: Sequence[int | None]
) -> tuple[Window, ...]:
    """The windows of a node of `MOVING`, one for each of its spatial axes.

    Parameters
    ----------
    graph : Graph
        The graph.
    node : GraphNode
        The node.
    sizes : sequence of int
        Cells of its input along these axes; None where they are not known.

    Raises
    ------
    GeometryError
        If paddings depend on a size that is not known.
    KindError
        If attributes are missing, or are not as many as axes.
    """
    kernel = numbers(node, "kernel_shape", kernel_shape(graph, node), len(sizes))
    strides = numbers(node, "strides", (1,) * len(sizes), len(sizes))
    dilations = numbers(node, "dilations", (1,) * len(sizes), len(sizes))
    pads = numbers(node, "pads", (0,) * 2 * len(sizes), 2 * len(sizes))
    auto = node.attributes.get("auto_pad", "NOTSET")
    if auto not in AUTO_PADS:
        raise KindError(
            node.where, f"auto_pad {auto!r}", f"one of {', '.join(AUTO_PADS)}"
        )
    found = []
    for axis, cells in enumerate(sizes):
        window = Window(kernel[axis], strides[axis], dilations[axis])
        name = AUTO_PADS[auto]
        if name is None:
            pair = (pads[axis], pads[axis + len(sizes)])
            if min(pair) < 0:
                raise KindError(node.where, f"pads {pair}", "pads of at least 0")
        else:
            pair = auto_padding(node, name, window, cells)
        window = replace(window, padding=pair)
        found.append(ragged(window, cells) if is_ragged(node) else window)
    return tuple(found)


def numbers(
    node: GraphNode, key: str, default: Sequence[int], count: int
) -> tuple[int, ...]:
    """An attribute that is a list of so many whole numbers."""
    found = tuple(node.attributes.get(key, default))
    if len(found) != count:
        raise KindError(
            node.where, f"{key} {list(found)}", f"{count} numbers for {key}"
        )
    return found


def kernel_shape(graph: Graph, node: GraphNode) -> tuple[int, ...]:
    """The kernel's axes where the attribute is left out: those of the weight."""
    if node.op == "Conv" and graph.is_constant(node.inputs[1]):
        return graph.constants.shape(node.inputs[1])[2:]
    return ()


def auto_padding(
    node: GraphNode, name: str, window: Window, cells: int | None
) -> tuple[int, int]:
    """Padding by name; only with a stride of 1 does it not depend on the size."""
    if cells is None and window.stride > 1 and name != "valid":
        raise GeometryError(
            node.where,
            f"padding {name} with stride {window.stride} over an unknown size",
            "known sizes, on which it depends",
            "say the input's: --size",
        )
    return padding_cells("", name, window, window.span if cells is None else cells)


def is_ragged(node: GraphNode) -> bool:
    """Whether a last window that begins inside the input is taken, even if cut short."""
    return bool(node.attributes.get("ceil_mode", 0))


def ragged(window: Window, cells: int | None) -> Window:
    """A window padded so far that the last one, cut short by the edge, is whole.

    As `ceil_mode` has it: none begins in the padding after the input.

    Examples
    --------
    >>> ragged(Window(2, stride=2), 5)
    Window(size=2, stride=2, dilation=1, padding=(0, 1))
    """
    if cells is None:
        return window
    before, after = window.padding
    rest = (cells + before + after - window.span) % window.stride
    more = window.stride - rest if rest else 0
    wider = replace(window, padding=(before, after + more))
    begins = (wider.out_size(cells) - 1) * window.stride - before
    return wider if more and begins < cells else window


def pad_windows(pads: Sequence[int], axes: int) -> tuple[Window, ...]:
    """The windows of a node Pad along the last axes of an array of more."""
    half = len(pads) // 2
    befores, afters = pads[half - axes : half], pads[len(pads) - axes :]
    return tuple(
        Window(1, padding=(before, after))
        for before, after in zip(befores, afters, strict=True)
    )


def pads_of(graph: Graph, node: GraphNode) -> Sequence[int] | None:
    """The pads of a node Pad, an attribute before opset 11; None where it has axes."""
    if "pads" in node.attributes:
        return tuple(node.attributes["pads"])
    if len(node.inputs) > 3 or not graph.is_constant(node.inputs[1]):
        return None
    return [int(cells) for cells in graph.constants[node.inputs[1]]]
