"""The step that mixes the cells of one dimension, its channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, cast

from numpy.typing import NDArray

from volconv.compute import Edges
from volconv.geometry import Geometry, Interval, Mix
from volconv.meta import ArrayMeta, Axis
from volconv.steps.block import CELL, BlockStep, Operation

__all__ = ["MixStep", "mixed_target"]

PRODUCT = 0.04
"""Nanoseconds of one product of a compiled layer, about."""


class Mixing(Operation, Protocol):
    """An operation that mixes input channels into output channels."""

    def of_channels(self, outputs: Interval) -> Operation:
        """The operation of some of the output channels."""

    def padding(self, cells: NDArray[Any], out: NDArray[Any], edges: Edges) -> bool:
        """Outputs of cells that are padded on the way: see `Step.padding`."""

    def floored(self, floor: float) -> Operation | None:
        """The operation with a floor under its outputs; None where it has none."""

    @property
    def products(self) -> float:
        """Products of one output cell."""

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights."""


@dataclass(frozen=True, eq=False)
class MixStep(BlockStep):
    """A step that mixes the cells of one dimension, its channels: see `BlockStep`."""

    @property
    def channel(self) -> int:
        """The axis of channels."""
        return next(
            axis
            for axis, dim in enumerate(self.source.dims)
            if isinstance(self.geometry[dim], Mix)
        )

    def of_box(self, box: Sequence[Interval]) -> Self:
        """The step with the channels of a box: see `VaryingStep`."""
        side = box[self.channel]
        if side.size == self.target.shape[self.channel]:
            return self
        operation = cast("Mixing", self.operation).of_channels(side)
        return replace(self, operation=operation, geometry=self.windows_in(box))

    def floored(self, floor: float) -> Self | None:
        """The step with a floor under its outputs; None where it has none."""
        operation = cast("Mixing", self.operation).floored(floor)
        return None if operation is None else replace(self, operation=operation)

    def padding(self, cells: NDArray[Any], out: NDArray[Any], edges: Edges) -> bool:
        """Outputs of cells that are padded on the way: see `Step.padding`."""
        return cast("Mixing", self.operation).padding(cells, out, edges)

    @property
    def weight_bytes(self) -> int:
        """Bytes of its weights."""
        return cast("Mixing", self.operation).weight_bytes

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about."""
        products: float = cast("Mixing", self.operation).products
        return CELL + PRODUCT * products


def mixed_target(meta: ArrayMeta, geometry: Geometry, dtype: str) -> ArrayMeta:
    """What a step makes whose windows mix a dimension: that loses its coordinate."""
    found = meta.with_sizes(geometry.out_sizes(meta.sizes), geometry.jumps())
    axes = tuple(
        Axis(axis.dim, axis.size) if isinstance(geometry[axis.dim], Mix) else axis
        for axis in found.axes
    )
    return replace(found, axes=axes, dtype=dtype)
