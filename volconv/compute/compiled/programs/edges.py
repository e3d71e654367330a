"""Padded input that is never made: cells beyond the edge are packed from those inside.

Each axis of a padded block is a list of indices: the cell of the input that a padded
cell holds, or `CONSTANT` for the fill value. Padded by 2 and mirrored, ``a b c d``
has the indices ``1 0 | 0 1 2 3 | 3 2``. Indices that go on evenly form pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from volconv.compute.compiled.programs.program import Integers

CONSTANT = -1

Run = tuple[int, int, int]


class Edges(NamedTuple):
    """Where the cells of a padded block come from.

    A tuple, for programs are looked up by it block after block.

    Attributes
    ----------
    runs : tuple of tuple of (int, int, int)
        For each axis, in order: first index, number of cells, and step from index to
        index.
    fill : bytes
        The cell at `CONSTANT`, as the input would hold it.
    """

    runs: tuple[tuple[Run, ...], ...]
    fill: bytes

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the padded block."""
        return tuple(sum(count for _, count, _ in runs) for runs in self.runs)

    @property
    def axes(self) -> frozenset[int]:
        """Axes that are not simply those of the input."""
        return frozenset(
            axis
            for axis, runs in enumerate(self.runs)
            if len(runs) > 1 or runs[0][0] != 0 or runs[0][2] != 1
        )

    def check(self, shape: tuple[int, ...]) -> None:
        """Refuse indices outside the input.

        Raises
        ------
        ValueError
            Naming the axis.
        """
        for axis, (runs, size) in enumerate(zip(self.runs, shape, strict=True)):
            for first, count, step in runs:
                last = first + (count - 1) * step
                constant = first == last == CONSTANT
                if not (constant or (0 <= first < size and 0 <= last < size)):
                    message = f"edges: got indices {first} to {last} along axis {axis}"
                    raise ValueError(f"{message}; expected cells of {size}.")

    def indices(self, axis: int, padded: Integers) -> Integers:
        """Indices of some padded cells; those of an axis that is not one stay."""
        if axis not in self.axes:
            return padded
        parts = [
            first + step * np.arange(count) for first, count, step in self.runs[axis]
        ]
        return np.concatenate(parts)[padded]


@dataclass(frozen=True)
class Piece:
    """Neighbours whose indices go on evenly: in groups of `count`, `groups` times.

    Attributes
    ----------
    at : int
        Number of the first.
    first, step : int
        Its index, and from one index to the next.
    count : int
    groups, between : int
        Pieces alike, and from the first index of one to that of the next.
    """

    at: int
    first: int
    step: int
    count: int
    groups: int = 1
    between: int = 0


def pieces(indices: Integers) -> list[Piece]:
    """As few pieces as there are, in order.

    Examples
    --------
    >>> for piece in pieces(np.array([1, 0, 0, 1, 2, -1])):
    ...     print(piece.at, piece.first, piece.step, piece.count)
    0 1 -1 2
    2 0 1 3
    5 -1 0 1
    """
    inside = indices >= 0
    found = []
    start = 0
    values, same = indices.tolist(), (inside[1:] == inside[:-1]).tolist()
    while start < len(values):
        stop, step = start + 1, 0
        if stop < len(values) and same[start]:
            step = values[stop] - values[start]
            while stop < len(values) and same[stop - 1]:
                if values[stop] - values[stop - 1] != step:
                    break
                stop += 1
        found.append(Piece(start, values[start], step, stop - start))
        start = stop
    return found


def grouped(found: Sequence[Piece]) -> list[Piece]:
    """The same, pieces alike at even distances made one."""
    joined: list[Piece] = []
    for piece in found:
        if joined and _follows(joined[-1], piece):
            last = joined[-1]
            between = (piece.first - last.first) // last.groups
            joined[-1] = replace(last, groups=last.groups + 1, between=between)
        else:
            joined.append(piece)
    return joined


def _follows(last: Piece, piece: Piece) -> bool:
    if min(last.first, piece.first) < 0:
        return False
    even = last.groups == 1 or piece.first - last.first == last.groups * last.between
    return even and (last.step, last.count) == (piece.step, piece.count)
