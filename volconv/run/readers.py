"""Who reads what of which chunk, and when: from the order of the blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from operator import getitem

from volconv.geometry import Interval
from volconv.plan.reads import AxisReads
from volconv.plan.sweep import Sweep
from volconv.run.held import Index, Part

__all__ = ["Box", "Readers"]

Box = tuple[Interval, ...]

TURNS = 2**14
"""Turns of blocks that are remembered: arbitrary, 3 MB. A block is asked for by each chunk
that it reads."""


@dataclass(frozen=True, eq=False)
class Readers:
    """The blocks that read the chunks of an input, in their turn.

    Parameters
    ----------
    reads : sequence of AxisReads
        What blocks read, for each axis.
    sweep : Sweep
        The order of the blocks.
    """

    reads: Sequence[AxisReads]
    sweep: Sweep

    @cached_property
    def turn_of(self) -> Callable[[Index], int]:
        """When a block's turn comes."""
        return lru_cache(maxsize=TURNS)(self.sweep.position)

    def chunks_of(self, turn: int) -> Iterator[Index]:
        """The chunks that the block of a turn reads."""
        index = self.sweep.index(turn)
        touched = (
            axis.chunks[place] for axis, place in zip(self.reads, index, strict=True)
        )
        return product(*touched)

    def of(self, chunk: Index) -> Iterator[tuple[int, Index]]:
        """Turns of the blocks that read a chunk, and their places."""
        by_axis = [
            axis.readers(number) for axis, number in zip(self.reads, chunk, strict=True)
        ]
        turn_of = self.turn_of
        return ((turn_of(index), index) for index in product(*by_axis))

    def full_turn(self, chunk: Index) -> int:
        """The last turn in which all of a chunk is read; -1 for none."""
        by_axis = [
            axis.full_readers(number)
            for axis, number in zip(self.reads, chunk, strict=True)
        ]
        return max(map(self.turn_of, product(*by_axis)), default=-1)

    def parts(self, chunk: Index, places: Iterable[Index]) -> frozenset[Part]:
        """What blocks, told by their places along each axis, read of a chunk."""
        by_axis = [
            axis.parts(number) for axis, number in zip(self.reads, chunk, strict=True)
        ]
        return frozenset(tuple(map(getitem, by_axis, place)) for place in places)

    def box(self, chunk: Index) -> Box:
        """Cells of a chunk."""
        return tuple(
            Interval(number * axis.chunk, min((number + 1) * axis.chunk, axis.size))
            for axis, number in zip(self.reads, chunk, strict=True)
        )
