"""Memory of one task, as a sum of named parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid
from volconv.plan.reads import halo_sizes
from volconv.steps import Step

__all__ = ["Part", "task_memory"]

CHUNKS_IN_FLIGHT = 4
"""Chunks that one task decodes at a time: the reader's limit, set by the runner."""


@dataclass(frozen=True)
class Part:
    """A named share of a task's memory.

    Parameters
    ----------
    name : str
        What it holds.
    nbytes : int
        Bytes.
    """

    name: str
    nbytes: int


def task_memory(
    source: ArrayMeta, steps: Sequence[Step], grid: BlockGrid, dtype: str
) -> tuple[Part, ...]:
    """The parts that are in memory at once when a task needs most.

    Parameters
    ----------
    source : ArrayMeta
        The input.
    steps : sequence of Step
        The pipeline.
    grid : BlockGrid
        Blocks of the output.
    dtype : str
        dtype of what is stored.

    Notes
    -----
    A step holds its padded block while the one before it makes the block's cells, and
    again while it computes from them; the largest of these moments counts. At the end
    the result is held while a storage unit is encoded.
    """
    sizes = halo_sizes(steps, grid.block)
    item = np.dtype(source.dtype).itemsize
    read = sizes[0][1] if steps else grid.block
    box = math.prod(
        min(cells, size) for cells, size in zip(read, source.shape, strict=True)
    )
    chunk = math.prod(source.chunks or (0,)) * item
    peak = [
        Part("input box", box * item),
        Part("chunks in decoding", CHUNKS_IN_FLIGHT * 2 * chunk),
    ]
    for number, (step, (result, padded)) in enumerate(
        zip(steps, sizes, strict=True), start=1
    ):
        outputs, cells = math.prod(result), math.prod(padded)
        block = Part(
            f"step {number} ({step.name}): block with halo",
            cells * np.dtype(step.source.dtype).itemsize,
        )
        work = Part(
            f"step {number} ({step.name}): result and work",
            step.work_bytes(outputs, cells),
        )
        peak = largest([*peak, block], [block, work])
    out = math.prod(grid.block) * np.dtype(dtype).itemsize
    unit = math.prod(grid.unit) * np.dtype(dtype).itemsize
    result_bytes = (
        math.prod(grid.block)
        * np.dtype(steps[-1].target.dtype if steps else source.dtype).itemsize
    )
    writing = [
        Part("result", result_bytes + (out if result_bytes != out else 0)),
        Part("storage unit in encoding", 3 * unit),
    ]
    return tuple(largest(peak, writing))


def largest(first: list[Part], second: list[Part]) -> list[Part]:
    """The list whose parts are more in sum."""
    return max(first, second, key=lambda parts: sum(part.nbytes for part in parts))
