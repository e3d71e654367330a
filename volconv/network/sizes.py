"""Sizes of results of a network, for nodes that compute with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from volconv.errors import KindError
from volconv.meta import ArrayMeta
from volconv.network.axes import Axes, Build
from volconv.network.graph import Graph, GraphNode
from volconv.steps import Step

__all__ = ["Sizes"]


@dataclass(frozen=True, eq=False)
class Sizes:
    """Cells of results along all axes, noted as layer after layer finds its inputs.

    Parameters
    ----------
    graph : Graph
        The graph.
    axes : Axes
        What its axes are called.
    found : dict
        By the names of results.
    same : dict
        Results that are other ones, by name.
    """

    graph: Graph
    axes: Axes
    found: dict[str, tuple[int, ...]] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)

    def noting(self, node: GraphNode, names: Sequence[str], build: Build) -> Build:
        """What makes the step of a node, and notes the sizes that it reads and makes."""
        if not self.graph.constants.sized:
            return build

        def noted(sources: Sequence[ArrayMeta]) -> Step:
            for name, meta in zip(names, sources, strict=True):
                self.note(name, meta)
            step = build(sources)
            self.note(node.outputs[0], step.target)
            return step

        return noted

    def note(self, name: str, meta: ArrayMeta) -> None:
        """Note the sizes of a result."""
        dims = (self.axes.channel, *self.axes.of(meta))
        batch = (self.graph.shape[0] if self.graph.shape else None) or 1
        self.found[self.first(name)] = (batch, *(meta.sizes[dim] for dim in dims))

    def first(self, name: str) -> str:
        """The name of the result that another one is."""
        while name in self.same:
            name = self.same[name]
        return name

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Cells of a result along all axes.

        Raises
        ------
        KindError
            If no layer has made it.
        """
        found = self.found.get(self.first(name))
        if found is None:
            raise KindError(
                f"{self.graph.path}, Shape",
                f"sizes of {name!r}, which no layer before makes",
                "sizes of results that layers read",
            )
        return found

    def known(self) -> Graph:
        """The graph, what depends on sizes being constant."""
        constants = self.graph.constants.over(self.shape_of)
        return replace(self.graph, constants=constants)
