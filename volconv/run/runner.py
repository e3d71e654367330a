"""Carry a plan out: stage after stage, and a result that appears at the end."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from volconv.coordinates import Coords
from volconv.errors import InputError, RunError, StorageError, VolconvError
from volconv.io import ZarrSource
from volconv.io.place import Content
from volconv.io.store import documents_of
from volconv.plan.plan import Plan
from volconv.run.cluster import check_answer, check_crew, crew_of, is_address
from volconv.run.made import Made, keep_made, made_before, made_of
from volconv.run.outputs import locked, storing, target_of
from volconv.run.progress import Forward, Progress, StageRun, Tally, no_progress
from volconv.run.stages import (
    check_all_there,
    discard_unreadable,
    make_between,
    stage_runs,
)
from volconv.run.target import (
    OBJECTS_ATTRIBUTE,
    PLAN_ATTRIBUTE,
    STATUS_ATTRIBUTE,
    Target,
    has_blocks,
    is_begun,
    is_complete,
)
from volconv.run.threads import BlockFailure
from volconv.run.turns import Turns

__all__ = ["Labels", "Outcome", "Progress", "are_complete", "run_plan", "targets_of"]

log = logging.getLogger(__name__)


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

    coords: Coords
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
    command: str = "",
) -> Outcome:
    """Compute and write what is not there yet, then give the outputs their names.

    Parameters
    ----------
    plan : Plan
        What to do.
    source : ZarrSource
        The input.
    labels : mapping of int to Labels
        Coordinates and attributes of each step that is stored.
    on : str
        ``threads``, ``processes`` or a scheduler's address.
    restart : bool
        Whether what is there already is erased first.
    progress : callable
        Called once before the first block, after each, and while threads are at few.
    command : str
        What a user types to go on, kept for whoever asks how far it is.

    Raises
    ------
    OutputError
        If an output exists from another plan, or cannot be written.
    ClusterError
        If `on` is none of these, or no scheduler answers there.
    RunError
        If a block failed; finished blocks are kept.
    StorageError
        If the store of an output failed.
    InputError
        If the input changed meanwhile: blocks of both would stand side by side.
    """
    check_crew(on)
    targets = targets_of(plan)
    result = targets[plan.pipeline.last]
    if restart:
        check_answer(on)
        with storing(result), locked(targets):
            for target in targets.values():
                target.erase()
    with storing(result):
        is_done = are_complete(plan, targets)
    if is_done:
        for target in targets.values():
            target.discard_partial()  # a run may have ended just before it did
        return Outcome(0, plan.blocks)
    begun_with = partial(documents_at, plan, labels)
    with storing(result), locked(targets):
        if is_begun(result, plan.fingerprint, layout_of(plan)):
            made = made_before(result, targets)
            keep_made(targets, made, begun_with)
        else:
            note_discarded(result)
            made = begin(targets, plan, labels)
        runs = stage_runs(plan, source, targets)
        declare(targets, plan, runs, made, command)
        outcome = run_stages(plan, runs, on, progress)
        check_unchanged(plan, source)
        keep_made(targets, made, begun_with)
        for _, target in sorted(targets.items()):
            if not is_complete(target, plan.fingerprint):
                target.finish()
    for target in targets.values():
        target.discard_partial()
    return outcome


def targets_of(plan: Plan) -> dict[int, Target]:
    """The outputs of a plan by their steps."""
    outputs = {**plan.saves, plan.pipeline.last: plan.output}
    return {step: target_of(spec.path) for step, spec in outputs.items()}


def are_complete(plan: Plan, targets: Mapping[int, Target]) -> bool:
    """Whether nothing is left to do of a plan; nothing is written.

    Raises
    ------
    OutputError
        If something else is there, or another plan's output, complete or begun.
    """
    fingerprint = plan.fingerprint
    complete = [is_complete(target, fingerprint) for target in targets.values()]
    if all(complete):
        return True
    for target in targets.values():
        is_begun(target, fingerprint, layout_of(plan))
    return False


def note_discarded(result: Target) -> None:
    """Say that blocks are discarded that were begun in another layout, if there are."""
    if has_blocks(result):
        log.warning(
            "note: %s: what was done is discarded and begun anew: what a step saves was "
            "cut into other chunks, by other memory, threads or fusing",
            result.where,
        )


def begin(
    targets: Mapping[int, Target], plan: Plan, labels: Mapping[int, Labels]
) -> dict[int, Made]:
    """Make the stores ready for blocks, clearing what an earlier beginning left."""
    made: dict[int, Made] = {}
    for step, target in targets.items():
        target.clear()
        documents = documents_at(plan, labels, step)
        target.draft.put_group(documents)
        made[step] = made_of(documents)
    return made


def documents_at(
    plan: Plan, labels: Mapping[int, Labels], step: int
) -> dict[str, Content]:
    """What the store of a step is begun with."""
    (write,) = (
        write
        for stage in plan.stages
        for write in stage.writes
        if stage.first - 1 + write.step == step
    )
    return documents_of(
        write.output,
        plan.pipeline.meta(step, plan.source),
        labels[step].coords,
        labels[step].attrs,
        {
            **labels[step].group_attrs,
            PLAN_ATTRIBUTE: json.dumps(plan.fingerprint),
            STATUS_ATTRIBUTE: "complete",  # nothing else opens it
            OBJECTS_ATTRIBUTE: json.dumps(
                {write.output.variable: write.objects_in_all}
            ),
        },
    )


def check_unchanged(plan: Plan, source: ZarrSource) -> None:
    """Refuse to finish a result whose input is no longer the one that was planned.

    A chunk that is gone would go without a word: Zarr reads its fill value.

    Raises
    ------
    InputError
    """
    if source.chunks_stored() != plan.identity["chunks stored"]:
        raise InputError(
            "input.path",
            f"{source.path!r}, whose chunks changed while they were read",
            "an input that stays as it is until the end of a run",
            "run again with --restart",
        )


def declare(
    targets: Mapping[int, Target],
    plan: Plan,
    runs: list[StageRun],
    made: Mapping[int, Made],
    command: str,
) -> None:
    """Write what is known of the run; from then on the stores are ready for blocks."""
    result = targets[plan.pipeline.last]
    arrays: list[str] = []
    objects: dict[int, int] = {}
    for run in runs:
        for name, write in zip(run.names, run.stage.writes, strict=True):
            step = run.stage.first - 1 + write.step
            if step in targets:
                arrays.append(name)
                objects[step] = write.objects_in_all
    known = {
        "fingerprint": plan.fingerprint,
        "layout": layout_of(plan),
        "command": command,
    }
    for step in plan.saves:
        saved = {"objects": objects[step], "result": result.where}
        targets[step].write_header({**known, **saved})
    result.write_header(
        {
            **known,
            "objects": sum(objects.values()),
            "arrays": arrays,
            "made": made,
        }
    )


def layout_of(plan: Plan) -> dict[str, dict[str, object]]:
    """For each step that is saved how it is stored: where its stage ends decides it."""
    return {
        str(stage.first - 1 + write.step): write.output.describe()
        for stage in plan.stages
        for write in stage.writes
        if stage.first - 1 + write.step in plan.saves
    }


def run_stages(
    plan: Plan, runs: list[StageRun], on: str, progress: Progress
) -> Outcome:
    """Carry out the stages whose results are not all there."""
    discard_unreadable(runs)
    pending = turns_left(runs)
    total = plan.blocks
    done = total - sum(map(len, pending))
    kept, computed, tally = done, 0, Tally()
    told = Forward(progress, total)
    told(done)

    def at_hand(share: float) -> None:
        told(done + computed + share)

    for number, (run, turns) in enumerate(zip(runs, pending, strict=True)):
        if not len(turns):
            run.make_safe()  # an earlier run may have been killed before it was
            continue
        make_between(run)
        with crew_of(on, run.work(on), at_hand) as crew:
            try:
                for record in run.journalled(partial(crew, turns)):
                    if run is runs[-1]:
                        tally.add_block(record)
                    computed += 1
                    told(done + computed)
            except BlockFailure as failure:
                raise explained(run, failure, on) from failure.__cause__
        check_all_there(run, is_read=any(map(len, pending[number + 1 : number + 2])))
        if number:
            run.target.discard(runs[number - 1].names[-1])
    for run in runs[:-1]:
        check_all_there(run, is_read=False)  # what is saved may be hours old
    return Outcome(computed, kept, tally)


def turns_left(runs: Sequence[StageRun]) -> list[Turns]:
    """For each stage the blocks whose results are not there, and are read or stay."""
    left: list[Turns] = []
    for run in reversed(runs):
        is_read = any(map(len, left[:1]))
        left.insert(0, run.pending(is_read=is_read))
    return left


def explained(run: StageRun, failure: BlockFailure, on: str) -> VolconvError:
    """What a failed task raised, with its block."""
    error = failure.__cause__
    stage = run.stage
    number = stage.number(failure.turn)
    box = ", ".join(f"{side.start}:{side.stop}" for side in stage.grid.box(number))
    where = f"block {number} (cells {box})"
    if isinstance(error, VolconvError):
        error.where = f"{where}, {error.where}"
        return error
    got = f"{type(error).__name__}: {error}"
    if isinstance(error, OSError):
        mend = "mend it, then run again: what is done is kept"
        if is_address(on):
            mend += (
                "; workers need the way and the credentials in their own environment"
            )
        return StorageError(where, got, "a store that can be written", mend)
    return RunError(
        where, got, "a block without an error", "run again: what is done is kept"
    )
