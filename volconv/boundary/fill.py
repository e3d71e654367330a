"""One block with its halo: cells of the input, and what lies beyond its edges."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from volconv.boundary.rules import Run, runs
from volconv.geometry import Interval, relative

__all__ = ["Read", "fill_block", "source_boxes"]

REMEMBERED = 4096
"""Intervals whose filling is remembered: arbitrary, about 1 MB."""


class Read(Protocol):
    """Gives the cells of boxes that lie wholly inside an input."""

    def __call__(self, box: tuple[Interval, ...], /) -> NDArray[Any]:
        """Cells of a box; not to be written to."""


def fill_block(
    read: Read,
    wanted: Sequence[Interval],
    sizes: Sequence[int],
    kinds: Sequence[str],
    fill_value: complex,
    dtype: str,
    *,
    empty: Callable[[list[int], str], NDArray[Any]] = np.empty,
) -> NDArray[np.generic]:
    """Cells of a box that may reach beyond the input.

    Parameters
    ----------
    read : callable
        Takes a box inside the input, an interval for each axis, and returns its cells.
        It is called as seldom as the boundary allows: once for a box inside the input,
        and again only for far sides that the box itself does not hold.
    wanted : sequence of Interval
        The box, in the input's index space.
    sizes : sequence of int
        Cells of the input along each axis.
    kinds : sequence of str
        The boundary along each axis.
    fill_value : number
        For axes whose boundary is ``constant``.
    dtype : str
        dtype of the cells.
    empty : callable
        Makes an array of a shape and dtype to be filled.

    Returns
    -------
    ndarray, shape of `wanted`, dtype `dtype`
        What `read` returned itself where the box lies inside: not to be written to.
    """
    axes = [axis_fill(*each) for each in zip(wanted, sizes, kinds, strict=True)]
    if all(axis.is_inside for axis in axes):
        return np.asarray(read(tuple(wanted)), dtype=dtype)
    block = empty([interval.size for interval in wanted], dtype)
    for pieces in itertools.product(*(axis.reads for axis in axes)):
        values = read(tuple(run.source for run in pieces if run.source is not None))
        flips = tuple(slice(None, None, run.step or 1) for run in pieces)
        block[relative([run.dest for run in pieces], wanted)] = values[flips]
    for number, axis in enumerate(axes):
        axis.copy_within(np.moveaxis(block, number, 0), wanted[number].start)
    for number, axis in enumerate(axes):
        axis.fill_constant(
            np.moveaxis(block, number, 0), wanted[number].start, fill_value
        )
    return block


def source_boxes(wanted: Interval, size: int, kind: str) -> tuple[Interval, ...]:
    """The intervals of an axis that `fill_block` reads for a wanted interval."""
    if 0 <= wanted.start < wanted.stop <= size:
        return (wanted,)
    reads = axis_fill(wanted, size, kind).reads
    return tuple(run.source for run in reads if run.source is not None)


@lru_cache(maxsize=REMEMBERED)
def axis_fill(wanted: Interval, size: int, kind: str) -> AxisFill:
    """How an axis of a block is filled: the same for all blocks in a row of them."""
    return AxisFill(runs(wanted, size, kind), size)


class AxisFill:
    """How one axis of a block is filled: what is read, copied within it, or constant.

    Parameters
    ----------
    found : tuple of Run
        The axis's cells in order.
    size : int
        Cells of the input along the axis.
    """

    def __init__(self, found: tuple[Run, ...], size: int) -> None:
        inside = [run for run in found if Interval(0, size).contains(run.dest)]
        self.main = inside[0] if inside else None
        self.reads = list(inside)
        self.copies: list[Run] = []
        self.constants: list[Run] = []
        for run in found:
            if run in inside:
                continue
            if run.source is None:
                self.constants.append(run)
            elif self.main is not None and self.main.dest.contains(run.source):
                self.copies.append(run)
            else:
                self.reads.append(run)

    @cached_property
    def is_inside(self) -> bool:
        """Whether the axis is read in one piece and nothing is filled."""
        return not (self.copies or self.constants) and self.reads == [self.main]

    def copy_within(self, block: NDArray[np.generic], start: int) -> None:
        """Fill cells whose source the block holds itself; the axis comes first."""
        for run in self.copies:
            if run.source is not None:
                values = block[run.source.shift(-start).slice]
                block[run.dest.shift(-start).slice] = values[:: run.step or 1]

    def fill_constant(
        self, block: NDArray[np.generic], start: int, fill_value: complex
    ) -> None:
        """Fill cells beyond a constant edge; the axis comes first."""
        for run in self.constants:
            block[run.dest.shift(-start).slice] = fill_value
