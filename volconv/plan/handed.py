"""What a group of blocks hands on to later ones along an axis, of chunks it has decoded.

Blocks that read a halo around chunks need two things of their neighbours: the faces of
chunks that were decoded before, and chunks ahead, of which they read a face and which
later blocks read as a whole. Both may be handed on, so that nothing is decoded again, or
faces alone, which are thin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from volconv.geometry import Interval, merged

__all__ = ["Handed", "union_size"]

Read = Sequence[tuple[Interval, range]]
"""What a block reads, and the numbers of the stretches of that."""


@dataclass(frozen=True)
class Handed:
    """What groups of blocks along an axis hand on.

    Parameters
    ----------
    all_held : int
        Cells to be held between two groups, at most, to decode none again.
    faces_held : int
        Cells of faces to be held between two groups, at most.
    anew : mapping of int to tuple of int
        For a stretch of chunks the groups that decode it again where faces alone are
        handed on.
    """

    all_held: int
    faces_held: int
    anew: Mapping[int, tuple[int, ...]]

    @classmethod
    def of(
        cls, reads: Sequence[Read], stretches: Sequence[Interval], width: int
    ) -> Handed:
        """What groups of `width` blocks hand on.

        Parameters
        ----------
        reads : sequence
            What each block reads.
        stretches : sequence of Interval
            Cells of chunks in a row that the same blocks read.
        width : int
            Blocks of a group.
        """
        groups = -(-len(reads) // width)
        held, faces = [0] * groups, [0] * groups
        anew: dict[int, tuple[int, ...]] = {}
        for number, uses in uses_of(reads, width).items():
            chunks = stretches[number]
            for earlier, later, cells in needed(uses, chunks):
                is_face = 2 * cells <= chunks.size
                if not is_face:
                    anew[number] = (later, *anew.get(number, ()))
                for group in range(earlier, later):
                    held[group] += cells
                    faces[group] += cells if is_face else 0
        return cls(max(held, default=0), max(faces, default=0), anew)


def uses_of(reads: Sequence[Read], width: int) -> dict[int, dict[int, list[Interval]]]:
    """For each stretch what each group reads that reads of it."""
    uses: dict[int, dict[int, list[Interval]]] = {}
    for block, read in enumerate(reads):
        for need, found in read:
            for number in found:
                by_group = uses.setdefault(number, {})
                by_group.setdefault(block // width, []).append(need)
    return uses


def needed(
    uses: Mapping[int, Iterable[Interval]], chunks: Interval
) -> Iterator[tuple[int, int, int]]:
    """Each two groups in a row that read some chunks, and the cells needed from then on.

    The last two first: what is needed later is needed before as well.
    """
    needs: list[Interval] = []
    for later, earlier in pairwise(sorted(uses, reverse=True)):
        needs += [need.intersect(chunks) for need in uses[later]]
        yield earlier, later, union_size(needs)


def union_size(intervals: Sequence[Interval]) -> int:
    """Cells that are in at least one of some intervals."""
    return sum(interval.size for interval in merged(intervals))
