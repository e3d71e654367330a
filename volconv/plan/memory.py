"""Memory of one task, as a sum of named parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from volconv.geometry import Interval
from volconv.meta import ArrayMeta
from volconv.plan.brief import PlannedDemands
from volconv.plan.demands import Demand
from volconv.plan.write import Write
from volconv.steps import Pipeline, source_intervals
from volconv.steps.whole import slab_bytes

__all__ = ["AT_ONCE", "Part", "task_memory"]

AT_ONCE = 4
"""Chunks that one read of the store decodes at a time."""

DECODING = 3
"""Chunks in the reader's hands while one is decoded by itself: its bytes, its cells, and
the cells once more where the codecs are a chain. Where several are read at a time, two
for each."""

ENCODING = 3
"""Storage units in the writer's hands, likewise."""


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
    source: ArrayMeta,
    pipeline: Pipeline,
    demands: Sequence[PlannedDemands],
    writes: Sequence[Write],
    *,
    block: Sequence[int] | None = None,
    one_by_one: bool,
) -> tuple[Part, ...]:
    """The parts that are in memory at once when a task needs most.

    Parameters
    ----------
    source : ArrayMeta
        The input.
    pipeline : Pipeline
        The steps.
    demands : sequence of AxisDemands
        What blocks need, for each axis.
    writes : sequence of Write
        What is stored.
    block : sequence of int, optional
        Cells of a block's result along each axis, where the demands are those of its
        tiles.
    one_by_one : bool
        Whether chunks are decoded one by one, to be held for later blocks.

    Notes
    -----
    A place is held from when it is computed until the last step that reads it. A step
    holds its padded block beside that, where it pads, and what it works with; the
    largest of these moments counts. At the end, or where a result is saved, it is held
    while a storage unit is encoded.
    """
    largest = [demand.largest for demand in demands]
    chunk = math.prod(source.chunks or (0,)) * np.dtype(source.dtype).itemsize
    held: dict[int, Part] = {}
    moments: list[list[Part]] = []
    written = {write.place: write for write in writes}
    for place in range(pipeline.last + 1):
        meta = pipeline.meta(place, source)
        outputs = math.prod(sum(cells.size for cells in one[place]) for one in largest)
        itemsize = np.dtype(meta.dtype).itemsize
        if place == 0:
            own = Part("input box", outputs * itemsize)
            hands = DECODING if one_by_one else 2 * AT_ONCE
            moments.append([own, Part("chunks in decoding", hands * chunk)])
        else:
            own = Part(f"{label(pipeline, place)}: result", outputs * itemsize)
            moments.append(
                [*held.values(), *working(pipeline, place, largest, outputs)]
            )
        held[place] = own
        if place in written:
            moments.append(
                [*held.values(), *storing(written[place], outputs, itemsize)]
            )
        for done, last in enumerate(pipeline.last_uses[: place + 1]):
            if last <= place and done not in written:
                held.pop(done, None)
    if block is not None:
        moments = of_tiles(moments, block, writes[-1], pipeline.target(source).dtype)
    peak = max(moments, key=lambda parts: sum(part.nbytes for part in parts))
    return tuple(part for part in peak if part.nbytes)


def of_tiles(
    moments: Sequence[list[Part]], block: Sequence[int], write: Write, dtype: str
) -> list[list[Part]]:
    """Moments of a tile beside the whole block's result, and the one of storing that."""
    cells = math.prod(block)
    whole = Part("block's result", cells * np.dtype(dtype).itemsize)
    stored = storing(write, cells, np.dtype(dtype).itemsize)
    return [*([whole, *parts] for parts in moments), [whole, *stored]]


def working(
    pipeline: Pipeline, place: int, largest: Sequence[Demand], outputs: int
) -> list[Part]:
    """What a step holds beside its inputs: padded blocks, its result, its work."""
    node = pipeline.nodes[place - 1]
    step = node.step
    name = label(pipeline, place)
    boxes = [one[place] for one in largest]
    cells = 0
    widest: tuple[Interval, ...] = ()
    if all(boxes):
        widest = tuple(max(box, key=lambda side: side.size) for box in boxes)
        cells = math.prod(side.size for side in source_intervals(step, widest))
    block = 0
    if cells and any(any(window.padding) for _, window in step.geometry):
        held = [len(one[read]) for one in largest for read in node.inputs]
        block = cells * sum(np.dtype(meta.dtype).itemsize for meta, _ in node.over)
        if len(node.inputs) == 1 and max(held) == 1:
            block = slab_bytes(step, widest)
    return [
        Part(f"{name}: block with padding", block),
        Part(f"{name}: result and work", step.work_bytes(outputs, cells)),
    ]


def storing(write: Write, outputs: int, itemsize: int) -> list[Part]:
    """What it takes to store a result: a cast copy, and a unit in encoding."""
    stored = np.dtype(write.output.dtype).itemsize
    unit = math.prod(write.output.unit) * stored
    is_cast = stored != itemsize
    return [
        Part("result as stored", outputs * stored if is_cast else 0),
        Part("storage unit in encoding", ENCODING * unit),
    ]


def label(pipeline: Pipeline, place: int) -> str:
    """A step as people tell it."""
    return f"step {place} ({pipeline.nodes[place - 1].step.name})"
