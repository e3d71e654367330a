"""A graph with fewer nodes that makes the same.

What nobody reads is left out, and a batch normalisation goes into the weights of the
convolution before it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from volconv.network.graph import Graph, GraphNode

__all__ = ["folded", "pruned"]


def pruned(graph: Graph) -> Graph:
    """The graph without nodes that its output does not depend on; the output's is last."""
    needed = {graph.output}
    kept: list[GraphNode] = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    return replace(graph, nodes=tuple(reversed(kept)))


def folded(graph: Graph) -> Graph:
    """The graph with batch normalisations in the weights of convolutions.

    ``W a`` and ``(b - mean) a + bias`` for ``a = weight / √(variance + eps)``, made in
    float64 and rounded once to the dtype of the weights; where a node Conv is read by
    the normalisation alone.
    """
    from onnx import numpy_helper

    readers = Counter(name for node in graph.nodes for name in node.inputs)
    readers[graph.output] += 1
    convs = {node.outputs[0]: node for node in graph.nodes if node.op == "Conv"}
    tensors = dict(graph.tensors)
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
        for name, values in zip(names, folded_weights(graph, conv, node), strict=True):
            tensors[name] = numpy_helper.from_array(values, name)
        inputs = (conv.inputs[0], *names)
        replaced[conv.outputs[0]] = None
        replaced[node.outputs[0]] = replace(
            conv, inputs=inputs, outputs=node.outputs[:1]
        )
    nodes = [replaced.get(node.outputs[0], node) for node in graph.nodes]
    return replace(
        graph, nodes=tuple(n for n in nodes if n is not None), tensors=tensors
    )


def is_fixed(graph: Graph, conv: GraphNode, norm: GraphNode) -> bool:
    """Whether all that the two learned is constant, the normalisation not in training."""
    names = (*conv.inputs[1:], *norm.inputs[1:])
    is_training = bool(norm.attributes.get("training_mode", 0))
    return not is_training and all(not n or graph.is_constant(n) for n in names)


def folded_weights(
    graph: Graph, conv: GraphNode, norm: GraphNode
) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias of a convolution with a normalisation after it."""
    weight = graph.constant(conv.inputs[1])
    bias = graph.constant_of(conv, 2)
    gain, offset, mean, variance = (
        graph.constant(name).astype("float64") for name in norm.inputs[1:5]
    )
    factor = gain / np.sqrt(variance + norm.attributes.get("epsilon", 1e-5))
    before = np.zeros(len(weight)) if bias is None else bias.astype("float64")
    shape = (-1, *(1,) * (weight.ndim - 1))
    return (
        (weight * factor.reshape(shape)).astype(weight.dtype),
        ((before - mean) * factor + offset).astype(weight.dtype),
    )
