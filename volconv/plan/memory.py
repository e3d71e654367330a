"""Memory of one task, as a sum of named parts."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from volconv.compute import cast_bytes
from volconv.geometry import Interval
from volconv.meta import ArrayMeta
from volconv.plan.demands import Demand
from volconv.plan.output import OutputSpec
from volconv.plan.periodic import PlannedDemands
from volconv.plan.write import Write
from volconv.steps import Pipeline, source_intervals
from volconv.steps.in_memory import slab_bytes
from volconv.steps.layout import Layout, Span
from volconv.steps.optional import compiles_of, weight_bytes_of

__all__ = [
    "AT_ONCE",
    "COMPILER",
    "IN_CHAIN",
    "IN_FILE",
    "IN_GZIP",
    "MOST_ON_WAY",
    "PIECE",
    "InBoxes",
    "Part",
    "TaskMemory",
    "ahead_bytes",
    "behind_bytes",
    "chunk_bytes",
    "compiler_bytes",
    "largest_file",
    "sent_bytes",
    "spare_bytes",
    "task_memory",
    "total",
    "weight_bytes",
]

AT_ONCE = 4
"""Chunks that one read of the store decodes at a time, at most."""

PIECE = 8 * 2**20
"""Bytes that are read from a folder at once, if chunks are smaller: fewer would cost
more calls, more would be brought from memory once more to be put together. Larger chunks
are read one by one, which saves a copy."""

IN_CHAIN, IN_GZIP = 3, 4
"""Chunks' worth of bytes while one is decoded by a chain of codecs, and by gzip, which puts
it together of what it has made so far: see `ArrayMeta`."""

MOST_ON_WAY, LEAST_ON_WAY = 16, 2
"""Chunks that a task asks a store for before they are read, and storage units that it has
on their way to one: fewer wait for their latency, more for their bytes."""

ON_WAY = 16 * 2**20
"""Bytes of these, if they are fewer than the most, and more than the least."""

COMPILER = 44 * 2**20
"""Bytes of the compiler while it is at work, in one thread at a time, and not between:
38 to 43 MiB measured 2026-11 (VmHWM) of any function of any engine."""

IN_FILE = 2**20
"""Bytes of a file that a thread writes at once, if it writes past the system's cache:
with eight times as much it takes as long."""

WITH_HEADS = 1.01
"""Most bytes of a file for each byte of its cells: what does not compress has heads too."""

IN_CODEC = {"zstd": 1, "none": 1, "blosc": 2, "gzip": 3}
"""Storage units that a codec holds at once, what it makes among them. 0.97, 1.00, 1.78 and
1.91 measured 2026-11 (VmHWM, units of 8 and 16 MiB of noise); what gzip makes grows, and in
a run moves as it does."""

IN_SHARDS = 3
"""Shards that are held while one is encoded: cells, chunks, and all of them together. 2.0
to 3.06 measured likewise."""

HEAP = 1.9
"""Bytes taken of the machine for each byte that comes and goes: what the C library's
allocator keeps between blocks, for each thread. With less, runs take more than is planned,
as `scripts/measure_memory.py` draws them (2026-11: with this the nearest takes 3 % less);
giving each array back at once costs half as much CPU time again."""


@dataclass(frozen=True)
class Part:
    """A named share of a task's memory.

    Parameters
    ----------
    name : str
        What it holds.
    nbytes : int
        Bytes.
    passes : bool
        Whether it is for what comes and goes, and is given back while code is compiled.
    stays : int
        Bytes of that which may be there while another task compiles: steps are at work.
    """

    name: str
    nbytes: int
    passes: bool = False
    stays: int = 0


@dataclass(frozen=True)
class TaskMemory:
    """What tasks take.

    Parameters
    ----------
    own : tuple of Part
        Of each task.
    shared : tuple of Part
        Of each result of a block that they share: of as many of them as there are at once,
        one task each stores it.
    """

    own: tuple[Part, ...]
    shared: tuple[Part, ...] = ()

    def at_once(self, tasks: int, results: int) -> int:
        """Bytes of so many tasks and results."""
        return tasks * total(self.own) + results * total(self.shared)

    def compiling(self, tasks: int, results: int, compiler: int) -> int:
        """What they take more while one compiles than while all are at work.

        Code is compiled as it is first called for, by blocks at an end of the volume after
        many others. Whoever does so is neither reading nor writing nor computing. The
        others do not read nor write meanwhile, and what is free is given back.

        Parameters
        ----------
        tasks, results : int
            As many as there are at once.
        compiler : int
            Bytes of the compiler; 0 where nothing is compiled.
        """
        passing = [part for part in self.own if part.passes]
        own, stays = total(passing), sum(part.stays for part in passing)
        others = (tasks - 1) * max(0, own - stays)
        stored = results * total(part for part in self.shared if part.passes)
        return max(0, compiler - own - others - stored)


@dataclass(frozen=True)
class InBoxes:
    """What tasks hold of the boxes of steps: the same however they are read and stored.

    Parameters
    ----------
    largest : sequence of Demand
        What the task needs that needs most, for each axis.
    cells : sequence of int
        Cells of each step in it.
    work : sequence of list of Part
        What each step holds beside its inputs and its result.
    on_way : sequence of Part
        Input and results on the way.
    """

    largest: Sequence[Demand]
    cells: Sequence[int]
    work: Sequence[Sequence[Part]]
    on_way: Sequence[Part]

    @classmethod
    def of(
        cls,
        pipeline: Pipeline,
        demands: Sequence[PlannedDemands],
        writes: Sequence[Write],
        first: int,
    ) -> InBoxes:
        """Those of tasks by what they need.

        Parameters
        ----------
        pipeline, demands, writes
            As in `task_memory`.
        first : int
            Number of the first step in the whole run.
        """
        largest = [demand.largest for demand in demands]
        cells = [
            math.prod(sum(side.size for side in one[step]) for one in largest)
            for step in range(pipeline.last + 1)
        ]
        work = [
            working(pipeline, step, largest, cells[step], first)
            for step in range(1, pipeline.last + 1)
        ]
        written = {write.step for write in writes}
        return cls(largest, cells, work, held(pipeline, cells, written, first))


def task_memory(
    source: ArrayMeta,
    pipeline: Pipeline,
    demands: Sequence[PlannedDemands],
    writes: Sequence[Write],
    boxes: InBoxes,
    *,
    block: Sequence[int] | None,
    one_by_one: bool,
) -> TaskMemory:
    """The parts that the memory of tasks is the sum of.

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
    boxes : InBoxes
        What steps hold then.
    block : sequence of int or None
        Cells of a block's result along each axis, where a task is one of its tiles and
        the result is shared; else None.
    one_by_one : bool
        Whether chunks are decoded one by one, to be held for later blocks.

    Notes
    -----
    A thread keeps the memory of its block's result, unless this is shared, and one piece
    in which input and results on the way lie, each from when it is read or computed until
    the last step that reads it: `Layout`. Beside these come and go a part of the input as
    it is read, what a step works with, such as a padded block, and what is stored as it is
    encoded: the most of them counts, with what the allocator keeps. A storage unit that is
    put together lies where the results on the way were, unless some are stored too. Chunks
    that can be are decoded one by one where the block's result comes when all is read; in
    memory of their own where this is shared, or right into the input's if that is one
    chunk. Any thread may be the one that stores the result of a block in tiles, but there
    are no more at once than results.
    """
    cells = boxes.cells
    outputs = cells[-1] if block is None else math.prod(block)
    result = outputs * np.dtype(pipeline.dtypes[-1]).itemsize
    spare = spare_bytes(source, one_by_one=one_by_one)
    if block is None:
        spare -= min(spare, result)
    elif all(demand.reads.are_chunks for demand in demands):
        spare = 0
    moments = [reading(source, boxes.largest, one_by_one=one_by_one), *boxes.work]
    stays = int(HEAP * max(map(total, boxes.work)))
    stored = []
    copied = 0
    for write in writes:
        units = outputs if write.step == pipeline.last else cells[write.step]
        stored.append(storing(write, units, pipeline.dtypes[write.step]))
        copied = max(copied, copied_bytes(write, units))
    in_file = IN_FILE if largest_file(writes) >= IN_FILE else 0
    piece = Part("piece of a file", in_file, passes=True)
    shared = []
    if block is None:
        moments += stored
    else:
        more = max(map(total, stored)) - max(map(total, moments))
        shared = [
            Part("block's result", result),
            Part("to store it", int(HEAP * max(0, more)), passes=True),
            piece,
        ]
    most = [replace(part, passes=True) for part in max(moments, key=total)]
    room = total(boxes.on_way) if len(writes) == 1 else 0
    kept = int((HEAP - 1) * total(most))
    own = [
        Part("chunks on their way", ahead_bytes(source)),
        Part("objects on their way", sent_bytes(writes)),
        Part("block's result", result if block is None else 0),
        *boxes.on_way,
        Part("chunk in decoding", spare, passes=block is not None),
        Part("storage unit", max(0, copied - room)),
        *([piece] if block is None else []),
        *most,
        Part("kept by the allocator", kept, passes=True, stays=stays),
    ]
    return TaskMemory(there(own), there(shared))


def there(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Those parts that take something."""
    return tuple(part for part in parts if part.nbytes)


def total(parts: Iterable[Part]) -> int:
    """Bytes of parts in all."""
    return sum(part.nbytes for part in parts)


def held(
    pipeline: Pipeline, cells: Sequence[int], written: Collection[int], first: int
) -> list[Part]:
    """Input and results on the way: those of the fullest moment, and room beside them."""
    steps: list[int] = []
    spans: list[Span] = []
    for one in pipeline.results(written):
        if one.step < pipeline.last:
            itemsize = np.dtype(pipeline.dtypes[one.step]).itemsize
            steps.append(one.step)
            spans.append(Span(itemsize * cells[one.step], one.first, one.last))
    fullest: list[int] = []
    most = 0
    for moment in range(pipeline.last + 1):
        there = [n for n, span in enumerate(spans) if span.first <= moment <= span.last]
        nbytes = sum(spans[n].nbytes for n in there)
        if nbytes > most:
            fullest, most = there, nbytes
    parts = [
        Part(
            f"{label(pipeline, steps[n], first)}: result" if steps[n] else "input box",
            spans[n].nbytes,
        )
        for n in fullest
    ]
    return [*parts, Part("room between results", Layout.of(spans).nbytes - most)]


def reading(
    source: ArrayMeta, largest: Sequence[Demand], *, one_by_one: bool
) -> list[Part]:
    """What it takes to read: chunks as they are decoded, and a part of the input box."""
    item = np.dtype(source.dtype).itemsize
    chunk = chunk_bytes(source)
    at_once = decoded_at_once(source)
    if one_by_one or at_once < 2:
        name = "chunk as it is stored" if source.in_place else "chunks in decoding"
        return [Part(name, source.in_decoding * chunk)]
    sides = [max((side.size for side in one[0]), default=0) for one in largest]
    return [
        Part("part of the input", min(math.prod(sides) * item, max(PIECE, chunk))),
        Part("chunks in decoding", 2 * at_once * chunk),
    ]


def chunk_bytes(source: ArrayMeta) -> int:
    """Bytes of a decoded chunk; 0 where there are none."""
    cells = max(math.prod(source.chunks or (0,)), source.decoded)
    return cells * np.dtype(source.dtype).itemsize


def decoded_at_once(source: ArrayMeta) -> int:
    """Chunks that one read of a box decodes at a time, at most; below 2 each by itself."""
    if source.is_remote:
        return AT_ONCE
    return min(AT_ONCE, PIECE // max(1, chunk_bytes(source)))


def spare_bytes(source: ArrayMeta, *, one_by_one: bool) -> int:
    """Bytes of memory in which a thread decodes one chunk after the other; 0 for none.

    The cells of others come and go.
    """
    is_single = one_by_one or decoded_at_once(source) < 2
    return chunk_bytes(source) if source.in_place and is_single else 0


def ahead_bytes(source: ArrayMeta) -> int:
    """Bytes of chunks, as they are stored, that are asked for before they are read."""
    if not source.is_remote:
        return 0
    return on_their_way(math.prod(source.chunks or source.shape), source.dtype)


def sent_bytes(writes: Sequence[Write]) -> int:
    """Bytes of storage units, as they are stored, that are sent while others are made."""
    outputs = [write.output for write in writes if write.output.is_remote]
    each = (on_their_way(math.prod(one.unit), one.dtype) for one in outputs)
    return max(each, default=0)


def behind_bytes(writes: Sequence[Write]) -> int:
    """Bytes of a file on its way; 0 for small ones, which are waited for."""
    largest = largest_file(writes)
    return int(WITH_HEADS * largest) if largest >= IN_FILE else 0


def largest_file(writes: Sequence[Write]) -> int:
    """Bytes of the largest storage unit that is a file, as it is before encoding."""
    outputs = (write.output for write in writes if not write.output.is_remote)
    return max(map(unit_bytes, outputs), default=0)


def unit_bytes(output: OutputSpec) -> int:
    """Bytes of a storage unit, before encoding."""
    return math.prod(output.unit) * np.dtype(output.dtype).itemsize


def on_their_way(cells: int, dtype: str) -> int:
    """Bytes on their way between a task and a store, of pieces of so many cells."""
    each = cells * np.dtype(dtype).itemsize
    return min(MOST_ON_WAY * each, max(ON_WAY, LEAST_ON_WAY * each))


def working(
    pipeline: Pipeline, number: int, largest: Sequence[Demand], outputs: int, first: int
) -> list[Part]:
    """What a step holds beside its inputs and its result: padded blocks, its work."""
    node = pipeline.nodes[number - 1]
    step = node.step
    name = label(pipeline, number, first)
    boxes = [one[number] for one in largest]
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
    result = outputs * np.dtype(step.target.dtype).itemsize
    return [
        Part(f"{name}: block with padding", block),
        Part(f"{name}: work", max(0, step.work_bytes(outputs, cells) - result)),
    ]


def storing(write: Write, outputs: int, dtype: str) -> list[Part]:
    """What it takes to store a result: to cast a unit, and to encode it."""
    output = write.output
    unit = math.prod(output.unit)
    encoding = IN_SHARDS if output.shards else IN_CODEC[output.codec]
    dtypes = np.dtype(dtype).name, np.dtype(output.dtype).name
    return [
        Part("storage unit in casting", cast_bytes(*dtypes, min(unit, outputs))),
        Part("storage unit in encoding", encoding * unit_bytes(output)),
    ]


def copied_bytes(write: Write, outputs: int) -> int:
    """Bytes of a storage unit that is put together before it is encoded.

    That is a chunk that is a part of a block, or lies at an end of the array.
    """
    if write.output.shards:
        return 0
    sides = zip(write.shape, write.output.unit, strict=True)
    are_whole = not any(size % unit for size, unit in sides)
    is_block = outputs == math.prod(write.output.unit)
    return 0 if is_block and are_whole else unit_bytes(write.output)


def compiler_bytes(pipeline: Pipeline) -> int:
    """Bytes of the compiler while it is at work; 0 where no step needs it."""
    return COMPILER if any(map(compiles_of, pipeline.steps)) else 0


def weight_bytes(pipeline: Pipeline) -> int:
    """Bytes of the weights of all layers, once."""
    return sum(weight_bytes_of(step) for step in pipeline.steps)


def label(pipeline: Pipeline, number: int, first: int) -> str:
    """A step as people name it."""
    step = pipeline.nodes[number - 1].step
    return f"step {first + number - 1} ({step.name})"
