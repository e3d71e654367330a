"""Carry a plan out: stage after stage, and a result that appears at the end."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

from volconv.errors import OutputError, RunError, VolconvError
from volconv.io import ZarrSource
from volconv.io.store import create_store, finish_store
from volconv.plan.plan import Plan
from volconv.plan.stage import Stage
from volconv.plan.write import Write
from volconv.run.cluster import crew_of
from volconv.run.progress import Progress, StageRun, Tally, no_progress
from volconv.run.target import PLAN_ATTRIBUTE, Target, check_all_apart
from volconv.run.threads import BlockFailure

__all__ = ["Labels", "Outcome", "Progress", "run_plan"]


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Parameters
    ----------
    computed : int
        Blocks that it computed.
    kept : int
        Blocks that were there already.
    tally : Tally
        Of the blocks of the result that it computed.
    """

    computed: int
    kept: int
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True)
class Labels:
    """Coordinates and attributes of what is stored.

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
    labels: Mapping[int, Labels],
    *,
    on: str = "threads",
    restart: bool = False,
    progress: Progress = no_progress,
) -> Outcome:
    """Compute and write what is not there yet, then give the outputs their names.

    Parameters
    ----------
    plan : Plan
        What to do.
    source : ZarrSource
        The input.
    labels : mapping of int to Labels
        Coordinates and attributes of each place that is stored.
    on : str
        ``threads``, ``processes`` or a scheduler's address.
    restart : bool
        Whether what is there already is erased first.
    progress : callable
        Called after each block, and once before the first.

    Raises
    ------
    OutputError
        If an output exists from another plan, or is the input, or cannot be written.
    RunError
        If a block failed; finished blocks are kept.
    """
    outputs = {**plan.saves, plan.pipeline.last: plan.output}
    targets = {place: Target(Path(spec.path)) for place, spec in outputs.items()}
    check_all_apart(source.path, [spec.path for spec in outputs.values()])
    if restart:
        with locked(targets):
            pass  # nobody else is writing what is erased
        for target in targets.values():
            target.erase()
    complete = {place: t.is_complete(plan.fingerprint) for place, t in targets.items()}
    if all(complete.values()):
        return Outcome(0, plan.blocks)
    result = targets[plan.pipeline.last]
    result.is_begun(plan.fingerprint, layout_of(plan))
    with locked(targets):
        if not result.is_begun(plan.fingerprint, layout_of(plan)):
            begin(targets, plan, labels)
        outcome = run_stages(plan, source, targets, on, progress)
        for target in [targets[place] for place in sorted(targets)]:
            if not target.path.exists():
                finish_store(target.store, target.path)
    for target in targets.values():
        target.discard_partial()
    return outcome


@contextlib.contextmanager
def locked(targets: Mapping[int, Target]) -> Iterator[None]:
    """Hold all outputs for one run."""
    with contextlib.ExitStack() as stack:
        for target in targets.values():
            stack.enter_context(target.locked())
        yield


def begin(
    targets: Mapping[int, Target], plan: Plan, labels: Mapping[int, Labels]
) -> None:
    """Make the stores ready for blocks, clearing what an earlier beginning left."""
    writes = {
        stage.first - 1 + write.place: write
        for stage in plan.stages
        for write in stage.writes
    }
    for place, target in targets.items():
        target.clear()
        meta = plan.pipeline.meta(place, plan.source)
        create_store(
            target.store,
            writes[place].output,
            meta,
            labels[place].coords,
            labels[place].attrs,
            {**labels[place].group_attrs, PLAN_ATTRIBUTE: plan.fingerprint},
        )
    last = targets[plan.pipeline.last]
    objects = sum(objects_of(writes[place]) for place in targets)
    last.write_header(
        {
            "fingerprint": plan.fingerprint,
            "layout": layout_of(plan),
            "objects": objects,
        }
    )


def layout_of(plan: Plan) -> dict[str, list[Any]]:
    """For each place that is saved: the stage that writes it, and in which chunks.

    What a run with other stages has saved is not what this one would go on with.
    """
    return {
        str(stage.first - 1 + write.place): [stage.first, which, *write.output.unit]
        for stage in plan.stages
        for which, write in enumerate(stage.writes)
        if stage.first - 1 + write.place in plan.saves
    }


def objects_of(write: Write) -> int:
    """Storage units of an array that is written."""
    return math.prod(
        -(-size // unit)
        for size, unit in zip(write.shape, write.output.unit, strict=True)
    )


def run_stages(
    plan: Plan,
    source: ZarrSource,
    targets: Mapping[int, Target],
    on: str,
    progress: Progress,
) -> Outcome:
    """Carry out the stages whose results are not all there."""
    runs = stage_runs(plan, source, targets)
    pending = [run.pending() for run in runs]
    first = len(runs)
    while first > 0 and len(pending[first - 1]):
        first -= 1
    done = plan.blocks - sum(map(len, pending[first:]))
    kept, computed, tally = done, 0, Tally()
    progress(done, plan.blocks)
    for number, (run, turns) in enumerate(zip(runs, pending, strict=True)):
        if number < first or not len(turns):
            continue
        tally = Tally()
        make_between(run)
        with crew_of(on, plan.room, run.work(on)) as records:
            try:
                for record in run.journalled(records(turns.tolist())):
                    tally.add(record)
                    computed += 1
                    progress(done + computed, plan.blocks)
            except BlockFailure as failure:
                raise told(run, failure) from failure.__cause__
        check_all_there(run)
        if number:
            runs[number - 1].discard()
    return Outcome(computed, kept, tally)


def stage_runs(
    plan: Plan, source: ZarrSource, targets: Mapping[int, Target]
) -> list[StageRun]:
    """The stages with where they read and write."""
    result = targets[plan.pipeline.last]
    runs: list[StageRun] = []
    for stage in plan.stages:
        reads = source
        if runs:
            between = runs[-1].stores[-1] / runs[-1].stage.writes[-1].output.variable
            reads = ZarrSource(str(between))
        is_last = stage is plan.stages[-1]
        folder = result.partial if is_last else result.partial / digest_of(stage, plan)
        stores = [
            targets[place].group if place in targets else folder / "store"
            for place in (stage.first - 1 + write.place for write in stage.writes)
        ]
        runs.append(StageRun(stage, reads, folder, stores))
    return runs


def digest_of(stage: Stage, plan: Plan) -> str:
    """A name of a stage that another cut of the pipeline does not give."""
    said = {
        "plan": plan.fingerprint,
        "first": stage.first,
        "writes": [
            [write.place, list(write.shape), write.output.describe()]
            for write in stage.writes
        ],
    }
    text = json.dumps(said, sort_keys=True)
    return f"stage-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def make_between(run: StageRun) -> None:
    """Make the store between this stage and the next one ready for blocks."""
    run.folder.mkdir(parents=True, exist_ok=True)  # for its journal, if nothing else
    store = run.folder / "store"
    write = run.stage.writes[-1]
    if run.stores[-1] != store or (store / write.output.variable).exists():
        return
    meta = run.stage.pipeline.target(run.stage.source)
    create_store(store, write.output, meta, xr.Dataset(), {}, {})


def check_all_there(run: StageRun) -> None:
    """Refuse to go on where an object of a stage that ran is not in its store.

    Raises
    ------
    RunError
    """
    missing = run.pending()
    if len(missing):
        raise RunError(
            str(run.folder),
            f"{len(missing)} blocks whose objects are gone, such as {missing[0]}",
            "every object in the store",
            "run again: what is there is kept",
        )


def told(run: StageRun, failure: BlockFailure) -> VolconvError:
    """What a failed task raised, with its block."""
    error = failure.__cause__
    stage = run.stage
    number = stage.number(failure.turn)
    box = ", ".join(f"{side.start}:{side.stop}" for side in stage.grid.box(number))
    place = f"block {number} (cells {box})"
    if isinstance(error, VolconvError):
        error.where = f"{place}, {error.where}"
        return error
    got = f"{type(error).__name__}: {error}"
    if isinstance(error, OSError):
        mend = "mend it, then run again: what is done is kept"
        return OutputError(place, got, "a store that can be written", mend)
    return RunError(
        place, got, "a block without an error", "run again: what is done is kept"
    )
