"""From a configuration to a plan: opens the input's metadata, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

import xarray as xr
from dask.system import CPU_COUNT
from distributed.system import MEMORY_LIMIT

from volconv.config import Config, codec_name
from volconv.coordinates import output_attrs, output_coords
from volconv.errors import VolconvError
from volconv.io import ZarrSource
from volconv.io.source import Stored
from volconv.meta import ArrayMeta
from volconv.plan.output import output_spec
from volconv.plan.plan import Plan, make_plan
from volconv.run.runner import Labels
from volconv.run.target import PLAN_ATTRIBUTE
from volconv.steps import Step

__all__ = ["Limits", "Prepared", "prepare"]

SHARE = 0.75
"""Share of the machine's memory, or of the container's, that a run takes by default."""


@dataclass(frozen=True)
class Limits:
    """What a run may take of one machine.

    Parameters
    ----------
    workers : int
        Tasks at once: by default one for each core.
    memory : int
        Bytes for all of them and the process: by default three quarters of the
        machine's memory, or of the container's.
    """

    workers: int = CPU_COUNT
    memory: int = field(default=int(SHARE * MEMORY_LIMIT))


@dataclass(frozen=True)
class Prepared:
    """A plan with what it reads and what its output says of itself."""

    plan: Plan
    source: ZarrSource
    labels: Labels


def prepare(config: Config, limits: Limits) -> Prepared:
    """The plan of a configuration.

    Parameters
    ----------
    config : Config
        With paths that are resolved already.
    limits : Limits
        Tasks at once, and memory.

    Raises
    ------
    InputError
        If the input is not there or has not what the configuration names.
    VolconvError
        What is wrong with a step for this input, the step named; or the memory.
    """
    given = config.input
    source = ZarrSource(
        given.path, given.variable, tuple(given.dims) if given.dims else None
    )
    stored = source.open()
    steps = resolved_steps(config, stored.meta)
    target = steps[-1].target
    output = config.output
    spec = output_spec(
        target,
        stored.meta,
        path=output.path,
        variable=output.variable or stored.name,
        dtype=output.dtype,
        chunks=output.chunks,
        shards=output.shards,
        codec=codec_name(output.codec),
        codec_options=output.codec.model_dump(),
    )
    plan = make_plan(
        stored.meta,
        steps,
        spec,
        source.identity(),
        workers=limits.workers,
        limit=limits.memory,
    )
    return Prepared(plan, source, labels_of(stored, steps))


def resolved_steps(config: Config, meta: ArrayMeta) -> list[Step]:
    """The steps, each resolved for what the one before it makes."""
    steps: list[Step] = []
    for number, settings in enumerate(config.steps, start=1):
        try:
            step = settings.resolve(meta)
        except VolconvError as error:
            error.where = f"step {number} ({settings.step_name}), {error.where}"
            raise
        steps.append(step)
        meta = step.target
    return steps


def labels_of(stored: Stored, steps: list[Step]) -> Labels:
    """Coordinates and attributes of the output."""
    coords: xr.Dataset = stored.coords
    for step in steps:
        coords = output_coords(coords, step.geometry, step.source.sizes)
    group = {
        key: value for key, value in stored.group_attrs.items() if key != PLAN_ATTRIBUTE
    }
    return Labels(coords, output_attrs(stored.attrs, steps, keep_attrs=True), group)
