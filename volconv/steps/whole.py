"""A step over cells in memory: the inside straight from them, the rim from padded copies.

Most outputs of a large block read nothing beyond the edge. They are computed from the
cells as they lie, without a copy; only the thin rim along the edges is assembled with
what the boundary says::

      rim of the first axis
    +-----------------------+
    |  |                 |  |    the rim of an axis spans what the axes
    |  |     inside      |  |    before it have left
    |  |                 |  |
    +-----------------------+
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import fill_block
from volconv.geometry import Interval
from volconv.steps.pipeline import source_intervals
from volconv.steps.step import Step

__all__ = ["compute_cells", "rim_and_inside"]


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

    def inside(axis: int, outputs: Interval) -> Interval:
        window = step.geometry[dims[axis]]
        shift = shifts[axis]
        return window.inside(Interval(-shift, sizes[axis] - shift)).intersect(outputs)

    out = np.empty([side.size for side in box], dtype=step.target.dtype)
    for part in rim_and_inside(box, inside):
        wanted = [
            side.shift(shift)
            for side, shift in zip(source_intervals(step, part), shifts, strict=True)
        ]
        block = fill_block(
            read, wanted, sizes, kinds, step.boundaries.fill_value, step.source.dtype
        )
        place = tuple(
            side.shift(-whole.start).slice
            for side, whole in zip(part, box, strict=True)
        )
        step.compute(block, out[place])
    return out


def rim_and_inside(
    box: tuple[Interval, ...], inside: Callable[[int, Interval], Interval]
) -> Iterator[tuple[Interval, ...]]:
    """Parts of a box: along each axis what is before and after its inside, then the inside.

    Examples
    --------
    >>> box = (Interval(0, 5), Interval(0, 9))
    >>> for part in rim_and_inside(box, lambda axis, side: Interval(1, side.stop - 1)):
    ...     print([(side.start, side.stop) for side in part])
    [(0, 1), (0, 9)]
    [(4, 5), (0, 9)]
    [(1, 4), (0, 1)]
    [(1, 4), (8, 9)]
    [(1, 4), (1, 8)]
    """
    rest = list(box)
    for axis, side in enumerate(box):
        middle = inside(axis, side)
        if middle.size == 0:
            break
        for rim in (
            Interval(side.start, middle.start),
            Interval(middle.stop, side.stop),
        ):
            if rim.size:
                yield (*rest[:axis], rim, *rest[axis + 1 :])
        rest[axis] = middle
    yield tuple(rest)
