"""Where a pipeline is cut into stages, with a store in between.

Fused steps read what lies between them from memory, but each block computes the halo of
the steps after it anew. Where that costs more than to write a result and to read it
again, or where the blocks would not fit, the pipeline is cut.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from volconv.geometry import Mix, Part
from volconv.meta import ArrayMeta
from volconv.plan.costs import DECODE, ENCODE
from volconv.plan.memory import IN_CHAIN, IN_GZIP
from volconv.plan.output import DEFAULT_CHUNK, OutputSpec, cubic_chunks
from volconv.plan.search import make_stage
from volconv.plan.stage import Room, Stage
from volconv.plan.write import Write
from volconv.steps import Node, Pipeline

__all__ = ["make_stages"]

BETWEEN = "cells"
"""Name of the array of a store between two stages."""


def make_stages(
    source: ArrayMeta,
    pipeline: Pipeline,
    output: OutputSpec,
    saves: Mapping[int, OutputSpec],
    room: Room,
    *,
    fuse: bool,
) -> tuple[Stage, ...]:
    """The stages that cost least together.

    Parameters
    ----------
    source : ArrayMeta
        The input.
    pipeline : Pipeline
        All steps.
    output : OutputSpec
        What is stored of the result.
    saves : mapping of int to OutputSpec
        What is stored of other steps.
    room : Room
        Tasks at once, and memory.
    fuse : bool
        Whether steps may share a stage.
    """
    builder = Builder(source, pipeline, output, saves, room)
    steps = [*cut_steps(pipeline), pipeline.last]
    if not fuse:
        return builder.stages(steps)
    whole = builder.stages(steps[-1:])
    if len(steps) == 1 or (whole[0].fits and not builder.may_gain(whole[0])):
        return whole
    return builder.cheapest([*builder.few(steps[:-1]), steps[-1]])


def cut_steps(pipeline: Pipeline) -> list[int]:
    """Steps whose results all later ones can do with: nothing before them is read again."""
    return [
        step
        for step in range(1, pipeline.last)
        if all(read >= step for node in pipeline.nodes[step:] for read in node.inputs)
    ]


MOST_PLANNED = 1000
"""Steps of all stages that are weighed, at most: stages are planned between any two steps
of cuts, and a network of a hundred steps would take an hour. Ten steps are all weighed."""


ROUNDING = 1e-9
"""By how much sums of costs may differ that are added up in another order."""


class Builder:
    """Stages of one pipeline, each made once."""

    def __init__(
        self,
        source: ArrayMeta,
        pipeline: Pipeline,
        output: OutputSpec,
        saves: Mapping[int, OutputSpec],
        room: Room,
    ) -> None:
        self.source = source
        self.pipeline = pipeline
        self.output = output
        self.saves = saves
        self.room = room
        self.made: dict[tuple[int, int], Stage] = {}

    def stages(self, steps: Sequence[int]) -> tuple[Stage, ...]:
        """The stages that end at some steps."""
        starts = [0, *steps[:-1]]
        return tuple(
            self.stage(start, stop) for start, stop in zip(starts, steps, strict=True)
        )

    def stage(self, start: int, stop: int) -> Stage:
        """The stage from behind one step to another."""
        if (start, stop) not in self.made:
            nodes = tuple(
                Node(node.step, tuple(read - start for read in node.inputs), node.name)
                for node in self.pipeline.nodes[start:stop]
            )
            pipeline = Pipeline(nodes)
            self.made[start, stop] = make_stage(
                self.input_of(start),
                pipeline,
                self.writes(pipeline, start, stop),
                self.room,
                first=start + 1,
            )
        return self.made[start, stop]

    def input_of(self, step: int) -> ArrayMeta:
        """What a stage that begins behind a step reads."""
        if step == 0:
            return self.source
        meta = self.pipeline.meta(step, self.source)
        stored = self.spec(step)
        in_chunks = meta.in_chunks(stored.chunks)
        is_alone = stored.codec == "zstd" and not stored.shards and not stored.is_remote
        in_place = is_alone and in_chunks.chunks == stored.chunks
        elsewhere = IN_GZIP if stored.codec == "gzip" else IN_CHAIN
        return replace(
            in_chunks,
            is_remote=stored.is_remote,
            in_place=in_place,
            in_decoding=1 if in_place else elsewhere,
        )

    def spec(self, step: int) -> OutputSpec:
        """How the result of a step is stored."""
        if step == self.pipeline.last:
            return self.output
        if step in self.saves:
            return self.saves[step]
        meta = self.pipeline.meta(step, self.source)
        chunks = self.source.chunks or cubic_chunks(meta.shape)
        chunks = tuple(
            min(chunk, size) for chunk, size in zip(chunks, meta.shape, strict=True)
        )
        chunks = with_whole(chunks, meta.shape, self.mixed)
        path = self.output.path  # below which it lies
        return OutputSpec(path, BETWEEN, meta.dtype, chunks, new_axes=meta.new_axes)

    @cached_property
    def mixed(self) -> set[int]:
        """Axes of which some step's outputs read all cells: channels of a network."""
        return {
            axis
            for node in self.pipeline.nodes
            for sides in node.sides
            for axis, (window, cells, _) in enumerate(sides)
            if isinstance(window, Mix) and not isinstance(window, Part) and cells > 1
        }

    def writes(self, pipeline: Pipeline, start: int, stop: int) -> list[Write]:
        """What a stage stores: what is saved in it, then its result."""
        last = self.spec(stop)
        found = [
            Write(
                step - start,
                aligned(self.saves[step], last, pipeline.jumps[step - start]),
                pipeline.meta(step - start, self.source).shape,
                pipeline.jumps[step - start],
            )
            for step in sorted(self.saves)
            if start < step < stop
        ]
        ones = (Fraction(1),) * len(last.chunks)
        shape = self.pipeline.meta(stop, self.source).shape
        return [*found, Write(stop - start, last, shape, ones)]

    def few(self, steps: Sequence[int]) -> list[int]:
        """Of steps, as many as can be weighed: the smallest results of each stretch."""
        pairs = max(1, MOST_PLANNED // len(self.pipeline.nodes))
        stretches = min(math.isqrt(2 * pairs), len(steps))
        ends = [len(steps) * part // stretches for part in range(stretches + 1)]
        return [
            min(steps[start:stop], key=self.bytes_at)
            for start, stop in itertools.pairwise(ends)
        ]

    def cells_at(self, step: int) -> int:
        """Cells of the result of a step; of the input for 0."""
        return self.pipeline.meta(step, self.source).cells

    def bytes_at(self, step: int) -> int:
        """Bytes of the result of a step; of the input for 0."""
        dtype = self.pipeline.meta(step, self.source).dtype
        return np.dtype(dtype).itemsize * self.cells_at(step)

    def may_gain(self, whole: Stage) -> bool:
        """Whether a cut could cost less than what it saves at most.

        A cut costs at least to write and read one result.
        """
        between = (ENCODE + DECODE) * min(
            self.bytes_at(step) for step in cut_steps(self.pipeline)
        )
        return whole.cost > self.least(0, self.pipeline.last) + between

    def least(self, start: int, stop: int) -> float:
        """What a stage costs at least, if its result is made of all that it reads.

        To decode its input once, to compute each cell once and to encode what it writes.
        """
        if start == stop:
            return 0.0
        stored = [stop, *(step for step in self.saves if start < step < stop)]
        computed = sum(
            node.step.cell_cost * node.step.target.cells
            for node in self.pipeline.nodes[start:stop]
        )
        written = sum(
            np.dtype(self.spec(step).dtype).itemsize * self.cells_at(step)
            for step in stored
        )
        return DECODE * self.bytes_at(start) + computed + ENCODE * written

    @cached_property
    def is_whole(self) -> bool:
        """Whether each result is read, and each step's made of all that it may read."""
        uses = self.pipeline.last_uses
        are_read = all(
            uses[step] > step or step in self.saves
            for step in range(1, self.pipeline.last)
        )
        return are_read and not any(
            isinstance(window, Part)
            or min(window.padding) < 0
            or window.stride > window.span
            for node in self.pipeline.nodes
            for _, window in node.step.geometry
        )

    def bound(self, steps: Sequence[int]) -> float:
        """What the cheapest stages cost at most: as much as some of equal numbers of steps.

        Infinite where none of these fit.
        """
        least = math.inf
        number = 1
        while number <= len(steps):
            ends = [steps[len(steps) * n // number - 1] for n in range(1, number + 1)]
            stages = self.stages(ends)
            cost = sum(stage.cost for stage in stages)
            if all(stage.fits for stage in stages):
                if cost > least:
                    break
                least = cost
            number *= 2
        return least

    def cheapest(self, steps: Sequence[int]) -> tuple[Stage, ...]:
        """The stages that cost least in sum, among those that fit if any do.

        No stage is planned where those with it cost more, whatever it costs.
        """
        last = steps[-1]
        most = self.bound(steps) * (1 + ROUNDING) if self.is_whole else math.inf
        best: dict[int, tuple[bool, float, list[int]]] = {0: (False, 0.0, [])}
        for stop in steps:
            rest = self.least(stop, last)
            choices = []
            for start, (is_misfit, cost, before) in best.items():
                if cost + self.least(start, stop) + rest > most:
                    continue
                stage = self.stage(start, stop)
                is_one = is_misfit or not stage.fits
                choices.append((is_one, cost + stage.cost, [*before, stop]))
            if choices:
                best[stop] = min(choices)
        return self.stages(best[last][2])


def with_whole(
    chunks: Sequence[int], shape: Sequence[int], whole: Collection[int]
) -> tuple[int, ...]:
    """Chunks that hold all cells of some axes, and of the others so many fewer.

    A part of an axis that the next step mixes is of no use alone, and each part would be
    computed from all that is before it.

    Examples
    --------
    >>> with_whole((3, 512, 512), (64, 1024, 1024), {0})
    (64, 128, 256)
    """
    most = max(math.prod(chunks), DEFAULT_CHUNK)
    found = [shape[n] if n in whole else cells for n, cells in enumerate(chunks)]
    free = [n for n in range(len(found)) if n not in whole]
    while math.prod(found) > most and any(found[n] > 1 for n in free):
        longest = max(free, key=lambda n: found[n])
        found[longest] = -(-found[longest] // 2)
    return tuple(found)


def aligned(
    save: OutputSpec, result: OutputSpec, jump: Sequence[Fraction]
) -> OutputSpec:
    """The save in chunks of the result's storage units, so that blocks fall together.

    In fewer cells where the save is the coarser of the two, and in one along axes that it
    has not yet.
    """
    chunks = tuple(
        1 if axis in save.new_axes else math.ceil(unit * by) if 0 < by < 1 else unit
        for axis, (unit, by) in enumerate(zip(result.unit, jump, strict=True))
    )
    return replace(save, chunks=chunks, shards=None)
