"""A graph as steps of a pipeline: a layer for each node, those refused that are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from volconv.errors import KindError, VolconvError
from volconv.meta import ArrayMeta
from volconv.network.axes import Axes, Build
from volconv.network.channels import NOT_LOCAL
from volconv.network.fold import apart, folded, pruned, unturned
from volconv.network.graph import Graph, GraphNode, read_graph
from volconv.network.integers import Integers
from volconv.network.operators import ALIASES, OPERATORS
from volconv.network.sizes import Sizes
from volconv.steps import Step
from volconv.steps.network import Onnx
from volconv.steps.settings import StepSettings
from volconv.steps.wiring import Wired

__all__ = ["NetworkLayer", "expanded", "graph_steps"]

REASONS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"),
            *("InstanceNormalization", "LayerNormalization", "GroupNormalization"),
            *("LpNormalization", "MeanVarianceNormalization", "RMSNormalization"),
        ),
        NOT_LOCAL,
    ),
    **dict.fromkeys(
        ("Flatten", "Reshape", "Gemm", "MatMul", "Transpose", "Squeeze", "Unsqueeze"),
        "windows: after it, cells have no places along the axes",
    ),
}
"""What is expected in the place of operators that are often met and refused."""


OF_MANY = ("Max", "Min", "Sum", "Concat")
"""Operators over any number of inputs, one of which is the result as it is."""


@dataclass(frozen=True, eq=False)
class NetworkLayer:
    """A node of a network as a step of a pipeline, not yet resolved: see `Wired`.

    Parameters
    ----------
    step_name : str
        The operator and the node, for errors.
    title : str
        The node's name.
    reads : tuple of str or int
        What it reads: the name of a step, or the number of a layer.
    build : callable
        Makes the step for its inputs.
    name, save : str, optional
        Of the whole network, where it is the last layer.
    """

    step_name: str
    title: str
    reads: tuple[str | int, ...]
    build: Build
    name: str | None = None
    save: str | None = None

    def resolve_all(self, sources: Sequence[ArrayMeta]) -> Step:
        """The step for its inputs."""
        return self.build(sources)


def expanded(settings: Sequence[StepSettings]) -> list[Wired]:
    """Steps of a configuration, layers in the place of networks.

    Parameters
    ----------
    settings : sequence of StepSettings
        With paths that are resolved already.

    Raises
    ------
    VolconvError
        If a network cannot be read, or has what is no step.
    """
    found: list[Wired] = []
    for number, setting in enumerate(settings, start=1):
        if not isinstance(setting, Onnx):
            found.append(setting)
            continue
        try:
            found += layers_of(setting, len(found))
        except VolconvError as error:
            error.where = f"step {number} (onnx), {error.where}"
            raise
    return found


def layers_of(setting: Onnx, before: int) -> list[NetworkLayer]:
    """The layers of a network, so many steps before them."""
    graph = read_graph(setting.path)
    (source,) = setting.reads or (before,)
    axes = Axes(setting.channel, setting.dims, graph.axes)
    layers = list(graph_steps(graph, axes, setting.output, before, source))
    layers[-1] = replace(layers[-1], name=setting.name, save=setting.save)
    return layers


def graph_steps(
    graph: Graph,
    axes: Axes,
    output: str | None = None,
    before: int = 0,
    source: str | int = 0,
) -> Iterator[NetworkLayer]:
    """The layers of a graph in order, its result the last one's.

    Parameters
    ----------
    graph : Graph
        The graph.
    axes : Axes
        What its axes are called.
    output : str, optional
        As for `pruned`.
    before : int
        Steps of the pipeline before the first layer.
    source : str or int
        What the network reads: the name of a step, or a number.

    Raises
    ------
    KindError
        If an operator is no step, or if there is none.
    """
    small = folded(unturned(pruned(apart(graph), output)))
    read: dict[str, str | int] = {graph.input: source}
    sizes, integers = Sizes(small, axes), Integers(small)
    number = before
    for node in small.nodes:
        names = graph_inputs(small, node)
        inputs = tuple(read[name] for name in names)
        integers.note(node, names)
        if node.op in ALIASES or (node.op in OF_MANY and len(node.inputs) == 1):
            read[node.outputs[0]] = inputs[0]
            sizes.same[node.outputs[0]] = names[0]
            continue
        build = sizes.noting(node, names, builder(small, node, axes, sizes))
        number += 1
        read[node.outputs[0]] = number
        yield NetworkLayer(node.where, node.name, inputs, build)
    if number == before or read.get(small.outputs[0]) != number:
        raise KindError(
            graph.path, "no layer that makes its output", "a network of layers"
        )


def graph_inputs(graph: Graph, node: GraphNode) -> tuple[str, ...]:
    """Names of what a node reads that is no constant.

    Raises
    ------
    KindError
        If it reads none: constants that are computed are none here.
    """
    names = graph.computed(node)
    if not names:
        raise KindError(
            f"{graph.path}, {node.where}",
            "a result of constants alone",
            "constants as the file holds them",
            "simplify the file: fold its constants",
        )
    return names


def builder(graph: Graph, node: GraphNode, axes: Axes, sizes: Sizes) -> Build:
    """What makes the step of a node; where this reads sizes, once they are known.

    Raises
    ------
    KindError
        If the operator is not known, or its attributes are none that it can have here.
    """
    where = f"{graph.path}, {node.where}"
    if node.op not in OPERATORS:
        known = f"one of {', '.join((*OPERATORS, *ALIASES))}"
        raise KindError(where, f"the operator {node.op}", REASONS.get(node.op, known))
    if graph.is_sized(node):

        def late(sources: Sequence[ArrayMeta]) -> Step:
            return OPERATORS[node.op](sizes.known(), node, axes)(sources)

        return late
    try:
        return OPERATORS[node.op](graph, node, axes)
    except VolconvError as error:
        error.where = f"{graph.path}, {error.where}"
        raise
