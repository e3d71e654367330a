"""The plan of a run: every decision made, as a value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter

from volconv.files import seen_from
from volconv.meta import ArrayMeta
from volconv.plan.cuts import make_stages
from volconv.plan.memory import compiler_bytes, weight_bytes
from volconv.plan.output import OutputSpec
from volconv.plan.refusal import check_memory, with_more
from volconv.plan.stage import Room, Stage, nbytes_of
from volconv.steps import Pipeline, Step
from volconv.version import __version__

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True, eq=False)
class Plan:
    """What a run reads, computes and writes, in which blocks, and in which order.

    Parameters
    ----------
    source : ArrayMeta
        The input.
    pipeline : Pipeline
        The steps.
    output : OutputSpec
        What is stored of the result.
    saves : mapping of int to OutputSpec
        What is stored of other steps on the way.
    stages : tuple of Stage
        What is carried out, one after the other.
    identity : mapping
        What tells the input from another one, as its opener says.
    room : Room
        Tasks at once on one machine, and what they may take.
    more : Plan, optional
        The plan in more memory, where this one decodes much again for want of it.
    """

    source: ArrayMeta
    pipeline: Pipeline
    output: OutputSpec
    saves: Mapping[int, OutputSpec]
    stages: tuple[Stage, ...]
    identity: Mapping[str, object]
    room: Room
    more: Plan | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in order."""
        return self.pipeline.steps

    @property
    def target(self) -> ArrayMeta:
        """What the pipeline makes, with the dtype that is stored."""
        return replace(self.pipeline.target(self.source), dtype=self.output.dtype)

    @property
    def blocks(self) -> int:
        """Blocks of all stages."""
        return sum(stage.grid.total for stage in self.stages)

    @property
    def task_bytes(self) -> int:
        """Memory of one task, in bytes."""
        return self.largest.task_bytes

    @property
    def largest(self) -> Stage:
        """The stage that takes most memory."""
        return max(self.stages, key=attrgetter("peak_bytes"))

    @property
    def tasks_at_once(self) -> int:
        """Tasks at once in the stage that takes most memory: no more than it has."""
        return self.largest.tasks_at_once * max(1, self.room.processes)

    @property
    def peak_bytes(self) -> int:
        """Memory of all tasks at once, of what they share, and of their processes."""
        return self.room.whole(self.largest.peak_bytes)

    @property
    def bytes_read(self) -> int:
        """Bytes that all blocks decode."""
        return sum(stage.bytes_read for stage in self.stages)

    @property
    def bytes_written(self) -> int:
        """Bytes of all that is written, before encoding."""
        return sum(stage.bytes_written for stage in self.stages)

    @property
    def read_amplification(self) -> float:
        """Bytes decoded over bytes of what the stages read."""
        return self.bytes_read / sum(nbytes_of(stage.source) for stage in self.stages)

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """A digest of each field that decides the output's bytes.

        Where it runs, the memory, the stages and the blocks are not among them; what is
        saved has its place beside the output.
        """
        saved = {
            number: seen_from(spec.path, self.output.path)
            for number, spec in self.saves.items()
        }
        fields: dict[str, object] = {
            "version": __version__,
            **{f"input.{key}": value for key, value in self.identity.items()},
            **{
                f"step {number} ({node.step.name})": [
                    node.step.describe(),
                    list(node.inputs),
                    saved.get(number),
                    *([node.package] if node.package else []),
                ]
                for number, node in enumerate(self.pipeline.nodes, start=1)
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
    pipeline: Pipeline,
    output: OutputSpec,
    identity: Mapping[str, object],
    room: Room,
    *,
    saves: Mapping[int, OutputSpec] | None = None,
    fuse: bool = True,
) -> Plan:
    """The plan that costs least in the memory there is.

    Parameters
    ----------
    source, pipeline, output, identity, room, saves
        As in `Plan`.
    fuse : bool
        Whether steps may run fused.

    Raises
    ------
    MemoryPlanError
        If even blocks of one storage unit do not fit.
    """
    saves = saves or {}
    room = replace(
        room, weights=weight_bytes(pipeline), compiler=compiler_bytes(pipeline)
    )

    def planned(output: OutputSpec, room: Room) -> Plan:
        stages = make_stages(source, pipeline, output, saves, room, fuse=fuse)
        plan = Plan(source, pipeline, output, saves, stages, identity, room)
        if plan.largest.fits or room.processes < 2:
            return plan
        return planned(output, replace(room, processes=room.processes // 2))

    plan = planned(output, room)
    check_memory(plan, planned)
    return replace(plan, more=with_more(plan, planned))
