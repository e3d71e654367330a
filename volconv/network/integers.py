"""Integers of a network: nothing is computed with them, as ONNX has it overflow."""

from __future__ import annotations

from collections.abc import Iterable

from volconv.errors import KindError
from volconv.network.graph import Graph, GraphNode, dtype_of

__all__ = ["Integers"]

MAKES = ("ArgMax", "ArgMin")

KEEPS = (
    *("Identity", "Dropout", "Slice", "Split", "Concat", "Pad", "Resize", "Upsample"),
    *("MaxPool", "Max", "Min", "ReduceMax", "ReduceMin", "Clip", "Abs", "Relu", "Sign"),
)
"""Operators whose results have the dtype of what they read."""

COMPUTES = (
    *("Add", "Sub", "Mul", "Div", "Sum", "Neg"),
    *("Pow", "ReduceSum", "ReduceMean"),
)
"""Operators that are others over integers than over floats."""


class Integers:
    """Results of a network that are integers.

    Parameters
    ----------
    graph : Graph
        The graph.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.names = {graph.input} if graph.dtype.kind in "iu" else set()

    def note(self, node: GraphNode, reads: Iterable[str]) -> None:
        """Note what a node makes of the results that it reads.

        Raises
        ------
        KindError
            If it computes with integers.
        """
        found = self.names.intersection(reads)
        if found and node.op in COMPUTES:
            raise KindError(
                f"{self.graph.path}, {node.where}",
                f"integers in {min(found)!r}",
                "floats",
                "cast them to floats before it",
            )
        is_made = node.op in MAKES or (
            node.op == "Cast" and dtype_of(node.attributes["to"]).kind in "iu"
        )
        if is_made or (found and node.op in KEEPS):
            self.names.update(node.outputs)
