"""A step over cells in memory: straight from them where it can, else by padded slabs.

Outputs that read nothing beyond the edge are computed from the cells as they lie. Where
the edge is in reach, the engine is told what the boundary says, and pads as it goes. An
engine that cannot is given cells assembled slab after slab, in one scratch that stays in
the cache. The padded copy of a large array is never made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import fill_block, runs
from volconv.compute import CONSTANT, Edges, aligned_empty
from volconv.geometry import Interval
from volconv.steps.pipeline import source_intervals
from volconv.steps.step import Step

__all__ = ["compute_cells", "slabs"]

SLAB_BYTES = 4 * 2**20
"""Padded bytes of a slab: more would leave the cache before they are used, fewer would
assemble the halo between two slabs more often."""

LARGE_SLAB_BYTES = 128 * 2**20
"""The same where cells are padded on the way: an engine's list of work grows with it."""


def compute_cells(
    step: Step,
    cells: NDArray[Any],
    box: tuple[Interval, ...] | None = None,
    *,
    origin: Sequence[int] | None = None,
    sizes: Sequence[int] | None = None,
    kinds: Sequence[str] | None = None,
    shifts: Sequence[int] | None = None,
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

    Returns
    -------
    ndarray
        Freshly allocated, the bits of `compute_box`.
    """
    dims = step.source.dims
    sizes = step.source.shape if sizes is None else sizes
    kinds = [step.boundaries[dim] for dim in dims] if kinds is None else kinds
    shifts = [0] * len(dims) if shifts is None else shifts
    origin = [0] * len(dims) if origin is None else origin
    if box is None:
        box = tuple(Interval(0, size) for size in step.target.shape)

    def read(inner: tuple[Interval, ...]) -> NDArray[Any]:
        return cells[
            tuple(
                side.shift(-start).slice
                for side, start in zip(inner, origin, strict=True)
            )
        ]

    def wanted(part: tuple[Interval, ...]) -> list[Interval]:
        return [
            side.shift(shift)
            for side, shift in zip(source_intervals(step, part), shifts, strict=True)
        ]

    is_inside = all(
        Interval(0, size).contains(side)
        for side, size in zip(wanted(box), sizes, strict=True)
    )
    shape = tuple(side.size for side in box)
    out = aligned_empty(shape, np.dtype(step.target.dtype))
    scratch = Scratch()

    def place(part: tuple[Interval, ...]) -> NDArray[Any]:
        sides = zip(part, box, strict=True)
        found: NDArray[Any] = out[
            tuple(side.shift(-whole.start).slice for side, whole in sides)
        ]
        return found

    def assembled(part: tuple[Interval, ...]) -> None:
        block = fill_block(
            read,
            wanted(part),
            sizes,
            kinds,
            step.boundaries.fill_value,
            step.source.dtype,
            empty=scratch.empty,
        )
        step.compute(block, place(part))

    if is_inside:
        assembled(box)
        return out
    for slab in slabs(step, box, LARGE_SLAB_BYTES):
        known = edges_of(step, cells, wanted(slab), origin, sizes, kinds)
        if known is None or not step.padding(known[0], place(slab), known[1]):
            for part in slabs(step, slab, SLAB_BYTES):
                assembled(part)
    return out


def edges_of(
    step: Step,
    cells: NDArray[Any],
    wanted: Sequence[Interval],
    origin: Sequence[int],
    sizes: Sequence[int],
    kinds: Sequence[str],
) -> tuple[NDArray[Any], Edges] | None:
    """The cells that a padded box is made of, and how; None for complex numbers."""
    if cells.dtype.kind not in "biuf":
        return None
    inside: list[slice] = []
    found: list[tuple[tuple[int, int, int], ...]] = []
    for interval, start, size, kind in zip(wanted, origin, sizes, kinds, strict=True):
        pieces = runs(interval, size, kind)
        if len(pieces) == 1 and pieces[0].source is not None and pieces[0].step == 1:
            inside.append(pieces[0].source.shift(-start).slice)
            found.append(((0, interval.size, 1),))
            continue
        inside.append(slice(None))
        found.append(
            tuple(
                (CONSTANT, run.dest.size, 0)
                if run.source is None
                else (
                    (run.source.stop - 1 if run.step < 0 else run.source.start) - start,
                    run.dest.size,
                    run.step,
                )
                for run in pieces
            )
        )
    has_constants = any(first == CONSTANT for axis in found for first, _, _ in axis)
    fill_value = step.boundaries.fill_value if has_constants else 0
    fill = np.full(1, fill_value, dtype=cells.dtype)
    return cells[tuple(inside)], Edges(tuple(found), fill.tobytes())


def slabs(
    step: Step, box: tuple[Interval, ...], room: int
) -> Iterator[tuple[Interval, ...]]:
    """The box in slabs along its first axis, each of about so many bytes with its halo.

    A slab is at least as thick as its halo, so that no cell is assembled more than about
    twice; the last axis is never cut.
    """
    axis = next((i for i, side in enumerate(box[:-1]) if side.size > 1), None)
    if axis is None:
        yield box
        return
    side = box[axis]
    read = [interval.size for interval in source_intervals(step, box)]
    layer = math.prod(read) // read[axis] * np.dtype(step.source.dtype).itemsize
    window = step.geometry[step.source.dims[axis]]
    cells = max(room // layer, 2 * window.halo, 1)
    thick = max(1, (cells - window.halo) // window.stride)
    for start in range(side.start, side.stop, thick):
        slab = Interval(start, min(start + thick, side.stop))
        yield (*box[:axis], slab, *box[axis + 1 :])


class Scratch:
    """One piece of memory, used for one array after another."""

    def __init__(self) -> None:
        self.memory = np.empty(0, dtype="u1")

    def empty(self, shape: Sequence[int], dtype: str) -> NDArray[Any]:
        """An array of any content; the one before it is no longer valid."""
        nbytes = math.prod(shape) * np.dtype(dtype).itemsize
        if nbytes > self.memory.size:
            self.memory = np.empty(nbytes, dtype="u1")
        return self.memory[:nbytes].view(dtype).reshape(shape)
