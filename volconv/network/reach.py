"""A graph as layers with their reach: no weight is read, no operator refused.

An operator that is not known to see a window may see all, and so may all after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from volconv.errors import DimError, GeometryError
from volconv.geometry import Window
from volconv.network.channels import reduced_axes, softmax_is_local
from volconv.network.fold import unturned
from volconv.network.graph import Graph, GraphNode
from volconv.network.resizing import finer_window, resize_factors, resize_mode
from volconv.network.windows import (
    MOVING,
    node_windows,
    pad_windows,
    pads_of,
    slices_of,
    transposed_windows,
)
from volconv.plan.field import Layer

__all__ = ["graph_layers", "spatial_dims"]

POINTWISE = frozenset(
    {
        *("Identity", "Dropout", "BatchNormalization", "LRN", "Cast", "Clip", "Sum"),
        *("Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "ThresholdedRelu"),
        *("Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Gelu", "Mish", "Erf"),
        *("Softplus", "Softsign", "Abs", "Neg", "Exp", "Log", "Sqrt", "Reciprocal"),
        *(
            "Floor",
            "Ceil",
            "Round",
            "Sign",
            "Not",
            "Pow",
            "Where",
            "Min",
            "Max",
            "Mean",
            "Shrink",
            "Swish",
        ),
        *("Add", "Sub", "Mul", "Div", "Equal", "Less", "Greater", "And", "Or"),
    }
)
"""Operators whose outputs see what lies in their place, in every channel at most."""

NAMES = ("z", "y", "x")
"""What spatial axes are called, the last of them, where nobody says."""


def spatial_dims(graph: Graph, named: Mapping[str, int]) -> dict[str, int | None]:
    """Names and sizes of the axes after those of batch and channel.

    Parameters
    ----------
    graph : Graph
        The graph.
    named : mapping of str to int
        Sizes that take the place of the file's; they may be none.

    Raises
    ------
    DimError
        If they are not as many as axes.
    """
    axes = graph.shape[2:] if graph.shape else (None,) * graph.axes
    if not named:
        names = (
            NAMES[-len(axes) :]
            if len(axes) <= 3
            else [f"axis{n}" for n, _ in enumerate(axes)]
        )
        return dict(zip(names, axes, strict=False))
    if len(named) != len(axes):
        raise DimError(
            "--size",
            f"{', '.join(named)}",
            f"a size for each of the {len(axes)} axes after batch and channel",
        )
    return dict(named)


def graph_layers(graph: Graph, sizes: Mapping[str, int | None]) -> list[Layer]:
    """The layers of a graph, one for each node that depends on its input.

    Parameters
    ----------
    graph : Graph
        The graph.
    sizes : mapping of str to int
        Cells of the input along its spatial axes; None where they are not known.

    Raises
    ------
    VolconvError
        If attributes do not fit, or a padding depends on a size that is not known.
    """
    numbers = {graph.input: 0}
    layers: list[Layer] = []
    known: list[Mapping[str, int | None]] = [sizes]
    for node in unturned(graph).nodes:
        inputs = tuple(
            numbers[name] for name in graph.computed(node) if name in numbers
        )
        if not inputs:
            continue  # made of constants alone
        own = known[inputs[0]]
        windows = reach(graph, node, own)
        outputs = {} if windows is None else sizes_after(node, windows, own)
        layers.append(
            Layer(
                node.name,
                node.op,
                inputs,
                windows,
                {dim: cells for dim, cells in outputs.items() if cells is not None},
            )
        )
        known.append(outputs)
        numbers.update(dict.fromkeys(node.outputs, len(layers)))
    return layers


def reach(
    graph: Graph, node: GraphNode, sizes: Mapping[str, int | None]
) -> dict[str, Window] | None:
    """A node's windows by dimension; None where it may see all."""
    if node.op in POINTWISE or is_over_channels(graph, node, len(sizes)):
        return {}
    if not sizes:
        return None
    if node.op in MOVING:
        found = node_windows(graph, node, list(sizes.values()))
        return dict(zip(sizes, found, strict=True))
    others = other_windows(graph, node, list(sizes.values()))
    return None if others is None else dict(zip(sizes, others, strict=True))


def other_windows(
    graph: Graph, node: GraphNode, sizes: Sequence[int | None]
) -> Sequence[Window] | None:
    """Windows of nodes whose outputs are not as many as windows have positions."""
    axes = len(sizes)
    if node.op == "ConvTranspose":
        return transposed_windows(graph, node, axes)
    if node.op in ("Resize", "Upsample"):
        mode = resize_mode(graph, node)
        factors = resize_factors(graph, node, (None, None, *sizes))
        return [finer_window(mode, by) for by in factors]
    if node.op == "Pad":
        pads = pads_of(graph, node, axes)
        if pads is not None and len(pads) >= 2 * axes:
            return pad_windows(pads, axes)
    if node.op == "Slice":
        return slice_windows(slices_of(graph, node, axes), sizes)
    return None


def slice_windows(
    cuts: Mapping[int, slice] | None, sizes: Sequence[int | None]
) -> list[Window] | None:
    """Windows of one cell over a part of each axis; None where it is not known."""
    if cuts is None or any(cut.step != 1 for cut in cuts.values()):
        return None
    found = []
    for axis, cells in enumerate(sizes, start=2):
        if axis in cuts and cells is None:
            return None
        start, stop, _ = cuts.get(axis, slice(None)).indices(cells or 0)
        found.append(Window(1, padding=(-start, stop - (cells or 0))))
    return found


def is_over_channels(graph: Graph, node: GraphNode, axes: int) -> bool:
    """Whether it is over the channels alone."""
    if node.op in ("Softmax", "LogSoftmax"):
        return softmax_is_local(graph, node, axes)
    if node.op.startswith(("Reduce", "Arg")):
        return reduced_axes(graph, node, axes) == (1,)
    return node.op in ("Concat", "Split") and node.attributes.get("axis") == 1


def sizes_after(
    node: GraphNode, windows: Mapping[str, Window], sizes: Mapping[str, int | None]
) -> dict[str, int | None]:
    """Cells of a node's outputs along each dimension.

    Raises
    ------
    GeometryError
        If a window is longer than its padded axis, the node named.
    """
    found: dict[str, int | None] = {}
    for dim, cells in sizes.items():
        window = windows.get(dim, Window(1))
        try:
            found[dim] = None if cells is None else window.out_size(cells)
        except GeometryError as error:
            where = f"{node.where} along {dim!r}"
            raise GeometryError(where, error.got, error.expected, error.fix) from None
    return found
