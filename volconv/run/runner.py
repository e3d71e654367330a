"""Carry a plan out: blocks in flight, a journal, and a result that appears at the end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr
from distributed import Client, as_completed

from volconv.errors import OutputError, RunError, VolconvError
from volconv.io import ZarrSource
from volconv.io.store import create_store, finish_store, object_key, stored_record
from volconv.plan.plan import Plan
from volconv.run.cluster import connected
from volconv.run.journal import Journal
from volconv.run.target import PLAN_ATTRIBUTE, Target, check_apart
from volconv.run.task import BlockRecord, Work, run_block

__all__ = ["Outcome", "Progress", "run_plan"]

IN_FLIGHT = 3
"""Tasks submitted for each thread: one that runs, and two so that none waits."""

Progress = Callable[[int, int], None]
"""Takes the blocks done and the blocks in all."""


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Parameters
    ----------
    computed : int
        Blocks that it computed.
    kept : int
        Blocks that were there already.
    """

    computed: int
    kept: int


@dataclass(frozen=True)
class Labels:
    """Coordinates and attributes of an output.

    Parameters
    ----------
    coords : Dataset
        The coordinates.
    attrs : mapping
        The array's attributes.
    group_attrs : mapping
        The group's attributes.
    """

    coords: xr.Dataset
    attrs: Mapping[Any, Any]
    group_attrs: Mapping[str, object]


def run_plan(
    plan: Plan,
    source: ZarrSource,
    labels: Labels,
    *,
    on: str = "threads",
    restart: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Compute and write what is not there yet, then give the output its name.

    Parameters
    ----------
    plan : Plan
        What to do.
    source : ZarrSource
        The input.
    labels : Labels
        Coordinates and attributes of the output.
    on : str
        ``threads``, ``processes`` or a scheduler's address.
    restart : bool
        Whether what is there already is erased first.
    progress : callable
        Called after each block, and once before the first.

    Raises
    ------
    OutputError
        If the output exists from another plan, or is the input, or cannot be written.
    RunError
        If a block failed; finished blocks are kept.
    """
    check_apart(source.path, plan.output.path)
    target = Target(Path(plan.output.path))
    if restart:
        with target.locked():
            pass  # nobody else is writing what is erased
        target.erase()
    if target.is_complete(plan.fingerprint):
        return Outcome(0, plan.grid.total)
    target.is_begun(plan.fingerprint)
    with target.locked():
        if not target.is_begun(plan.fingerprint):
            begin(target, plan, labels)
        journal = Journal(target.journal)
        pending = pending_blocks(target, plan, journal)
        kept = plan.grid.total - len(pending)
        report = progress or no_progress
        report(kept, plan.grid.total)
        work = Work(source, plan.steps, plan.output, plan.grid, str(target.store))
        try:
            with connected(on, plan.workers) as client:
                for done, record in enumerate(finished(client, work, pending), 1):
                    journal.append(record)
                    report(kept + done, plan.grid.total)
        finally:
            journal.close()
        missing = pending_blocks(target, plan, journal)
        if missing:
            raise RunError(
                str(target.path),
                f"{len(missing)} blocks whose objects are gone, such as {missing[0]}",
                "every object in the store",
                "run again: what is there is kept",
            )
        finish_store(target.store, target.path)
    target.discard_partial()
    return Outcome(len(pending), kept)


def no_progress(done: int, total: int) -> None:
    """Say nothing."""


def begin(target: Target, plan: Plan, labels: Labels) -> None:
    """Make the store ready for blocks, clearing what an earlier beginning left."""
    target.clear()
    create_store(
        target.store,
        plan.output,
        plan.target,
        labels.coords,
        labels.attrs,
        {**labels.group_attrs, PLAN_ATTRIBUTE: plan.fingerprint},
    )
    target.write_header({"fingerprint": plan.fingerprint})


def pending_blocks(target: Target, plan: Plan, journal: Journal) -> list[int]:
    """Blocks of which an object is not in the journal, or not in the store as it was."""
    done = journal.done()
    if not done:
        return list(range(plan.grid.total))
    return [
        number
        for number in range(plan.grid.total)
        if not all(
            key in done
            and stored_record(target.store, plan.output, key) == done[key][0]
            for key in map(object_key, plan.grid.objects(number))
        )
    ]


def finished(client: Client, work: Work, pending: list[int]) -> Iterator[BlockRecord]:
    """Records of blocks as they finish, a bounded number of them in flight.

    Raises
    ------
    VolconvError
        What a task raised, with the block named; `RunError` for errors of other kinds.
    """
    shared = client.scatter(work, broadcast=True, hash=False)
    numbers = iter(pending)

    def submit(number: int) -> Any:
        return client.submit(run_block, shared, number, pure=False, retries=0)

    threads = max(1, sum(client.nthreads().values()))
    flight = {
        submit(number): number
        for number in itertools.islice(numbers, IN_FLIGHT * threads)
    }
    queue = as_completed(list(flight), loop=client.loop)
    for future in queue:
        number = flight.pop(future)
        if future.status != "finished":
            raise block_error(work, number, future)
        yield future.result()
        future.release()
        following = next(numbers, None)
        if following is not None:
            another = submit(following)
            flight[another] = following
            queue.add(another)


def block_error(work: Work, number: int, future: Any) -> VolconvError:
    """What a failed task raised, with its block."""
    error = future.exception()
    box = ", ".join(f"{side.start}:{side.stop}" for side in work.grid.box(number))
    place = f"block {number} (cells {box})"
    if isinstance(error, VolconvError):
        error.where = f"{place}, {error.where}"
        return error
    if isinstance(error, OSError):
        return OutputError(
            place,
            f"{type(error).__name__}: {error}",
            "a store that can be written",
            "mend it, then run again: what is done is kept",
        )
    return RunError(
        place,
        f"{type(error).__name__}: {error}",
        "a block without an error",
        "run again: what is done is kept",
    )
