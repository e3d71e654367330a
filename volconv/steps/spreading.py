"""The step that makes more cells than it reads: its arithmetic depends on the box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import Boundaries
from volconv.compute import aligned_empty
from volconv.geometry import Geometry, Interval, Spreading
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep, Operation

__all__ = ["SpreadingStep", "spreading_step"]


class VaryingOperation(Protocol):
    """An operation that is not the same for every block: see `Operation`."""

    def at(self, firsts: Sequence[int]) -> Any:
        """The operation over a block, from where it begins along each axis.

        Parameters
        ----------
        firsts : sequence of int
            `Spreading.phase` of its outputs; 0 along other axes.
        """


@dataclass(frozen=True, eq=False)
class SpreadingStep(BlockStep):
    """A step whose windows move by parts of a cell: see `BlockStep`.

    Parameters
    ----------
    box : tuple of Interval, optional
        The outputs that it computes; by default all.
    """

    box: tuple[Interval, ...] | None = None

    def of_box(self, box: Sequence[Interval]) -> Self:
        """The step with the arithmetic of a box: see `VaryingStep`."""
        return replace(self, box=tuple(box))

    def compute(
        self, block: NDArray[Any], out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Outputs of a block that has its halo: see `Step.compute`."""
        box = self.box or tuple(Interval(0, size) for size in self.target.shape)
        windows = [self.geometry[dim] for dim in self.source.dims]
        firsts = [
            window.phase(side) if isinstance(window, Spreading) else 0
            for window, side in zip(windows, box, strict=True)
        ]
        if out is None:
            shape = tuple(side.size for side in box)
            out = aligned_empty(shape, np.dtype(self.target.dtype))
        cast("VaryingOperation", self.operation).at(firsts)(block, out)
        return out


def spreading_step(
    name: str,
    meta: ArrayMeta,
    operation: Operation,
    dtype: str,
    windows: tuple[Geometry, Boundaries],
) -> SpreadingStep:
    """The step of an operation over an array; the parameters are those of `block_step`."""
    geometry, boundaries = windows
    target = meta.with_sizes(geometry.out_sizes(meta.sizes), geometry.jumps())
    return SpreadingStep(
        name, operation, geometry, boundaries, meta, replace(target, dtype=dtype)
    )
