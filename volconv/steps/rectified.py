"""Steps that only put a floor under their input, done by the layer that makes it.

A rectifier after a convolution reads and writes all that the layer has just written. The
layer writes the same bits itself, where nobody else reads its result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from volconv.compute.pointwise import Pointwise
from volconv.steps.block import BlockStep
from volconv.steps.mix import MixStep
from volconv.steps.node import Node
from volconv.steps.step import Step

__all__ = ["Floored", "floors_of"]


class Floored(NamedTuple):
    """A layer that does the work of the step after it.

    Attributes
    ----------
    node : Node
        The layer, with the floor.
    reader : int
        The number of the step after it.
    """

    node: Node
    reader: int


def floors_of(nodes: Sequence[Node]) -> Mapping[int, Floored]:
    """The layers of a pipeline, by number, that can do what is done after them."""
    readers = Counter(read for node in nodes for read in node.inputs)
    found: dict[int, Floored] = {}
    for reader, node in enumerate(nodes, start=1):
        floor = floor_of(node.step)
        (read, *_) = node.inputs
        if floor is None or read == 0 or readers[read] > 1:
            continue
        layer = nodes[read - 1]
        if isinstance(layer.step, MixStep):
            step = layer.step.floored(floor)
            if step is not None:
                found[read] = Floored(Node(step, layer.inputs, layer.name), reader)
    return found


def floor_of(step: Step) -> float | None:
    """The least value of a step's outputs, where it does nothing else to its input."""
    if not isinstance(step, BlockStep) or step.source.dtype != step.target.dtype:
        return None
    operation = step.operation
    return operation.floor if isinstance(operation, Pointwise) else None
