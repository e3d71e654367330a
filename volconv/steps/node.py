"""A step of a pipeline with what it reads of each of its inputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import Read, fill_block, source_boxes
from volconv.geometry import Geometry, Interval, Window
from volconv.meta import ArrayMeta
from volconv.steps.step import Join, Step, source_intervals

__all__ = ["Box", "Node"]

Box = tuple[Interval, ...]


@dataclass(frozen=True, eq=False)
class Node:
    """A step and what it reads.

    Parameters
    ----------
    step : Step
        Resolved for its input.
    inputs : tuple of int
        Numbers of the steps that it reads, all before its own; 0 is the input.
    name : str
        What later steps of a configuration call its result; may be empty.
    package : str
        The plug-in that the step is of, with its version; empty for this package's own.
    """

    step: Step
    inputs: tuple[int, ...]
    name: str = ""
    package: str = ""

    @cached_property
    def over(self) -> tuple[tuple[ArrayMeta, Geometry], ...]:
        """Each input, and the windows over it."""
        step = self.step
        if isinstance(step, Join):
            return tuple(zip(step.sources, step.geometries, strict=True))
        return ((step.source, step.geometry),)

    @cached_property
    def sides(self) -> tuple[tuple[tuple[Window, int, str], ...], ...]:
        """For each input and axis the window, the cells, and the boundary."""
        boundaries = self.step.boundaries
        return tuple(
            tuple((geometry[a.dim], a.size, boundaries[a.dim]) for a in meta.axes)
            for meta, geometry in self.over
        )

    def read(self, number: int, axis: int, outputs: Interval) -> tuple[Interval, ...]:
        """Cells inside an input that outputs read along one axis."""
        window, cells, kind = self.sides[number][axis]
        wanted = window.source(outputs)
        return source_boxes(wanted, cells, kind) if wanted.size else ()

    def inner(self, number: int, outer: Box, outputs: Box) -> tuple[slice, ...] | None:
        """What outputs read of a box of an input, where all of it lies inside.

        None where they read beyond the edge.
        """
        found = []
        for axis, (side, cells) in enumerate(zip(outer, outputs, strict=True)):
            read = self.inside(number, axis, cells)
            if read is None:
                return None
            found.append(read.shift(-side.start).slice)
        return tuple(found)

    def inside(self, number: int, axis: int, outputs: Interval) -> Interval | None:
        """What outputs read along an axis; None where that lies beyond the edge."""
        window, cells, _ = self.sides[number][axis]
        wanted = window.source(outputs)
        is_inside = 0 <= wanted.start < wanted.stop <= cells
        return wanted if is_inside else None

    def block(self, number: int, box: Box, read: Read) -> NDArray[Any]:
        """Cells of an input, padded, that a box of outputs is made of."""
        meta, geometry = self.over[number]
        wanted = source_intervals(self.step, box, geometry)
        if not all(side.size for side in wanted):
            return np.empty([side.size for side in wanted], meta.dtype)
        boundaries = self.step.boundaries
        return fill_block(
            read,
            wanted,
            meta.shape,
            [boundaries[dim] for dim in meta.dims],
            boundaries.fill_value,
            meta.dtype,
        )
