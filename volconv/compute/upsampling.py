"""More outputs than cells over one block: each cell repeated, or what lies between.

Outputs are made phase by phase. With u outputs for each cell, every u-th output lies
alike among the cells around it::

    cells    |     0     |     1     |     2
    outputs  | 0 | 1 | 2 | 3 | 4 | 5 | 6 …       u = 3: 0, 3, 6 … are one phase
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from volconv.compute.numbers import cast, cast_bytes
from volconv.compute.parts import PART_CELLS, parts
from volconv.geometry import Interval, Spreading

__all__ = ["Interpolated", "Phase", "Repeated", "line_window", "phases_of"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Phase:
    """Outputs of one phase along an axis.

    Parameters
    ----------
    number : int
        From 0 to u - 1.
    outputs : slice
        Where they are: every u-th.
    cell : int
        The last cell that is spread over the first of them, counted from the block's
        first.
    count : int
        How many they are.
    """

    number: int
    outputs: slice
    cell: int
    count: int

    def cells(self, before: int = 0) -> slice:
        """For each output the cell, so many before the last that is spread over it."""
        return slice(self.cell - before, self.cell - before + self.count)


def phases_of(factor: int, first: int, outputs: int) -> Iterator[Phase]:
    """The phases of a block along one axis, those that have outputs.

    Parameters
    ----------
    factor : int
        Outputs for each cell, u.
    first : int
        Where the block begins: `Spreading.phase` of its outputs.
    outputs : int
        Outputs of the block.
    """
    for number in range(factor):
        start = (number - first) % factor
        if start < outputs:
            count = -(-(outputs - start) // factor)
            cell = (start + first) // factor
            yield Phase(number, slice(start, None, factor), cell, count)


@dataclass(frozen=True)
class Repeated:
    """Each cell, several times over.

    Parameters
    ----------
    factors : tuple of int
        Outputs for each cell along each axis.
    source : str
        dtype of the cells.
    target : str
        dtype of the outputs: rounded half to even, and saturated.
    firsts : tuple of int
        Where the block begins along each axis: see `phases_of`.
    """

    compiles: ClassVar[bool] = False

    factors: tuple[int, ...]
    source: str
    target: str
    firsts: tuple[int, ...] = ()

    def at(self, firsts: Sequence[int]) -> Self:
        """The operation over a block that begins elsewhere."""
        return replace(self, firsts=tuple(firsts))

    def __call__(self, block: Array, out: Array) -> None:
        """Write each output: rows first, then rows over and over."""
        cells = cast(block, self.target)
        *outer, last = [
            list(phases_of(*axis))
            for axis in zip(self.factors, self.firsts, out.shape, strict=True)
        ]
        rows = np.empty((*cells.shape[:-1], out.shape[-1]), cells.dtype)
        for phase in last:
            rows[..., phase.outputs] = cells[..., phase.cells()]
        for phases in itertools.product(*outer):
            made = tuple(phase.outputs for phase in phases)
            out[made] = rows[tuple(phase.cells() for phase in phases)]

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most: cells that are cast, and their rows."""
        del outputs
        rows = np.dtype(self.target).itemsize * self.factors[-1] * cells
        return cast_bytes(self.source, self.target, cells) + rows

    def describe(self) -> Mapping[str, object]:
        """All that decides its values beside the windows, as JSON."""
        return {"method": "nearest"}

    def note(self) -> str:
        """How it is computed."""
        return f"numpy: each cell {math.prod(self.factors)} times over"


def line_window(factor: int) -> Spreading:
    """The window of interpolation between neighbours, as wide as the tent of one cell."""
    return Spreading.of(
        2 * factor - factor % 2, factor, crop=(factor // 2, factor // 2)
    )


def line_weights(factor: int) -> list[float]:
    """What a cell weighs in each output that it is spread over: a tent."""
    rise = [(2 * j + 1 + factor % 2) / (2 * factor) for j in range(factor)]
    return rise + [1 - weight for weight in rise if weight < 1]


@dataclass(frozen=True)
class Interpolated:
    """Values between neighbours, along one axis after the other.

    Parameters
    ----------
    factors : tuple of int
        Outputs for each cell along each axis.
    compute : str
        dtype of the arithmetic.
    target : str
        dtype of the outputs: rounded half to even, and saturated.
    firsts : tuple of int
        Where the block begins along each axis: see `phases_of`.
    """

    compiles: ClassVar[bool] = False

    factors: tuple[int, ...]
    compute: str
    target: str
    firsts: tuple[int, ...] = ()

    def at(self, firsts: Sequence[int]) -> Self:
        """The operation over a block that begins elsewhere."""
        return replace(self, firsts=tuple(firsts))

    def __call__(self, block: Array, out: Array) -> None:
        """Write each output, in parts that stay in the cache."""
        windows = [
            replace(line_window(factor), crop=(first, 0)) if factor > 1 else None
            for factor, first in zip(self.factors, self.firsts, strict=True)
        ]
        with np.errstate(all="ignore"):
            for part in parts(out.shape, PART_CELLS):
                sides = [Interval(side.start, side.stop) for side in part]
                cells = block[
                    tuple(
                        side.slice if window is None else window.source(side).slice
                        for side, window in zip(sides, windows, strict=True)
                    )
                ].astype(self.compute, copy=False)
                for axis, (side, window) in enumerate(zip(sides, windows, strict=True)):
                    if window is not None:
                        first = window.phase(side)
                        cells = between(cells, axis, window.factor, first, side.size)
                out[part] = cast(cells, self.target)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most: a few arrays of one part.

        A part has at least one row, whose length is not known here.
        """
        del cells
        return 6 * np.dtype(self.compute).itemsize * min(outputs, 8 * PART_CELLS)

    def describe(self) -> Mapping[str, object]:
        """All that decides its values beside the windows, as JSON."""
        return {"method": "linear", "compute": self.compute}

    def note(self) -> str:
        """How it is computed."""
        return (
            f"numpy: {self.compute}, between neighbours along one axis after the other"
        )


def between(cells: Array, axis: int, factor: int, first: int, outputs: int) -> Array:
    """Values between neighbours along one axis: see `phases_of`."""
    weights = line_weights(factor)
    found = np.empty(
        (*cells.shape[:axis], outputs, *cells.shape[axis + 1 :]), cells.dtype
    )
    around: tuple[slice, ...] = (slice(None),) * axis
    for phase in phases_of(factor, first, outputs):
        made = found[(*around, phase.outputs)]
        upper = cells[(*around, phase.cells())]
        rise, *fall = weights[phase.number :: factor]
        if not fall:  # on a cell
            made[...] = upper
            continue
        np.multiply(cells[(*around, phase.cells(1))], fall[0], out=made)
        made += upper * rise
    return found
