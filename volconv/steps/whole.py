"""A step over cells in memory: straight from them where it can, else by padded slabs.

Outputs that read nothing beyond the edge are computed from the cells as they lie. Where
the edge is in reach, the engine is told what the boundary says, and pads as it goes. An
engine that cannot is given cells assembled slab after slab, in one scratch that stays in
the cache. The padded copy of a large array is never made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import fill_block, runs
from volconv.compute import CONSTANT, Edges, aligned_empty
from volconv.geometry import Interval, relative
from volconv.steps.step import Step, of_box, source_intervals

__all__ = ["compute_cells", "slab_bytes", "slabs"]

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
    held = HeldCells.of(step, cells, origin, sizes, kinds, shifts)
    if box is None:
        box = tuple(Interval(0, size) for size in step.target.shape)
    if out is None:
        shape = tuple(side.size for side in box)
        out = aligned_empty(shape, np.dtype(step.target.dtype))
    scratch = Scratch()

    def assembled(part: tuple[Interval, ...]) -> None:
        block = fill_block(
            held.read,
            held.wanted(part),
            held.sizes,
            held.kinds,
            step.boundaries.fill_value,
            step.source.dtype,
            empty=scratch.empty,
        )
        of_box(step, part).compute(block, placed(out, part, box))

    wanted = held.wanted(box)
    if held.has_all(wanted):
        block = np.asarray(held.read(wanted), dtype=step.source.dtype)
        of_box(step, box).compute(block, out)
        return out
    for slab in slabs(step, box, LARGE_SLAB_BYTES):
        known = edges_of(held, slab)
        is_done = known is not None and of_box(step, slab).padding(
            known[0], placed(out, slab, box), known[1]
        )
        if not is_done:
            for part in slabs(step, slab, slab_room(step)):
                assembled(part)
    return out


def placed(
    out: NDArray[Any], part: tuple[Interval, ...], box: tuple[Interval, ...]
) -> NDArray[Any]:
    """Where the outputs of a part of a box go; a view, even of an array without axes."""
    place: tuple[Any, ...] = (*relative(part, box), ...)
    found: NDArray[Any] = out[place]
    return found


@dataclass(frozen=True, eq=False)
class HeldCells:
    """A part of a step's input, as it lies in memory: see `compute_cells`."""

    step: Step
    cells: NDArray[Any]
    origin: Sequence[int]
    sizes: Sequence[int]
    kinds: Sequence[str]
    shifts: Sequence[int]

    @classmethod
    def of(
        cls,
        step: Step,
        cells: NDArray[Any],
        origin: Sequence[int] | None,
        sizes: Sequence[int] | None,
        kinds: Sequence[str] | None,
        shifts: Sequence[int] | None,
    ) -> HeldCells:
        """The cells with the step's own geometry where none is given."""
        dims = step.source.dims
        zeros = [0] * len(dims)
        return cls(
            step,
            cells,
            zeros if origin is None else origin,
            step.source.shape if sizes is None else sizes,
            [step.boundaries[dim] for dim in dims] if kinds is None else kinds,
            zeros if shifts is None else shifts,
        )

    def read(self, inner: Sequence[Interval]) -> NDArray[Any]:
        """Cells of a box inside the input."""
        found: NDArray[Any] = self.cells[
            tuple(
                slice(side.start - start, side.stop - start)
                for side, start in zip(inner, self.origin, strict=True)
            )
        ]
        return found

    def wanted(self, part: tuple[Interval, ...]) -> list[Interval]:
        """Cells that a part of the outputs reads."""
        read = source_intervals(self.step, part)
        if not any(self.shifts):
            return list(read)
        return [
            side.shift(shift) for side, shift in zip(read, self.shifts, strict=True)
        ]

    def has_all(self, wanted: Sequence[Interval]) -> bool:
        """Whether cells that are read all lie inside the input."""
        return all(
            side.start >= 0 and side.stop <= size
            for side, size in zip(wanted, self.sizes, strict=True)
        )


def edges_of(
    held: HeldCells, part: tuple[Interval, ...]
) -> tuple[NDArray[Any], Edges] | None:
    """The cells that a padded part is made of, and how; None for complex numbers."""
    step, cells = held.step, held.cells
    if cells.dtype.kind not in "biuf":
        return None
    inside: list[slice] = []
    found: list[tuple[tuple[int, int, int], ...]] = []
    sides = zip(held.wanted(part), held.origin, held.sizes, held.kinds, strict=True)
    for interval, start, size, kind in sides:
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
    twice; the last axis is never cut, nor one whose outputs all read the same.
    """
    read = [interval.size for interval in source_intervals(step, box)]
    axis = cut_axis(step, box)
    if axis is None:
        yield box
        return
    side = box[axis]
    layer = math.prod(read) // read[axis] * np.dtype(step.source.dtype).itemsize
    window = step.geometry[step.source.dims[axis]]
    cells = max(room // layer, 2 * window.halo, 1)
    thick = max(1, (cells - window.halo) // window.jump)
    for start in range(side.start, side.stop, thick):
        slab = Interval(start, min(start + thick, side.stop))
        yield (*box[:axis], slab, *box[axis + 1 :])


def cut_axis(step: Step, box: Sequence[Interval]) -> int | None:
    """The axis along which a box is cut into slabs, of which each reads less."""
    sides = zip(step.source.dims[:-1], box, strict=False)
    found = (
        axis
        for axis, (dim, side) in enumerate(sides)
        if side.size > 1 and step.geometry[dim].jump > 0
    )
    return next(found, None)


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
