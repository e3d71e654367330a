"""What blocks read of the input along one axis, counted without reading it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from operator import attrgetter

from volconv.geometry import Interval
from volconv.plan.handed import Handed, union_size

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

    @lru_cache(maxsize=4096)  # noqa: B019
    def parts(self, chunk: int) -> dict[int, tuple[int, int]]:
        """For each block that reads a chunk what it needs: first cell in it, and end.

        From the first to the last cell where it needs several intervals.
        """
        found = {}
        start = chunk * self.chunk
        whole = Interval(start, start + self.chunk)
        for block in self.readers(chunk):
            held = [
                p for p in (n.intersect(whole) for n in self.needs[block]) if p.size
            ]
            found[block] = (
                min(part.start for part in held) - start,
                max(part.stop for part in held) - start,
            )
        return found

    @cached_property
    def kinds(self) -> dict[int, int]:
        """For each chunk that is read the first one that is read as it is."""
        first: dict[tuple[object, ...], int] = {}
        kinds = {}
        for chunk in self.readers_by_chunk:
            read = (self.cells(chunk), *self.parts(chunk).values())
            kinds[chunk] = first.setdefault(read, chunk)
        return kinds

    @cached_property
    def stretches(self) -> tuple[range, ...]:
        """Chunks in a row that the same blocks read, all of them; or a chunk by itself.

        Cut where some block begins or ends to read, on both sides of that chunk.
        """
        edges = {
            edge
            for needs in self.needs
            for need in needs
            if need.size
            for cell in (need.start, need.stop)
            for edge in (cell // self.chunk, -(-cell // self.chunk))
        }
        return tuple(range(*pair) for pair in pairwise(sorted(edges)))

    @cached_property
    def stretch_cells(self) -> tuple[int, ...]:
        """Cells of each stretch."""
        return tuple(
            min(self.size, chunks.stop * self.chunk) - chunks.start * self.chunk
            for chunks in self.stretches
        )

    @cached_property
    def stretches_read(self) -> tuple[tuple[tuple[Interval, range], ...], ...]:
        """For each block what it reads, and the numbers of the stretches of that."""
        begins = {chunks.start: number for number, chunks in enumerate(self.stretches)}
        ends = {chunks.stop: number + 1 for number, chunks in enumerate(self.stretches)}
        return tuple(
            tuple(
                (
                    need,
                    range(
                        begins[need.start // self.chunk],
                        ends[-(-need.stop // self.chunk)],
                    ),
                )
                for need in needs
                if need.size
            )
            for needs in self.needs
        )

    @cached_property
    def are_alike(self) -> bool:
        """Whether all blocks read the same, as where a step mixes all cells of the axis."""
        return len(set(self.needs)) == 1

    @cached_property
    def are_chunks(self) -> bool:
        """Whether each block reads one chunk, all of it, and none less than a chunk."""
        return all(
            len(needs) == 1
            and needs[0].size == self.chunk
            and not needs[0].start % self.chunk
            for needs in self.needs
        )

    @cached_property
    def is_shared(self) -> bool:
        """Whether some chunk is read by more than one block."""
        seen: set[int] = set()
        for block in self.stretches_read:
            numbers = {number for _, found in block for number in found}
            if not seen.isdisjoint(numbers):
                return True
            seen |= numbers
        return False

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return len(self.needs)

    @cached_property
    def advance(self) -> int:
        """Cells from one block's to the next one's, whole chunks of them."""
        return chunks_ahead(self.size, self.chunk, self.blocks)

    @cached_property
    def most(self) -> int:
        """Cells that a block reads, at most."""
        return max(sum(need.size for need in needs) for needs in self.needs)

    @property
    def first_end(self) -> int:
        """Where the cells end that the first block reads."""
        return min(self.needs[0]).stop

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

    @cached_property
    def whole(self) -> int:
        """Cells of the chunks that are decoded if each is decoded once."""
        return self.decoded(len(self.needs))

    @cached_property
    def alone(self) -> int:
        """Cells of the chunks that are decoded if nothing is held, not even in a block."""
        return sum(
            self.stretch_cells[number]
            for block in self.stretches_read
            for _, found in block
            for number in found
        )

    @lru_cache(maxsize=4096)  # noqa: B019 (a few live as long as a plan is made)
    def decoded(self, width: int) -> int:
        """Cells of the chunks that are decoded if each `width` blocks read for themselves.

        Chunks that blocks of one group share count once.
        """
        read = self.stretches_read
        return sum(
            sum(
                self.stretch_cells[number]
                for number in {
                    number
                    for block in group
                    for _, found in read[block]
                    for number in found
                }
            )
            for group in self.groups(width)
        )

    @lru_cache(maxsize=4096)  # noqa: B019
    def reach(self, width: int) -> int:
        """Cells that `width` blocks in a row read, at most, and no fewer than they own."""
        read = max(
            union_size([need for block in group for need in self.needs[block]])
            for group in self.groups(width)
        )
        return min(self.size, max(read, width * self.advance))

    def held(self, width: int) -> int:
        """Cells to be held between two groups of blocks, at most, to decode none again.

        Those of chunks that are decoded already which later groups read.
        """
        if self.are_alike:
            return union_size(self.needs[0]) if width < len(self.needs) else 0
        return self.handed(width).all_held

    def faces_held(self, width: int) -> int:
        """The same of faces alone: what later groups read at most half of."""
        return 0 if self.are_alike else self.handed(width).faces_held

    @lru_cache(maxsize=4096)  # noqa: B019
    def decoded_with_faces(self, width: int) -> int:
        """Cells of the chunks that are decoded if groups hand on faces alone."""
        if self.are_alike:
            return self.decoded(width)
        again = self.handed(width).anew.items()
        cells = self.stretch_cells
        return self.whole + sum(cells[number] * len(groups) for number, groups in again)

    @lru_cache(maxsize=4096)  # noqa: B019
    def handed(self, width: int) -> Handed:
        """What groups of blocks hand on to later ones, where not all read the same."""
        stretches = [
            Interval(
                chunks.start * self.chunk, min(self.size, chunks.stop * self.chunk)
            )
            for chunks in self.stretches
        ]
        return Handed.of(self.stretches_read, stretches, width)

    def is_decoded_anew(self, chunk: int, width: int, before: int, after: int) -> bool:
        """Whether a group decodes a chunk that an earlier one had, handing on faces.

        Parameters
        ----------
        chunk : int
            The chunk's number.
        width : int
            Blocks of a group.
        before, after : int
            Numbers of the two groups.
        """
        if self.are_alike:
            return before < after
        number = bisect_right(self.stretches, chunk, key=attrgetter("start")) - 1
        groups = self.handed(width).anew.get(number, ())
        return any(before < group <= after for group in groups)


def chunks_ahead(size: int, chunk: int, blocks: int) -> int:
    """Cells from one block's to the next one's, whole chunks of them."""
    cells = -(-size // blocks)
    return min(size, -(-cells // chunk) * chunk)


def chunks_of(needs: Sequence[Interval], chunk: int) -> list[int]:
    """Numbers of the chunks that some cells lie in, in order."""
    found = {
        number
        for need in needs
        if need.size
        for number in range(need.start // chunk, -(-need.stop // chunk))
    }
    return sorted(found)
