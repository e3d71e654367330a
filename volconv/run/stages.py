"""The stages of a run: where each reads and writes, and whether it is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from volconv.coordinates import NoCoords
from volconv.errors import RunError
from volconv.io import ZarrSource
from volconv.io.store import can_be_read, documents_of
from volconv.plan.plan import Plan
from volconv.plan.write import Write
from volconv.run.progress import StageRun
from volconv.run.target import Target

__all__ = ["check_all_there", "discard_unreadable", "make_between", "stage_runs"]


def stage_runs(
    plan: Plan, source: ZarrSource, targets: Mapping[int, Target]
) -> list[StageRun]:
    """The stages with where they read and write."""
    result = targets[plan.pipeline.last]
    runs: list[StageRun] = []
    for stage in plan.stages:
        reads = source
        if runs:
            before = runs[-1]
            variable = before.stage.writes[-1].output.variable
            reads = ZarrSource(
                before.stores[-1].within(variable).where,
                new_axes=stage.source.new_axes,
            )
        steps = [stage.first - 1 + write.step for write in stage.writes]
        names = [
            "" if step == plan.pipeline.last else name_of(step, write, plan)
            for step, write in zip(steps, stage.writes, strict=True)
        ]
        stores = [
            targets[step].place if step in targets else result.between(name)
            for step, name in zip(steps, names, strict=True)
        ]
        runs.append(StageRun(stage, reads, names, result, stores))
    return runs


def name_of(step: int, write: Write, plan: Plan) -> str:
    """A name of the array of a step: the same however the pipeline is cut.

    Where a cut stores it in other chunks it is another array, with another name.
    """
    said = [plan.fingerprint, step, list(write.shape), write.output.describe()]
    text = json.dumps(said, sort_keys=True)
    return f"step-{step}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def discard_unreadable(runs: Sequence[StageRun]) -> None:
    """Discard what a stage left for the next one where that cannot open it any more.

    Its objects are computed again then, as they are where they are gone.
    """
    for run in runs:
        variable = run.stage.writes[-1].output.variable
        if run.is_passing and not can_be_read(run.stores[-1], variable):
            run.target.discard(run.names[-1])


def make_between(run: StageRun) -> None:
    """Make the store between this stage and the next one ready for blocks."""
    store, write = run.stores[-1], run.stage.writes[-1]
    if not run.is_passing or store.holds(f"{write.output.variable}/zarr.json"):
        return
    meta = run.stage.pipeline.target(run.stage.source)
    store.put_group(documents_of(write.output, meta, NoCoords(), {}, {}))


def check_all_there(run: StageRun, *, is_read: bool) -> None:
    """Refuse to go on where an object of a stage is not in its store.

    Parameters
    ----------
    run : StageRun
        The stage, of which no block is left.
    is_read : bool
        Whether its last result is still to be read.

    Raises
    ------
    RunError
    """
    missing = run.pending(is_read=is_read)
    if len(missing):
        raise RunError(
            run.target.where,
            f"{len(missing)} blocks whose objects are gone, such as {next(iter(missing))}",
            "every object in the store",
            "run again: what is there is kept",
        )
