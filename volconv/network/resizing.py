"""Factors of ONNX nodes that make more cells of each, as their attributes say them."""

from __future__ import annotations

from collections.abc import Sequence

from volconv.compute.upsampling import line_window
from volconv.errors import KindError
from volconv.geometry import Spreading, Window
from volconv.network.graph import Graph, GraphNode
from volconv.network.windows import ints_of

__all__ = ["finer_window", "resize_factors", "resize_mode"]


def resize_mode(graph: Graph, node: GraphNode) -> str:
    """How a node Resize or Upsample makes more cells: a mode of ours.

    Raises
    ------
    KindError
        If it interpolates in a way that ours does not.

    Notes
    -----
    Whole factors u repeat a cell for positions ``(k + 1/2) / u - 1/2`` that are rounded,
    and for ``k / u`` rounded down; the linear mode is that of the former positions.
    Before opset 11 a node could not say them: they were the latter.
    """
    mode: str = node.attributes.get("mode", "nearest")
    is_old = node.op == "Upsample" or graph.opset < 11
    key = "coordinate_transformation_mode"
    where = "asymmetric" if is_old else node.attributes.get(key, "half_pixel")
    rounded = (
        "floor" if is_old else node.attributes.get("nearest_mode", "round_prefer_floor")
    )
    known = {
        "nearest": (where in HALVES and rounded.startswith("round"))
        or (where == "asymmetric" and rounded == "floor"),
        "linear": where in HALVES,
    }
    if not known.get(mode, False):
        how = f"mode {mode!r} at {where!r} coordinates"
        raise KindError(
            node.where,
            f"{how}, {rounded}" if mode == "nearest" else how,
            "nearest at asymmetric coordinates rounded down, nearest at half_pixel "
            "rounded, or linear at half_pixel",
        )
    return mode


def resize_factors(
    graph: Graph, node: GraphNode, cells: Sequence[int | None]
) -> tuple[int, ...]:
    """Whole factors of a node Resize or Upsample along the spatial axes.

    Parameters
    ----------
    graph : Graph
        The graph.
    node : GraphNode
        The node.
    cells : sequence of int
        Of its input along all axes; None where they are not known.

    Raises
    ------
    KindError
        If they are not whole, or are of other axes; or are computed.
    """
    scales = scales_of(graph, node, len(cells))
    got = f"scales {list(scales or ())}"
    if scales is None:
        sizes = sizes_of(graph, node, cells)
        got = f"sizes {list(sizes)} over {list(cells)}"
        # those of axes that are not known, as a batch's, are taken for the input's own
        scales = [
            after / before if after and before else 1
            for after, before in zip(sizes, cells, strict=True)
        ]
    got = got.replace("None", "?")
    if len(scales) != len(cells) or any(scale % 1 or scale < 1 for scale in scales):
        raise KindError(node.where, got, "scales that are whole numbers")
    if scales[0] != 1 or scales[1] != 1:
        raise KindError(node.where, got, "scales of spatial axes")
    return tuple(int(scale) for scale in scales[2:])


def sizes_of(
    graph: Graph, node: GraphNode, cells: Sequence[int | None]
) -> Sequence[int | None]:
    """Cells of the outputs of a node Resize that says them, along all axes.

    Raises
    ------
    KindError
        If they are computed, or the axes to be resized are of unknown sizes.
    """
    found = ints_of(graph, node, 3)
    policy = node.attributes.get("keep_aspect_ratio_policy", "stretch")
    if found is None or policy != "stretch":
        got = "sizes that are computed" if found is None else f"sizes that are {policy}"
        raise KindError(node.where, got, "scales, or sizes that are constant")
    named = node.attributes.get("axes", range(len(found)))
    sizes = list(cells)
    for axis, size in zip(named, found, strict=True):
        sizes[axis] = size
        if axis % len(cells) > 1 and cells[axis] is None:
            fix = "say the input's: --size"
            raise KindError(
                node.where, "sizes over an unknown size", "known sizes", fix
            )
    return sizes


def finer_window(mode: str, factor: int) -> Window:
    """The window of a mode of upsampling by a factor."""
    if factor == 1:
        return Window(1)
    return line_window(factor) if mode == "linear" else Spreading.of(factor, factor)


HALVES = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel")
"""Transformations whose outputs are centres of the smaller cells, by whole factors."""


def scales_of(graph: Graph, node: GraphNode, count: int) -> Sequence[float] | None:
    """Factors of a node Resize or Upsample along so many axes; None where it says sizes."""
    if "scales" in node.attributes:
        return tuple(node.attributes["scales"])
    index = 2 if node.op == "Resize" and len(node.inputs) > 2 else 1
    constant = graph.constant_of(node, index)
    if constant is None or not constant.size:
        return None
    axes = node.attributes.get("axes")
    found = [1.0] * count if axes else [0.0] * len(constant)
    for axis, scale in zip(axes or range(len(constant)), constant, strict=True):
        found[axis] = float(scale)
    return found
