"""What builders of layers share: names of axes, and what they return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from volconv.meta import ArrayMeta
from volconv.network.graph import Graph, GraphNode
from volconv.steps import Step
from volconv.steps.layer import spatial_dims

__all__ = ["Axes", "Build", "Builder", "one"]

Build = Callable[[Sequence[ArrayMeta]], Step]
"""Makes a step for what it reads."""


@dataclass(frozen=True)
class Axes:
    """What the axes of a network are called.

    Parameters
    ----------
    channel : str
        The dimension of channels.
    dims : tuple of str, optional
        Those of the axes after it; None for all others of the data.
    count : int
        How many these are.
    """

    channel: str
    dims: tuple[str, ...] | None
    count: int

    def of(self, meta: ArrayMeta) -> tuple[str, ...]:
        """The spatial dimensions, all of them an array's.

        Raises
        ------
        DimError
            If there are not as many as the network has, or one is not there.
        """
        meta.require([self.channel], "channel")
        return spatial_dims(
            meta, self.channel, self.dims, self.count, "as the network has"
        )


Builder = Callable[[Graph, GraphNode, Axes], Build]
"""Makes that of a node, or refuses the node."""


def one(sources: Sequence[ArrayMeta]) -> ArrayMeta:
    """The input of a step that has one."""
    (meta,) = sources
    return meta
