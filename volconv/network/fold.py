"""A graph with fewer nodes that makes the same.

What nobody reads is left out, a batch normalisation goes into the weights of the
convolution before it, and axes that are turned for one operator stay where they are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.errors import KindError, did_you_mean
from volconv.network.channels import ALONE
from volconv.network.graph import Graph, GraphNode

__all__ = ["apart", "folded", "pruned", "unturned"]


def apart(graph: Graph) -> Graph:
    """The graph with a node for each of the parts that a node Split makes."""
    nodes: list[GraphNode] = []
    for node in graph.nodes:
        if node.op != "Split":
            nodes.append(node)
            continue
        count = len(node.outputs)
        nodes += [
            replace(
                node,
                outputs=(made,),
                attributes={**node.attributes, "index": index, "count": count},
            )
            for index, made in enumerate(node.outputs)
            if made
        ]
    return replace(graph, nodes=tuple(nodes))


def pruned(graph: Graph, output: str | None = None) -> Graph:
    """The graph of one result, without nodes that this does not depend on.

    Parameters
    ----------
    graph : Graph
        The graph.
    output : str, optional
        Name of a result, or of the node that makes it; by default the graph's own.

    Raises
    ------
    KindError
        If there is no such result, or none is named where there are several.
    """
    wanted = wanted_output(graph, output)
    needed = {wanted}
    kept: list[GraphNode] = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            needed.update(graph.behind(node))
            kept.append(node)
    return replace(graph, nodes=tuple(reversed(kept)), outputs=(wanted,))


def wanted_output(graph: Graph, output: str | None) -> str:
    """The name of the one result that is wanted."""
    if output is None:
        if len(graph.outputs) == 1:
            return graph.outputs[0]
        got = f"{len(graph.outputs)} outputs ({', '.join(graph.outputs)})"
        raise KindError(graph.path, got, "one output", "name it: output")
    for node in graph.nodes:
        if output == node.name or output in node.outputs:
            return output if output in node.outputs else node.outputs[0]
    known = [name for node in graph.nodes for name in (node.name, node.outputs[0])]
    fix = did_you_mean(output, known)
    raise KindError(f"{graph.path}, output", repr(output), "a result or a node", fix)


def unturned(graph: Graph) -> Graph:
    """The graph without axes that are turned for a softmax and turned back after it.

    As PyTorch writes one over channels before opset 13: a Transpose that makes channels
    the last axis, Softmax over that alone, and the Transpose back.
    """
    readers: dict[str, list[GraphNode]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node)
    replaced: dict[str, GraphNode | None] = {}
    for there in graph.nodes:
        found = [there]
        while len(found) < 3:
            after = readers.get(found[-1].outputs[0], [])
            if len(after) != 1 or found[-1].outputs[0] in graph.outputs:
                break
            found.append(after[0])
        if len(found) == 3 and is_turned(graph.opset, *found):
            _, softmax, back = found
            replaced[there.outputs[0]] = replaced[softmax.outputs[0]] = None
            replaced[back.outputs[0]] = replace(
                softmax,
                inputs=there.inputs,
                outputs=back.outputs,
                attributes={"axis": 1, ALONE: True},
            )
    nodes = [replaced.get(node.outputs[0], node) for node in graph.nodes]
    return replace(graph, nodes=tuple(node for node in nodes if node is not None))


def is_turned(
    opset: int, there: GraphNode, softmax: GraphNode, back: GraphNode
) -> bool:
    """Whether three nodes are a softmax over channels, which are the last axis for it."""
    if (there.op, back.op) != ("Transpose", "Transpose"):
        return False
    perms = [node.attributes.get("perm", ()) for node in (there, back)]
    last = len(perms[0]) - 1
    unsaid = last if opset >= 13 else 1
    return (
        softmax.op in ("Softmax", "LogSoftmax")
        and softmax.attributes.get("axis", unsaid) in (-1, last)
        and perms[0][last:] == (1,)
        and tuple(perms[0][axis] for axis in perms[1]) == tuple(range(last + 1))
    )


def folded(graph: Graph) -> Graph:
    """The graph with batch normalisations in the weights of convolutions.

    ``W a`` and ``(b - mean) a + bias`` for ``a = weight / √(variance + eps)``, made in
    float64 and rounded once to the dtype of the weights; where a node Conv is read by
    the normalisation alone.
    """
    readers = Counter(name for node in graph.nodes for name in node.inputs)
    readers.update(graph.outputs)
    for reader in graph.constants.sized.values():
        readers.update(reader.input)
    convs = {node.outputs[0]: node for node in graph.nodes if node.op == "Conv"}
    made: dict[str, NDArray[Any]] = {}
    replaced: dict[str, GraphNode | None] = {}
    for node in graph.nodes:
        conv = convs.get(node.inputs[0]) if node.op == "BatchNormalization" else None
        if (
            conv is None
            or readers[conv.outputs[0]] > 1
            or not is_fixed(graph, conv, node)
        ):
            continue
        names = [f"{node.outputs[0]} {what}" for what in ("weight", "bias")]
        made.update(zip(names, folded_weights(graph, conv, node), strict=True))
        inputs = (conv.inputs[0], *names)
        replaced[conv.outputs[0]] = None
        replaced[node.outputs[0]] = replace(
            conv, inputs=inputs, outputs=node.outputs[:1]
        )
    nodes = [replaced.get(node.outputs[0], node) for node in graph.nodes]
    return replace(
        graph,
        nodes=tuple(n for n in nodes if n is not None),
        constants=graph.constants.but(made),
    )


def is_fixed(graph: Graph, conv: GraphNode, norm: GraphNode) -> bool:
    """Whether all that the two learned is constant, the normalisation not in training."""
    names = (*conv.inputs[1:], *norm.inputs[1:])
    is_training = bool(norm.attributes.get("training_mode", 0))
    return not is_training and all(not n or graph.is_constant(n) for n in names)


def folded_weights(
    graph: Graph, conv: GraphNode, norm: GraphNode
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weight and bias of a convolution with a normalisation after it."""
    weight = graph.constants[conv.inputs[1]]
    bias = graph.constant_of(conv, 2)
    gain, offset, mean, variance = (
        graph.constants[name].astype("float64") for name in norm.inputs[1:5]
    )
    factor = gain / np.sqrt(variance + norm.number("epsilon", 1e-5))
    before = np.zeros(len(weight)) if bias is None else bias.astype("float64")
    shape = (-1, *(1,) * (weight.ndim - 1))
    return (
        (weight * factor.reshape(shape)).astype(weight.dtype),
        ((before - mean) * factor + offset).astype(weight.dtype),
    )
