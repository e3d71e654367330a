"""Who reads what of which chunk, and when: from the order of the blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

from volconv.geometry import Interval
from volconv.plan.reads import AxisReads
from volconv.plan.sweep import Loop, Sweep
from volconv.run.held import Index, Part, Pattern

__all__ = ["Box", "Readers"]

Box = tuple[Interval, ...]

PATTERNS = 1024
"""Patterns of chunks that are remembered: arbitrary, some MB. Far from the edges there are
few."""

TURNS = 2**14
"""Turns of blocks that are remembered: arbitrary, 3 MB. A block is asked for by each chunk
that it reads."""


@dataclass(frozen=True, eq=False)
class Parting:
    """A loop over pencils that keeps faces of chunks, or nothing, from turn to turn.

    Parameters
    ----------
    loop : Loop
        The loop.
    reads : AxisReads
        What blocks along its axis read.
    is_descending : bool
        Whether it runs from the last block to the first.
    """

    loop: Loop
    reads: AxisReads
    is_descending: bool

    @cached_property
    def in_order(self) -> AxisReads:
        """What blocks read in the order in which they run."""
        return self.reads.turned if self.is_descending else self.reads

    def group(self, index: Index) -> int:
        """The turn of the loop in which a block is computed."""
        place = index[self.loop.axis]
        if self.is_descending:
            place = self.reads.blocks - 1 - place
        return place // self.loop.width

    def parts(self, chunk: Index, before: int, after: int) -> bool:
        """Whether what one turn has of a chunk is gone in a later one."""
        if self.loop.keeps == "nothing":
            return before < after
        number = chunk[self.loop.axis]
        return self.in_order.is_decoded_anew(number, self.loop.width, before, after)


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

    def of(self, chunk: Index) -> Iterator[int]:
        """Turns of the blocks that read a chunk, in the order of its pattern."""
        by_axis = [
            axis.readers(number) for axis, number in zip(self.reads, chunk, strict=True)
        ]
        return map(self.turn_of, product(*by_axis))

    def parted(self, turn: int, chunk: Index, readers: Iterable[int]) -> list[int]:
        """Those of some turns for which a chunk is not kept that is decoded in a turn."""
        if not self.partings:
            return []
        index = self.sweep.index
        here = index(turn)
        return [one for one in readers if self.are_parted(chunk, here, index(one))]

    def are_parted(self, chunk: Index, here: Index, there: Index) -> bool:
        """Whether a block decodes a chunk again that another one had."""
        for parting in self.partings:
            mine, other = parting.group(here), parting.group(there)
            if mine != other:
                return parting.parts(chunk, mine, other)
        return False

    @cached_property
    def partings(self) -> tuple[Parting, ...]:
        """Loops that do not keep all from turn to turn, the outermost first."""
        return tuple(
            Parting(loop, self.reads[loop.axis], self.sweep.descending[loop.axis])
            for loop in self.sweep.loops
            if loop.keeps != "all"
        )

    def pattern(self, chunk: Index) -> Pattern:
        """What blocks read of a chunk."""
        sides = zip(self.reads, chunk, strict=True)
        return self.pattern_of(tuple(axis.kinds.get(at, at) for axis, at in sides))

    @cached_property
    def pattern_of(self) -> Callable[[Index], Pattern]:
        """`pattern` of chunks that are the first of their kinds along each axis."""

        def found(chunk: Index) -> Pattern:
            axes = list(zip(self.reads, chunk, strict=True))
            parts = product(*(axis.parts(at).values() for axis, at in axes))
            return Pattern(
                tuple(parts), tuple((0, axis.cells(at)) for axis, at in axes)
            )

        return lru_cache(maxsize=PATTERNS)(found)

    def part(self, turn: int, chunk: Index) -> Part:
        """What the block of a turn reads of a chunk."""
        sides = zip(self.reads, chunk, self.sweep.index(turn), strict=True)
        return tuple(axis.parts(at)[place] for axis, at, place in sides)

    def box(self, chunk: Index) -> Box:
        """Cells of a chunk."""
        return tuple(
            Interval(number * axis.chunk, min((number + 1) * axis.chunk, axis.size))
            for axis, number in zip(self.reads, chunk, strict=True)
        )
