"""The plan of a run: every decision made, as a value."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from volconv.errors import MemoryPlanError
from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid
from volconv.plan.memory import Part, task_memory
from volconv.plan.output import OutputSpec
from volconv.plan.reads import decoded_bytes
from volconv.steps import Step
from volconv.text import bytes_text
from volconv.version import __version__

__all__ = ["Plan", "make_plan"]

EVEN_READ = 1.05
"""Read amplification below which larger blocks are not worth their memory. arbitrary"""

TASK_MEMORY = 2**29
"""Bytes that a task's memory may grow to for the sake of fewer reads. arbitrary"""

PROCESS_MEMORY = 160 * 2**20
"""Bytes of the interpreter with its libraries: 155 MiB measured 2026-11 as the peak of a
run over small blocks (``/usr/bin/time -v volconv run configs/brain_half.yaml``)."""


@dataclass(frozen=True)
class Plan:
    """What a run reads, computes and writes, and in which blocks.

    Parameters
    ----------
    source : ArrayMeta
        The input.
    steps : tuple of Step
        The pipeline.
    output : OutputSpec
        What is written.
    grid : BlockGrid
        One task each.
    identity : mapping
        What tells the input from another one, as its opener says.
    memory : tuple of Part
        Memory of one task.
    workers : int
        Tasks at once on one machine.
    limit : int
        Bytes that the tasks of one machine may take, with the process itself.
    """

    source: ArrayMeta
    steps: tuple[Step, ...]
    output: OutputSpec
    grid: BlockGrid
    identity: Mapping[str, object]
    memory: tuple[Part, ...]
    workers: int
    limit: int

    @property
    def target(self) -> ArrayMeta:
        """What the pipeline makes, with the dtype that is stored."""
        last = self.steps[-1].target if self.steps else self.source
        return replace(last, dtype=self.output.dtype)

    @property
    def task_bytes(self) -> int:
        """Memory of one task, in bytes."""
        return sum(part.nbytes for part in self.memory)

    @property
    def peak_bytes(self) -> int:
        """Memory of all tasks at once, and of the process, in bytes."""
        return PROCESS_MEMORY + self.workers * self.task_bytes

    @cached_property
    def bytes_read(self) -> int:
        """Bytes that all blocks decode."""
        item = np.dtype(self.source.dtype).itemsize
        return decoded_bytes(self.source, self.steps, self.grid, item)

    @property
    def bytes_written(self) -> int:
        """Bytes of the output before encoding."""
        return self.target.cells * np.dtype(self.target.dtype).itemsize

    @property
    def read_amplification(self) -> float:
        """Bytes decoded over bytes of the input; below 1 where chunks are skipped."""
        return self.bytes_read / (
            self.source.cells * np.dtype(self.source.dtype).itemsize
        )

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """A digest of each field that decides the output's bytes.

        Where it runs, the memory and the blocks are not among them.
        """
        fields: dict[str, object] = {
            "version": __version__,
            **{f"input.{key}": value for key, value in self.identity.items()},
            **{
                f"step {number} ({step.name})": step.describe()
                for number, step in enumerate(self.steps, start=1)
            },
            **{f"output.{key}": item for key, item in self.output.describe().items()},
        }
        return {
            key: hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[
                :16
            ]
            for key, value in fields.items()
        }


def make_plan(
    source: ArrayMeta,
    steps: Sequence[Step],
    output: OutputSpec,
    identity: Mapping[str, object],
    *,
    workers: int,
    limit: int,
) -> Plan:
    """The plan with the largest blocks that reading and memory ask for.

    Parameters
    ----------
    source, steps, output, identity, workers, limit
        As in `Plan`.

    Raises
    ------
    MemoryPlanError
        If even a block of one storage unit does not fit.

    Notes
    -----
    From one storage unit on, blocks are doubled along the axis that saves most reading,
    as long as there is something to save, a task stays within its share of the limit
    and of `TASK_MEMORY`, and there are four blocks for each worker.
    """
    target = steps[-1].target if steps else source
    ones = (1,) * len(target.axes)
    grid = BlockGrid(target.shape, output.unit, ones)
    item = np.dtype(source.dtype).itemsize
    share = (limit - PROCESS_MEMORY) / workers
    even = EVEN_READ * source.cells * item
    read = decoded_bytes(source, steps, grid, item)
    while read > even:
        wider = [
            (decoded_bytes(source, steps, larger, item), larger)
            for larger in doubled(grid)
            if larger.total >= min(4 * workers, grid.total)
            and task_bytes(source, steps, larger, output) <= min(share, TASK_MEMORY)
        ]
        best = min(wider, key=lambda pair: pair[0], default=(read, grid))
        if best[0] >= read:
            break
        read, grid = best
    memory = task_memory(source, steps, grid, output.dtype)
    plan = Plan(source, tuple(steps), output, grid, identity, memory, workers, limit)
    check_memory(plan)
    return plan


def doubled(grid: BlockGrid) -> list[BlockGrid]:
    """Grids with blocks of twice the units along one axis, where it has more."""
    found = []
    for axis, count in enumerate(grid.counts):
        if count > 1:
            units = list(grid.units)
            most = -(-grid.shape[axis] // grid.unit[axis])
            units[axis] = min(2 * units[axis], most)
            found.append(replace(grid, units=tuple(units)))
    return found


def task_bytes(
    source: ArrayMeta, steps: Sequence[Step], grid: BlockGrid, output: OutputSpec
) -> int:
    """Memory of one task, in bytes."""
    return sum(part.nbytes for part in task_memory(source, steps, grid, output.dtype))


def check_memory(plan: Plan) -> None:
    """Refuse a plan whose tasks do not fit the limit.

    Raises
    ------
    MemoryPlanError
        With the parts, the limit, and which number to change.
    """
    if plan.peak_bytes <= plan.limit:
        return
    parts = ", ".join(f"{part.name} {bytes_text(part.nbytes)}" for part in plan.memory)
    alone = PROCESS_MEMORY + plan.task_bytes
    fixes = [f"--memory {math.ceil(plan.peak_bytes / 2**20)}MiB"]
    if plan.workers > 1 and alone <= plan.limit:
        fixes.append("--threads 1")
    smaller = {
        dim: -(-size // 2)
        for dim, size in zip(plan.target.dims, plan.grid.block, strict=True)
    }
    key = "output.shards" if plan.output.shards else "output.chunks"
    fixes.append(f"smaller {key}, such as {smaller}")
    raise MemoryPlanError(
        "the plan",
        f"{bytes_text(plan.peak_bytes)} for {plan.workers} tasks at once of "
        f"{bytes_text(plan.task_bytes)} each ({parts}) and the process's own "
        f"{bytes_text(PROCESS_MEMORY)}",
        f"at most {bytes_text(plan.limit)}",
        ", or ".join(fixes),
    )
