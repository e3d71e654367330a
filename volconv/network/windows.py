"""Windows of ONNX nodes, as their attributes say them.

Attributes are those of the operators Conv, MaxPool, AveragePool and LpPool of the ONNX
operator specification: pads has all beginnings before all ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from volconv.errors import GeometryError, KindError
from volconv.geometry import Spreading, Window
from volconv.geometry.padding import padding_cells
from volconv.network.graph import Graph, GraphNode

__all__ = [
    "MOVING",
    "ints_of",
    "node_windows",
    "pad_windows",
    "pads_of",
    "slices_of",
    "transposed_windows",
]

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
    if node.op in ("Conv", "ConvTranspose") and graph.is_constant(node.inputs[1]):
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


def pads_of(graph: Graph, node: GraphNode, axes: int) -> Sequence[int] | None:
    """The pads of a node Pad for all axes; None where they are computed.

    An attribute before opset 11; since opset 18 perhaps of some axes.
    """
    if "pads" in node.attributes:
        return tuple(node.attributes["pads"])
    found = ints_of(graph, node, 1)
    named = ints_of(graph, node, 3) if len(node.inputs) > 3 and node.inputs[3] else []
    if found is None or named is None:
        return None
    if not named:
        return found
    rank = axes + 2
    pads = [0] * 2 * rank
    for index, axis in enumerate(named):
        pads[axis % rank] = found[index]
        pads[axis % rank + rank] = found[index + len(named)]
    return pads


def ints_of(graph: Graph, node: GraphNode, index: int) -> list[int] | None:
    """Whole numbers that a node reads as one of its inputs; None where computed."""
    if index >= len(node.inputs) or not graph.is_constant(node.inputs[index]):
        return None
    return [int(one) for one in graph.constants[node.inputs[index]].ravel()]


def slices_of(graph: Graph, node: GraphNode, axes: int) -> dict[int, slice] | None:
    """What a node Slice takes along axes from 0; None where it is computed."""
    if "starts" in node.attributes:  # before opset 10
        starts, ends = node.attributes["starts"], node.attributes["ends"]
        named, steps = node.attributes.get("axes"), None
    else:
        starts, ends = ints_of(graph, node, 1), ints_of(graph, node, 2)
        given = [
            index < len(node.inputs) and bool(node.inputs[index]) for index in (3, 4)
        ]
        named = ints_of(graph, node, 3) if given[0] else list(range(len(starts or ())))
        steps = ints_of(graph, node, 4) if given[1] else None
        if given[1] and steps is None:
            return None
    if starts is None or ends is None or named is None:
        return (
            None
            if "starts" not in node.attributes
            else dict(enumerate(map(slice, starts, ends)))
        )
    by = steps or [1] * len(starts)
    return {
        axis % (axes + 2): slice(*cut)
        for axis, *cut in zip(named, starts, ends, by, strict=True)
    }


def transposed_windows(
    graph: Graph, node: GraphNode, axes: int
) -> tuple[Spreading, ...]:
    """The windows of a node ConvTranspose, one for each of its spatial axes.

    Raises
    ------
    KindError
        If it is told by the sizes of its outputs, or attributes are not as many as axes.
    """
    auto = node.attributes.get("auto_pad", "NOTSET")
    if "output_shape" in node.attributes or auto not in ("NOTSET", "VALID"):
        got = "output_shape" if auto == "NOTSET" else f"auto_pad {auto!r}"
        raise KindError(node.where, got, "pads and output_padding")
    kernel = numbers(node, "kernel_shape", kernel_shape(graph, node), axes)
    strides = numbers(node, "strides", (1,) * axes, axes)
    dilations = numbers(node, "dilations", (1,) * axes, axes)
    pads = numbers(node, "pads", (0,) * 2 * axes, 2 * axes)
    added = numbers(node, "output_padding", (0,) * axes, axes)
    return tuple(
        Spreading.of(
            kernel[axis],
            strides[axis],
            dilations[axis],
            (pads[axis], pads[axis + axes] - added[axis]),
        )
        for axis in range(axes)
    )
