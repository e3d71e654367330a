"""The taps of a kernel in the one order in which they are summed.

Taps of weight zero are dropped here, and so is every question of layout: an
engine may regroup the sequence, unroll it, or spread it over rows and vectors,
but each output cell sums its taps in this order, starting from +0.0. That is what
keeps the bits of an output independent of the block it is computed in.

Taps that follow each other along one axis, the column axis, form columns::

    weights          columns along the first axis, by height
    1 2 0            height 3: (1 4 6)
    4 5 0            height 2: (2 5)
    6 0 7            height 1: (7)

One column serves several output rows with the cells it loads once.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A taller column needs more registers for its weights than 32 can spare beside
# 16 sums and 4 cells; a run of taps longer than this is cut into equal parts.
TALLEST = 8
# A column of one weight needs none; a longer one would take long to compile.
TALLEST_BOX = 64
# Each height is a loop of its own in the compiled code, so their number is kept
# small: taps of a rarer height are taken one by one.
MOST_HEIGHTS = 3


@dataclass(frozen=True)
class Columns:
    """Columns of one height.

    Attributes
    ----------
    height : int
        Taps in each.
    first : ndarray, shape (columns, ndim), int64
        Index of the first tap of each in the kernel.
    weights : ndarray, shape (columns, height), float64
    """

    height: int
    first: NDArray[np.int64]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class Taps:
    """All non-zero taps of a kernel, in order.

    Attributes
    ----------
    axis : int or None
        Column axis; None if every column is a single tap.
    groups : tuple of Columns
        By falling height.
    is_box : bool
        Whether the taps of each column have one weight, and are summed by doubling.
    """

    axis: int | None
    groups: tuple[Columns, ...]
    is_box: bool = False

    @property
    def heights(self) -> tuple[int, ...]:
        """Height of each group."""
        return tuple(group.height for group in self.groups)

    @property
    def weights(self) -> NDArray[np.float64]:
        """All weights, flat, in the order in which they are summed."""
        return np.concatenate([group.weights.ravel() for group in self.groups])

    @property
    def first(self) -> NDArray[np.int64]:
        """Index of the first tap of every column."""
        return np.concatenate([group.first for group in self.groups])

    @property
    def layers(self) -> int:
        """Lines of input, side by side, that one output row reads.

        Columns that differ along the last axis alone read the same line.
        """
        across = self.first[:, :-1].copy()
        if self.axis is not None and self.axis < across.shape[1]:
            across[:, self.axis] = 0
        # np.unique would import numpy.ma, which takes longer than compiling the taps
        return max(1, len({tuple(line) for line in across.tolist()}))

    def singly(self) -> Taps:
        """The same taps in the same order, each a column of its own."""
        if self.axis is None:
            return self
        firsts = []
        for group in self.groups:
            steps = np.zeros((group.height, group.first.shape[1]), dtype=np.int64)
            steps[:, self.axis] = np.arange(group.height)
            firsts.append((group.first[:, None] + steps).reshape(-1, steps.shape[1]))
        first = np.concatenate(firsts)
        return Taps(None, (Columns(1, first, self.weights[:, None]),))


def taps_of(weights: NDArray[np.float64], axis: int | None = None) -> Taps:
    """The non-zero taps of a kernel, in the order in which they are summed.

    Parameters
    ----------
    weights : ndarray, float64
        Size 1 on axes without a window.
    axis : int, optional
        That columns lie along; by default chosen from the shape.

    Returns
    -------
    Taps

    Examples
    --------
    >>> taps_of(np.array([[1.0, 2.0], [3.0, 0.0]])).weights
    array([1., 3., 2.])
    """
    axis = _column_axis(weights.shape) if axis is None else axis
    columns: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    others = [range(1 if a == axis else n) for a, n in enumerate(weights.shape)]
    for index in product(*others):
        if axis is None:
            runs = [(0, 1)] if weights[index] else []
        else:
            line = np.moveaxis(weights, axis, -1)[index[:axis] + index[axis + 1 :]]
            runs = _runs(line != 0)
        for start, height in runs:
            tap = list(index)
            if axis is not None:
                tap[axis] = start
            columns[height].append(tuple(tap))
    return Taps(axis, _grouped(weights, axis, columns))


def box_of(weights: NDArray[np.float64], axis: int) -> Taps:
    """The taps of one weight along an axis, to be summed by doubling.

    Examples
    --------
    >>> box_of(np.ones(100), 0).heights
    (50,)
    """
    runs = _runs(weights.ravel() != 0, TALLEST_BOX)
    columns: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for start, height in runs:
        columns[height].append(
            tuple(start if a == axis else 0 for a in range(weights.ndim))
        )
    return Taps(axis, _grouped(weights, axis, columns), is_box=True)


def _column_axis(shape: tuple[int, ...]) -> int | None:
    """Column axis of a kernel, from its shape alone.

    The last axis is the one that vectors lie along. Where it has no window it may
    be merged with the last window axis (channels of a picture), so then the last
    window axis is left alone too, unless it is the only one.
    """
    windows = [axis for axis, size in enumerate(shape) if size > 1]
    last = len(shape) - 1
    if (windows and windows[-1] == last) or len(windows) > 1:
        windows.pop()
    return windows[-1] if windows else None


def _runs(present: NDArray[np.bool_], tallest: int = TALLEST) -> list[tuple[int, int]]:
    """Start and height of the columns that cover the true cells of a line."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], present, [False]])))
    runs: list[tuple[int, int]] = []
    for start, stop in edges.reshape(-1, 2).tolist():
        pieces = -(-(stop - start) // tallest)
        cut = np.array_split(np.arange(start, stop), pieces)
        runs.extend((int(piece[0]), len(piece)) for piece in cut)
    return runs


def _grouped(
    weights: NDArray[np.float64],
    axis: int | None,
    columns: dict[int, list[tuple[int, ...]]],
) -> tuple[Columns, ...]:
    """Columns by falling height, those of a rare height cut into single taps."""
    usual = sorted(columns, key=lambda height: -height * len(columns[height]))
    rare = set(usual[MOST_HEIGHTS:]) - {1}
    for height in sorted(rare, reverse=True):
        for tap in columns.pop(height):
            for step in range(height):
                single = list(tap)
                single[axis or 0] += step
                columns[1].append(tuple(single))
    if not columns:
        return (
            Columns(1, np.zeros((0, weights.ndim), dtype=np.int64), np.zeros((0, 1))),
        )
    groups = []
    for height in sorted(columns, reverse=True):
        first = np.array(columns[height], dtype=np.int64)
        first = first.reshape(len(columns[height]), weights.ndim)
        taps = np.repeat(first[:, None], height, axis=1)
        if axis is not None:
            taps[:, :, axis] += np.arange(height)
        groups.append(Columns(height, first, weights[tuple(np.moveaxis(taps, -1, 0))]))
    return tuple(groups)
