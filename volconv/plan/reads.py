"""What blocks read of the input along one axis, counted without reading it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from volconv.geometry import Interval, merged

__all__ = ["AxisReads"]

Needs = tuple[tuple[Interval, ...], ...]


@dataclass(frozen=True, eq=False)
class AxisReads:
    """The cells of one axis that each block reads, and the chunks that hold them.

    Parameters
    ----------
    size : int
        Cells of the axis.
    chunk : int
        Cells of a chunk; the last one may hold fewer.
    needs : tuple of tuple of Interval
        For each block in order, what it reads: more than one interval where a boundary
        needs the far side.

    Examples
    --------
    >>> needs = ((Interval(0, 5),), (Interval(3, 9),), (Interval(7, 10),))
    >>> reads = AxisReads(10, 4, needs)
    >>> [list(chunks) for chunks in reads.chunks]
    [[0, 1], [0, 1, 2], [1, 2]]
    >>> reads.decoded(1), reads.decoded(3)
    (24, 10)
    """

    size: int
    chunk: int
    needs: Needs

    @cached_property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """Numbers of the chunks that each block reads from."""
        return tuple(tuple(chunks_of(need, self.chunk)) for need in self.needs)

    def readers(self, chunk: int) -> tuple[int, ...]:
        """Blocks that read a chunk, in order."""
        return self.readers_by_chunk.get(chunk, ())

    @cached_property
    def readers_by_chunk(self) -> dict[int, tuple[int, ...]]:
        """For each chunk that is read, the blocks that read it."""
        found: dict[int, list[int]] = {}
        for block, chunks in enumerate(self.chunks):
            for chunk in chunks:
                found.setdefault(chunk, []).append(block)
        return {chunk: tuple(blocks) for chunk, blocks in found.items()}

    @cached_property
    def are_alike(self) -> bool:
        """Whether all blocks read the same, as where a step mixes all cells of the axis."""
        return len(set(self.needs)) == 1

    @cached_property
    def is_shared(self) -> bool:
        """Whether some chunk is read by more than one block."""
        seen: set[int] = set()
        for chunks in self.chunks:
            if not seen.isdisjoint(chunks):
                return True
            seen.update(chunks)
        return False

    @cached_property
    def advance(self) -> int:
        """Cells from one block's to the next one's, whole chunks of them."""
        cells = -(-self.size // len(self.needs))
        return min(self.size, -(-cells // self.chunk) * self.chunk)

    @cached_property
    def most(self) -> int:
        """Cells that a block reads, at most."""
        return max(sum(need.size for need in needs) for needs in self.needs)

    @cached_property
    def turned(self) -> AxisReads:
        """The same with the last block first."""
        return AxisReads(self.size, self.chunk, self.needs[::-1])

    def cells(self, chunk: int) -> int:
        """Cells of a chunk."""
        return min(self.chunk, self.size - chunk * self.chunk)

    def groups(self, width: int) -> Iterator[range]:
        """Blocks of each turn of a loop."""
        count = len(self.needs)
        return (
            range(start, min(start + width, count)) for start in range(0, count, width)
        )

    @property
    def whole(self) -> int:
        """Cells of the chunks that are decoded if each is decoded once."""
        return self.decoded(len(self.needs))

    @cached_property
    def alone(self) -> int:
        """Cells of the chunks that are decoded if nothing is held, not even in a block."""
        return sum(
            self.cells(chunk)
            for needs in self.needs
            for need in needs
            for chunk in chunks_of((need,), self.chunk)
        )

    @lru_cache(maxsize=4096)  # noqa: B019 (a few live as long as a plan is made)
    def decoded(self, width: int) -> int:
        """Cells of the chunks that are decoded if each `width` blocks read for themselves.

        Chunks that blocks of one group share count once.
        """
        return sum(
            sum(map(self.cells, {c for block in group for c in self.chunks[block]}))
            for group in self.groups(width)
        )

    @lru_cache(maxsize=4096)  # noqa: B019
    def held(self, width: int) -> int:
        """Cells to be held between two groups of blocks, at most, to decode none again.

        Those of chunks that are decoded already which later groups read.
        """
        if self.are_alike:
            return union_size(self.needs[0]) if width < len(self.needs) else 0
        uses: dict[int, dict[int, list[Interval]]] = {}
        for number, group in enumerate(self.groups(width)):
            for block in group:
                for need in self.needs[block]:
                    for chunk in chunks_of((need,), self.chunk):
                        start = chunk * self.chunk
                        part = need.intersect(Interval(start, start + self.chunk))
                        uses.setdefault(chunk, {}).setdefault(number, []).append(part)
        held = [0] * -(-len(self.needs) // width)
        for by_group in uses.values():
            later: list[Interval] = []
            for after, before in pairwise(sorted(by_group, reverse=True)):
                later = merged([*later, *by_group[after]])
                cells = sum(part.size for part in later)
                for number in range(before, after):
                    held[number] += cells
        return max(held, default=0)


def chunks_of(needs: Sequence[Interval], chunk: int) -> list[int]:
    """Numbers of the chunks that some cells lie in, in order."""
    found = {
        number
        for need in needs
        if need.size
        for number in range(need.start // chunk, -(-need.stop // chunk))
    }
    return sorted(found)


def union_size(intervals: Sequence[Interval]) -> int:
    """Cells that are in at least one of some intervals."""
    return sum(interval.size for interval in merged(intervals))
