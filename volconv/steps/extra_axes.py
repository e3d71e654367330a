"""Steps among dimensions that other steps of a pipeline make.

All steps of a pipeline have the same axes, so that one box tells cells of any of them.
Where a dimension is not made yet, its axis has one cell::

    step 0  input             kernel 1, y 64, x 64
    step 1  gaussian          kernel 1, y 64, x 64
    step 2  correlate_bank    kernel 8, y 62, x 62
    step 3  max_pool          kernel 8, y 31, x 31
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import Boundaries
from volconv.compute import Edges
from volconv.errors import DimError
from volconv.geometry import Geometry, Interval
from volconv.kernels import LengthNote
from volconv.meta import ArrayMeta, without
from volconv.steps.optional import (
    cell_method_of,
    compiles_of,
    labels_of,
    lengths_of,
    unit_factor_of,
    weight_bytes_of,
)
from volconv.steps.step import Join, Step, of_box

__all__ = ["all_dims", "among"]

Array = NDArray[Any]


def all_dims(steps: Sequence[Step]) -> tuple[str, ...]:
    """The dimensions of a pipeline, the one made last first.

    Raises
    ------
    DimError
        If two steps make the same dimensions in another order.
    """
    found: list[str] = []
    for step in steps:
        found = [dim for dim in step.source.dims if dim not in found] + found
    for step in steps:
        own = step.source.dims
        ordered = tuple(dim for dim in found if dim in own)
        if ordered != own:
            raise DimError(
                f"{step.name} dims",
                f"{list(own)}, where other steps have {list(ordered)}",
                "new dimensions in one order on all branches",
                "give a new dimension another name on one branch",
            )
    return tuple(found)


def among(step: Step, dims: Sequence[str]) -> Step:
    """A step over arrays that have all of a pipeline's dimensions."""
    if step.source.dims == tuple(dims):
        return step
    axes = tuple(axis for axis, dim in enumerate(dims) if dim not in step.source.dims)
    source, target = step.source.among(dims), step.target.among(dims)
    if not isinstance(step, Join):
        return Carried(step, axes, source, target)
    sources = tuple(one.among(dims) for one in step.sources)
    return CarriedJoin(step, axes, source, target, sources)


@dataclass(frozen=True, eq=False)
class Carried:
    """A step that carries axes of one cell along.

    Parameters
    ----------
    inner : Step
        The step without them.
    axes : tuple of int
        Where they are.
    source, target : ArrayMeta
        As in `Step`.
    """

    inner: Step
    axes: tuple[int, ...]
    source: ArrayMeta
    target: ArrayMeta

    @property
    def name(self) -> str:
        """The step's name."""
        return self.inner.name

    @property
    def geometry(self) -> Geometry:
        """The windows, none along the axes that are carried."""
        return self.inner.geometry

    @property
    def boundaries(self) -> Boundaries:
        """What its padded cells hold."""
        return self.inner.boundaries

    @property
    def unit_factor(self) -> str | None:
        """As in `BlockStep`."""
        return unit_factor_of(self.inner)

    @property
    def cell_method(self) -> str:
        """As in `BlockStep`."""
        return cell_method_of(self.inner)

    @property
    def compiles(self) -> bool:
        """As in `BlockStep`."""
        return compiles_of(self.inner)

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights of a layer."""
        return weight_bytes_of(self.inner)

    @property
    def labels(self) -> Mapping[str, Array]:
        """Coordinates of dimensions that it makes."""
        return labels_of(self.inner)

    @property
    def lengths(self) -> tuple[LengthNote, ...]:
        """As in `BlockStep`."""
        return lengths_of(self.inner)

    def of_box(self, box: Sequence[Interval]) -> Step:
        """The step with the arithmetic of a box: see `VaryingStep`."""
        return replace(self, inner=of_box(self.inner, without(box, self.axes)))

    def own(self, block: Array) -> Array:
        """A block without the axes that are carried."""
        found: Array = block.squeeze(self.axes)
        return found

    def compute(self, block: Array, out: Array | None = None) -> Array:
        """Outputs of a block that has its halo: see `Step.compute`."""
        if out is None:
            return np.expand_dims(self.inner.compute(self.own(block)), self.axes)
        self.inner.compute(self.own(block), self.own(out))
        return out

    def padding(self, cells: Array, out: Array, edges: Edges) -> bool:
        """Outputs of cells that are padded on the way: see `Step.padding`."""
        own = edges._replace(runs=without(edges.runs, self.axes))
        return self.inner.padding(self.own(cells), self.own(out), own)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that `compute` allocates at most: see `Step.work_bytes`."""
        return self.inner.work_bytes(outputs, cells)

    @property
    def is_tiled(self) -> bool:
        """Whether it works in tiles of its own: see `Step.is_tiled`."""
        return self.inner.is_tiled

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about."""
        return self.inner.cell_cost

    def describe(self) -> dict[str, object]:
        """All that decides its result, as JSON."""
        return self.inner.describe()

    def engine_note(self) -> str:
        """The engine that computes it, and why."""
        return self.inner.engine_note()


@dataclass(frozen=True, eq=False)
class CarriedJoin(Carried):
    """The same of a step over several inputs."""

    sources: tuple[ArrayMeta, ...]

    @property
    def geometries(self) -> tuple[Geometry, ...]:
        """Windows over each input."""
        return cast("Join", self.inner).geometries

    def combine(self, blocks: Sequence[Array], out: Array | None = None) -> Array:
        """Outputs of blocks that have their halo, one of each input."""
        inner = cast("Join", self.inner)
        own = None if out is None else self.own(out)
        found = inner.combine([self.own(block) for block in blocks], own)
        if out is not None and found is own:
            return out
        return np.expand_dims(found, self.axes)
