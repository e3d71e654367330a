"""One task: a block number in, objects in the store out.

A task is pure and idempotent: run again, it writes the same bytes to the same objects.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from volconv.compute import cast
from volconv.io import ZarrSource
from volconv.io.store import object_key, record_of, write_box
from volconv.plan.blocks import BlockGrid
from volconv.plan.output import OutputSpec
from volconv.steps import Step, compute_box

__all__ = ["BlockRecord", "Work", "run_block"]


@dataclass(frozen=True, eq=False)
class Work:
    """What every task of a run shares; sent to each worker once.

    Parameters
    ----------
    source : ZarrSource
        The input.
    steps : tuple of Step
        The pipeline.
    output : OutputSpec
        What is written.
    grid : BlockGrid
        The blocks.
    store : str
        The folder of the group that is written to.
    """

    source: ZarrSource
    steps: tuple[Step, ...]
    output: OutputSpec
    grid: BlockGrid
    store: str


@dataclass(frozen=True)
class BlockRecord:
    """What a finished block leaves behind.

    Parameters
    ----------
    number : int
        The block.
    objects : tuple of (str, int, int)
        Key, bytes and crc32c of each object.
    seconds : float
        Time from reading to the objects being safe.
    """

    number: int
    objects: tuple[tuple[str, int, int], ...]
    seconds: float


def run_block(work: Work, number: int) -> BlockRecord:
    """Read, compute and write one block; return when its objects are on the disk."""
    begun = time.perf_counter()
    box = work.grid.box(number)
    values = compute_box(work.steps, box, work.source.read)
    store = Path(work.store)
    write_box(store, work.output, box, cast(values, work.output.dtype))
    objects = []
    for unit in work.grid.objects(number):
        key = object_key(unit)
        objects.append((key, *record_of(store, work.output, key)))
    return BlockRecord(number, tuple(objects), time.perf_counter() - begun)
