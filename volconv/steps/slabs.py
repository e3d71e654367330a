"""How the outputs of a box are made of cells in memory, slab by slab."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import fill_block, runs
from volconv.compute import CONSTANT, Edges
from volconv.geometry import Interval
from volconv.steps.memoised import memoised
from volconv.steps.step import Step, source_intervals

__all__ = [
    "LARGE_SLAB_BYTES",
    "Reading",
    "cut_axis",
    "slabs",
    "whole_box",
    "whole_reading",
]

REMEMBERED = 1024
"""Axes whose edges are remembered: arbitrary, all of a block's in a row of blocks."""

LARGE_SLAB_BYTES = 128 * 2**20
"""Padded bytes of a slab that is padded on the way: an engine's list of work grows with
it."""


def whole_box(step: Step) -> tuple[Interval, ...]:
    """All outputs of a step."""
    return tuple(Interval(0, size) for size in step.target.shape)


@dataclass(frozen=True, eq=False)
class Reading:
    """How the outputs of a box are made of cells in memory: see `compute_cells`.

    Parameters
    ----------
    box : tuple of Interval
        The outputs.
    wanted : tuple of Interval
        Cells that they read.
    origin, sizes, kinds, shifts : tuple
        One for each axis.
    is_inside : bool
        Whether all that is read lies inside the input.
    slabs : tuple of Slab
        The box in slabs; none where `is_inside`.
    """

    box: tuple[Interval, ...]
    wanted: tuple[Interval, ...]
    origin: tuple[int, ...]
    sizes: tuple[int, ...]
    kinds: tuple[str, ...]
    shifts: tuple[int, ...]
    is_inside: bool
    slabs: tuple[Slab, ...]

    @classmethod
    def of(
        cls,
        step: Step,
        box: tuple[Interval, ...],
        origin: Sequence[int] | None = None,
        sizes: Sequence[int] | None = None,
        kinds: Sequence[str] | None = None,
        shifts: Sequence[int] | None = None,
    ) -> Reading:
        """The reading with the step's own geometry where none is given."""
        dims = step.source.dims
        zeros = (0,) * len(dims)
        own = tuple(step.boundaries[dim] for dim in dims)
        starts = zeros if origin is None else tuple(origin)
        cells = step.source.shape if sizes is None else tuple(sizes)
        beyond = own if kinds is None else tuple(kinds)
        by = zeros if shifts is None else tuple(shifts)
        wanted = shifted(source_intervals(step, box), by)
        is_inside = all(
            side.start >= 0 and side.stop <= size
            for side, size in zip(wanted, cells, strict=True)
        )
        found = []
        for slab in () if is_inside else slabs(step, box, LARGE_SLAB_BYTES):
            read = shifted(source_intervals(step, slab), by)
            sides = zip(read, starts, cells, beyond, strict=True)
            inside, axes = zip(*(axis_edges(*side) for side in sides), strict=True)
            found.append(Slab(slab, inside, axes))
        return cls(box, wanted, starts, cells, beyond, by, is_inside, tuple(found))

    def read(self, cells: NDArray[Any], inner: Sequence[Interval]) -> NDArray[Any]:
        """Cells of a box inside the input."""
        found: NDArray[Any] = cells[
            tuple(
                slice(side.start - start, side.stop - start)
                for side, start in zip(inner, self.origin, strict=True)
            )
        ]
        return found

    def assembled(
        self,
        step: Step,
        cells: NDArray[Any],
        part: tuple[Interval, ...],
        empty: Callable[[Sequence[int], str], NDArray[Any]],
    ) -> NDArray[Any]:
        """The padded cells of a part of the outputs, in an array that `empty` makes."""
        return fill_block(
            lambda inner: self.read(cells, inner),
            shifted(source_intervals(step, part), self.shifts),
            self.sizes,
            self.kinds,
            step.boundaries.fill_value,
            step.source.dtype,
            empty=empty,
        )


@memoised
def whole_reading(step: Step) -> Reading:
    """The reading of all outputs of a step from all of its input."""
    return Reading.of(step, whole_box(step))


def shifted(box: tuple[Interval, ...], shifts: Sequence[int]) -> tuple[Interval, ...]:
    """A box moved along each axis."""
    if not any(shifts):
        return box
    return tuple(side.shift(by) for side, by in zip(box, shifts, strict=True))


@dataclass(frozen=True, eq=False)
class Slab:
    """A part of a box, and the cells that it is padded from.

    Parameters
    ----------
    box : tuple of Interval
        The outputs.
    inside : tuple of slice
        The cells.
    runs : tuple
        How they are padded: see `Edges`.
    """

    box: tuple[Interval, ...]
    inside: tuple[slice, ...]
    runs: tuple[tuple[tuple[int, int, int], ...], ...]

    def padded(
        self, cells: NDArray[Any], fill_value: complex
    ) -> tuple[NDArray[Any], Edges] | None:
        """The cells, and how they are padded; None for complex numbers."""
        if cells.dtype.kind not in "biuf":
            return None
        has_constants = any(run[0] == CONSTANT for axis in self.runs for run in axis)
        fill = np.full(1, fill_value if has_constants else 0, dtype=cells.dtype)
        return cells[self.inside], Edges(self.runs, fill.tobytes())


@lru_cache(maxsize=REMEMBERED)
def axis_edges(
    wanted: Interval, origin: int, size: int, kind: str
) -> tuple[slice, tuple[tuple[int, int, int], ...]]:
    """The cells along an axis that a padded interval is made of, and how: see `Edges`.

    Parameters
    ----------
    wanted : Interval
        In the input's index space, where the cells begin at `origin`.
    origin, size : int
        First of the cells, and cells of the input.
    kind : str
        The boundary.
    """
    pieces = runs(wanted, size, kind)
    if len(pieces) == 1 and pieces[0].source is not None and pieces[0].step == 1:
        return pieces[0].source.shift(-origin).slice, ((0, wanted.size, 1),)
    return slice(None), tuple(
        (CONSTANT, run.dest.size, 0)
        if run.source is None
        else (
            (run.source.stop - 1 if run.step < 0 else run.source.start) - origin,
            run.dest.size,
            run.step,
        )
        for run in pieces
    )


def slabs(
    step: Step, box: tuple[Interval, ...], room: int
) -> Iterator[tuple[Interval, ...]]:
    """The box in slabs along its first axis, each of about so many bytes with its halo.

    A slab is at least as thick as its halo, so that no cell is assembled more than about
    twice; the last axis is never cut, nor one whose outputs all read the same.
    """
    read = [interval.size for interval in source_intervals(step, box)]
    axis = cut_axis(step, box)
    whole = math.prod(read) * np.dtype(step.source.dtype).itemsize
    if axis is None or whole <= room:
        yield box
        return
    side = box[axis]
    layer = whole // read[axis]
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
