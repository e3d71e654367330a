"""What a block reads of the input, counted without reading it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from volconv.boundary import source_boxes
from volconv.geometry import Interval
from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid
from volconv.steps import Step

__all__ = ["axis_reads", "decoded_bytes", "halo_sizes"]


def axis_reads(
    steps: Sequence[Step], dim: str, outputs: Interval
) -> tuple[Interval, ...]:
    """Intervals of the input that a range of outputs reads along one dimension.

    More than one where a boundary needs cells of the far side.
    """
    wanted: tuple[Interval, ...] = (outputs,)
    for step in reversed(steps):
        wanted = tuple(
            source
            for interval in wanted
            for source in source_boxes(
                step.geometry[dim].source(interval),
                step.source.sizes[dim],
                step.boundaries[dim],
            )
        )
    return wanted


def decoded_bytes(
    source: ArrayMeta, steps: Sequence[Step], grid: BlockGrid, itemsize: int
) -> int:
    """Bytes that all blocks decode, each reading for itself.

    A chunk that a block touches is decoded whole; one that several blocks touch is
    decoded for each.
    """
    chunks = source.chunks or (1,) * len(source.axes)
    decoded = 1
    for axis, dim in enumerate(source.dims):
        decoded *= sum(
            sum(
                chunk_cells(interval, chunks[axis], source.shape[axis])
                for interval in axis_reads(steps, dim, outputs)
            )
            for outputs in grid.intervals(axis)
        )
    return decoded * itemsize


def chunk_cells(interval: Interval, chunk: int, size: int) -> int:
    """Cells of the chunks that an interval touches."""
    if interval.size == 0:
        return 0
    first = interval.start // chunk * chunk
    last = -(-interval.stop // chunk) * chunk
    return min(last, size) - first


def halo_sizes(
    steps: Sequence[Step], block: Sequence[int]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """For each step, the sizes of a block's result and of the padded block under it."""
    sizes = []
    result = tuple(block)
    for step in reversed(steps):
        padded = tuple(
            step.geometry[dim].source(Interval(0, outputs)).size
            for dim, outputs in zip(step.source.dims, result, strict=True)
        )
        sizes.append((result, padded))
        result = tuple(
            min(cells, size)
            for cells, size in zip(padded, step.source.shape, strict=True)
        )
    return sizes[::-1]


def cells(sizes: Sequence[int]) -> int:
    """Cells of a box with these sizes."""
    return math.prod(sizes)
