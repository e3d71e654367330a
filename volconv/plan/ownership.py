"""Which chunk owns which outputs: those whose windows start in it.

With that rule a chunk needs cells of its own and of what follows it, never of what comes
before::

      chunk 0        chunk 1        chunk 2
    |--------------|--------------|---------|
      [window of 0 ----]                         reaches into chunk 1
                     [window of 1 ----]          starts in chunk 1, owned by it

Windows that start before the axis belong to the first chunk, those that start beyond it
to the last.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
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
    halo : int
        Cells that a chunk needs of the next one, at most.
    """

    chunks: tuple[Interval, ...]
    outputs: tuple[Interval, ...]
    halo: int

    @property
    def chunk_sizes(self) -> tuple[int, ...]:
        """Cells of each chunk."""
        return tuple(chunk.size for chunk in self.chunks)

    @property
    def output_sizes(self) -> tuple[int, ...]:
        """Outputs of each chunk."""
        return tuple(outputs.size for outputs in self.outputs)


def owned_chunks(
    sizes: Sequence[int], window: Window, kind: str, outputs: int
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

    Notes
    -----
    Neighbours are merged until each chunk owns an output, holds at least the halo that
    the one before it needs, and, at the ends, the cells that the boundary copies.

    Examples
    --------
    >>> found = owned_chunks([4, 4, 1], Window(3), "constant", 7)
    >>> found.chunk_sizes, found.output_sizes, found.halo
    ((4, 5), (4, 3), 2)
    >>> found = owned_chunks([4, 4], Window(2, stride=2), "constant", 4)
    >>> found.chunk_sizes, found.output_sizes, found.halo
    ((4, 4), (2, 2), 0)
    """
    cells = sum(sizes)
    if isinstance(window, Mix):
        # each output reads all cells
        return Ownership((Interval(0, cells),), (Interval(0, outputs),), 0)
    chunks = cut(sizes)
    aligned = halo_of(chunks, owners(chunks, window, outputs), window)
    least = window.span - 1 if aligned else 0
    chunks = merge_small(chunks, window, outputs, least)
    while len(chunks) > 1:
        owned = owners(chunks, window, outputs)
        halo = halo_of(chunks, owned, window)
        last = needed(window.source(owned[-1]), cells, kind)
        if last is not None and last.start < chunks[-1].start:
            chunks = [*chunks[:-2], Interval(chunks[-2].start, cells)]
            continue
        first = needed(window.source(owned[0]), cells, kind)
        if first is not None and first.stop > chunks[0].stop + halo:
            chunks = [Interval(0, chunks[1].stop), *chunks[2:]]
            continue
        break
    owned = owners(chunks, window, outputs)
    return Ownership(tuple(chunks), tuple(owned), halo_of(chunks, owned, window))


def cut(sizes: Sequence[int]) -> list[Interval]:
    """Chunks of an axis as intervals."""
    chunks = []
    start = 0
    for size in sizes:
        chunks.append(Interval(start, start + size))
        start += size
    return chunks


def owners(chunks: Sequence[Interval], window: Window, outputs: int) -> list[Interval]:
    """Outputs of each chunk; the first and the last also own what starts outside."""
    owned = [window.owned(chunk) for chunk in chunks]
    starts = [0, *(interval.start for interval in owned[1:]), outputs]
    starts = [min(start, outputs) for start in starts]
    return [Interval(a, b) for a, b in itertools.pairwise(starts)]


def halo_of(
    chunks: Sequence[Interval], owned: Sequence[Interval], window: Window
) -> int:
    """Cells that a chunk's outputs reach into the next chunks, at most."""
    reach = [
        window.source(outputs).stop - chunk.stop
        for chunk, outputs in zip(chunks[:-1], owned[:-1], strict=True)
        if outputs.size
    ]
    return max([0, *reach])


def merge_small(
    chunks: Sequence[Interval], window: Window, outputs: int, least: int
) -> list[Interval]:
    """Neighbours merged until each has `least` cells and owns an output."""
    merged: list[Interval] = []
    start = 0
    for chunk in chunks:
        candidate = Interval(start, chunk.stop)
        owned = window.owned(candidate)
        first = owned.start if merged else 0
        if candidate.size >= least and min(owned.stop, outputs) > first:
            merged.append(candidate)
            start = chunk.stop
    rest = Interval(start, chunks[-1].stop)
    if not merged:
        return [rest]
    merged[-1] = Interval(merged[-1].start, rest.stop)
    return merged


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
