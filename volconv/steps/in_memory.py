"""A step over cells in memory: straight from them where it can, else by padded slabs.

Outputs that read nothing beyond the edge are computed from the cells as they lie. Where
the edge is in reach, the engine is told what the boundary says, and pads as it goes. An
engine that cannot is given cells assembled slab after slab, in one scratch that stays in
the cache. The padded copy of a large array is never made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute import aligned_empty
from volconv.compute.workspace import one_workspace
from volconv.geometry import Interval, relative
from volconv.steps.slabs import (
    LARGE_SLAB_BYTES,
    Reading,
    cut_axis,
    slabs,
    whole_box,
    whole_reading,
)
from volconv.steps.step import Step, of_box, source_intervals

__all__ = ["compute_cells", "compute_reading", "slab_bytes"]

SLAB_BYTES = 4 * 2**20
"""Padded bytes of a slab: more would leave the cache before they are used, fewer would
assemble the halo between two slabs more often."""


def compute_cells(
    step: Step,
    cells: NDArray[Any],
    box: tuple[Interval, ...] | None = None,
    *,
    origin: Sequence[int] | None = None,
    sizes: Sequence[int] | None = None,
    kinds: Sequence[str] | None = None,
    shifts: Sequence[int] | None = None,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Outputs of a step over cells in memory.

    Parameters
    ----------
    step : Step
        The step.
    cells : ndarray
        The step's input, or a part of it that holds all that the box needs.
    box : tuple of Interval, optional
        The outputs; by default all.
    origin : sequence of int, optional
        Where the cells begin in the input; by default at its first cell.
    sizes, kinds, shifts : sequence, optional
        The input's size and boundary along each axis, and by how much its index space
        is shifted, where the input was extended; by default the step's own.
    out : ndarray, optional
        Where the outputs go; by default into a new array.

    Returns
    -------
    ndarray
        The bits of `compute_box`.
    """
    given = origin, sizes, kinds, shifts
    if box is None and given == (None, None, None, None):
        reading = whole_reading(step)
    else:
        reading = Reading.of(step, whole_box(step) if box is None else box, *given)
    return compute_reading(step, reading, cells, out)


def compute_reading(
    step: Step, reading: Reading, cells: NDArray[Any], out: NDArray[Any] | None
) -> NDArray[Any]:
    """Outputs of a box from cells in memory, as a reading tells: see `compute_cells`."""
    box = reading.box
    if out is None:
        shape = tuple(side.size for side in box)
        out = aligned_empty(shape, np.dtype(step.target.dtype))
    if reading.is_inside:
        block = np.asarray(reading.read(cells, reading.wanted), step.source.dtype)
        of_box(step, box).compute(block, out)
        return out
    with one_workspace() as space:
        padded = partial(space.empty, "padded block")
        for slab in reading.slabs:
            known = slab.padded(cells, step.boundaries.fill_value)
            is_done = known is not None and of_box(step, slab.box).padding(
                known[0], part_of(out, slab.box, box), known[1]
            )
            if is_done:
                continue
            for part in slabs(step, slab.box, slab_room(step)):
                block = reading.assembled(step, cells, part, padded)
                of_box(step, part).compute(block, part_of(out, part, box))
    return out


def part_of(
    out: NDArray[Any], part: tuple[Interval, ...], box: tuple[Interval, ...]
) -> NDArray[Any]:
    """Where the outputs of a part of a box go; a view, even of an array without axes."""
    where: tuple[Any, ...] = (*relative(part, box), ...)
    found: NDArray[Any] = out[where]
    return found


def slab_bytes(step: Step, box: tuple[Interval, ...]) -> int:
    """Bytes of a padded slab of the box, at most."""
    read = [interval.size for interval in source_intervals(step, box)]
    whole = math.prod(read) * np.dtype(step.source.dtype).itemsize
    axis = cut_axis(step, box)
    if axis is None:
        return whole
    layer = whole // read[axis]
    halo = step.geometry[step.source.dims[axis]].halo
    return min(whole, max(slab_room(step), 2 * halo * layer, layer))


def slab_room(step: Step) -> int:
    """Padded bytes of a slab, about, where cells are assembled before they are used."""
    return LARGE_SLAB_BYTES if step.is_tiled else SLAB_BYTES
