"""Which chunk owns which outputs: those that lie in its place.

An output lies where its window would begin if the array had no padding, so that a chunk
of a result as long as its data is as long as that of the data::

      chunk 0        chunk 1        chunk 2
    |--------------|--------------|---------|
                [--x---]                         the window of an output of chunk 1,
                                                 its place x: one cell of padding before

A window without padding lies where it begins: its chunk reads on into the next one alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from volconv.boundary import TURNING, runs
from volconv.geometry import Interval, Mix, Window

__all__ = ["Ownership", "owned_chunks"]


@dataclass(frozen=True)
class Ownership:
    """Chunks of one axis of a lazy array, and the outputs that each computes.

    Parameters
    ----------
    chunks : tuple of Interval
        Cells of each chunk, neighbours merged where one alone would not do.
    outputs : tuple of Interval
        Outputs that each chunk owns, at least one.
    halo : tuple of int
        Cells that a chunk needs of the one before it and of the one after it, at most.
    """

    chunks: tuple[Interval, ...]
    outputs: tuple[Interval, ...]
    halo: tuple[int, int]

    @property
    def chunk_sizes(self) -> tuple[int, ...]:
        """Cells of each chunk."""
        return tuple(chunk.size for chunk in self.chunks)

    @property
    def output_sizes(self) -> tuple[int, ...]:
        """Outputs of each chunk."""
        return tuple(outputs.size for outputs in self.outputs)

    def origin(self, number: int) -> int:
        """The first cell that a chunk has with its halo."""
        return max(0, self.chunks[number].start - self.halo[0])


def owned_chunks(
    sizes: Sequence[int], window: Window, kind: str, outputs: int, before: int = 0
) -> Ownership:
    """Chunks merged as little as exactness needs, with the outputs that each owns.

    Parameters
    ----------
    sizes : sequence of int
        Cells of each chunk of the axis.
    window : Window
        The window along it.
    kind : str
        The boundary along it; a wrapped axis comes here extended already, with a window
        that has no padding left.
    outputs : int
        Outputs in all.
    before : int, optional
        Padding at the beginning, in cells, or what a wrapped axis was extended by.

    Notes
    -----
    Neighbours are merged until each chunk owns an output, holds at least the halo that
    the ones beside it need, and, at the ends, the cells that the boundary copies.

    Examples
    --------
    >>> found = owned_chunks([4, 4, 1], Window(3), "constant", 7)
    >>> found.chunk_sizes, found.output_sizes, found.halo
    ((4, 5), (4, 3), (0, 2))
    >>> found = owned_chunks([4, 4], Window(3, padding=(1, 1)), "constant", 8, 1)
    >>> found.chunk_sizes, found.output_sizes, found.halo
    ((4, 4), (4, 4), (1, 1))
    >>> found = owned_chunks([4, 4], Window(2, stride=2), "constant", 4)
    >>> found.chunk_sizes, found.output_sizes, found.halo
    ((4, 4), (2, 2), (0, 0))
    """
    cells = sum(sizes)
    if isinstance(window, Mix):
        # each output reads all cells
        return Ownership((Interval(0, cells),), (Interval(0, outputs),), (0, 0))
    place = Placed(window, outputs, min(before, window.span - 1))
    edges = list(itertools.accumulate(sizes))[:-1]
    edges = merge_small(edges, cells, place, max(halo_of(map(place.reach, edges))))
    reaches = [place.reach(edge) for edge in edges]
    while edges:
        halo = halo_of(reaches)
        owned = Interval(place.first(edges[-1]), outputs)
        last = needed(window.source(owned), cells, kind)
        if last is not None and last.start < edges[-1] - halo[0]:
            del edges[-1], reaches[-1]
            continue
        owned = Interval(0, place.first(edges[0]))
        first = needed(window.source(owned), cells, kind)
        if first is not None and first.stop > edges[0] + halo[1]:
            del edges[0], reaches[0]
            continue
        break
    chunks = itertools.starmap(Interval, itertools.pairwise([0, *edges, cells]))
    firsts = [0, *map(place.first, edges), outputs]
    owners = itertools.starmap(Interval, itertools.pairwise(firsts))
    return Ownership(tuple(chunks), tuple(owners), halo_of(reaches))


@dataclass(frozen=True)
class Placed:
    """The outputs of a window in the places of cells.

    Parameters
    ----------
    window : Window
        The window.
    outputs : int
        Outputs in all.
    lead : int
        Cells from a window's beginning to its output's place.
    """

    window: Window
    outputs: int
    lead: int

    def first(self, cell: int) -> int:
        """The first output that lies at a cell or behind it."""
        found = math.ceil(
            (cell - self.lead + self.window.padding[0]) / self.window.jump
        )
        return min(max(0, found), self.outputs)

    def reach(self, edge: int) -> tuple[int, int]:
        """Cells before and behind an edge that the outputs on its other side read."""
        first = self.first(edge)
        if not 0 < first < self.outputs:
            return 0, 0  # no output on one of its sides
        start = self.window.source(Interval(first, first + 1)).start
        stop = self.window.source(Interval(first - 1, first)).stop
        return max(0, edge - start), max(0, stop - edge)


def halo_of(reaches: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """What the outputs beside any of some edges read beyond it, at most."""
    before, after = zip((0, 0), *reaches, strict=True)
    return max(before), max(after)


def merge_small(
    edges: Sequence[int], cells: int, place: Placed, least: int
) -> list[int]:
    """The edges that are left where each chunk has `least` cells and owns an output."""
    kept: list[int] = []
    start, first = 0, 0
    for edge in edges:
        following = place.first(edge)
        if edge - start >= least and following > first:
            kept.append(edge)
            start, first = edge, following
    if kept and (cells - start < least or first == place.outputs):
        kept.pop()
    return kept


def needed(wanted: Interval, cells: int, kind: str) -> Interval | None:
    """The input cells that a wanted interval holds, from the first to the last."""
    if kind in TURNING and wanted.size >= 2 * cells:
        return Interval(0, cells)
    sources = [
        run.source for run in runs(wanted, cells, kind) if run.source is not None
    ]
    if not sources:
        return None
    return Interval(
        min(source.start for source in sources), max(source.stop for source in sources)
    )
