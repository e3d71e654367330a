"""From a configuration to a plan: opens the input's metadata, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from volconv.config import Config, codec_name
from volconv.coordinates import (
    NGFF,
    Coords,
    NoCoords,
    carried_attrs,
    declared_attrs,
    recorded,
)
from volconv.coordinates.metadata import held_value
from volconv.errors import NumberError, OutputError, VolconvError
from volconv.io import ZarrSource, forget_opened
from volconv.io.ome_output import image_attributes
from volconv.io.stored import Stored
from volconv.io.weights import ZarrWeights, check_coords
from volconv.meta import ArrayMeta, Axis
from volconv.plan.output import output_spec
from volconv.plan.plan import Plan, make_plan
from volconv.plan.stage import Room
from volconv.run.arrays import ArrayReader
from volconv.run.inputs import opened_input, source_of
from volconv.run.limits import Limits
from volconv.run.machine import libraries
from volconv.run.outputs import check_apart
from volconv.run.runner import Labels
from volconv.run.step_coords import StepCoords
from volconv.run.target import OWN_ATTRIBUTES
from volconv.steps import Pipeline, StepSettings
from volconv.steps.files import ArrayFile, Named
from volconv.steps.network import Onnx
from volconv.steps.settings import RenormalisedSettings
from volconv.steps.wiring import Wired, resolved_pipeline, steps_to

__all__ = ["Prepared", "config_pipeline", "prepare"]


@dataclass(frozen=True)
class Prepared:
    """A plan with what it reads and what its output says of itself."""

    plan: Plan
    source: ZarrSource
    labels: Mapping[int, Labels]

    @property
    def coords(self) -> Coords:
        """Coordinates of the output."""
        return self.labels[self.plan.pipeline.last].coords


def prepare(
    config: Config, limits: Limits, *, on: str = "threads", fuse: bool = True
) -> Prepared:
    """The plan of a configuration.

    Parameters
    ----------
    config : Config
        With paths that are resolved already.
    limits : Limits
        Tasks at once, and memory.
    on : str
        Where tasks are to run: each of ``processes`` has memory of its own.
    fuse : bool
        Whether steps may run fused.

    Raises
    ------
    InputError
        If the input is not there or has not what the configuration names.
    OutputError
        If an output is the input or another output, lies in it, or holds it.
    VolconvError
        What is wrong with a step for this input, the step named; or the memory.
    """
    forget_opened()
    source = source_of(config)
    check_apart(source.path, outputs_of(config))
    stored = opened_input(source)
    steps = steps_of(config, stored.coords)
    known = StepCoords(stored.coords)
    pipeline = resolved_pipeline(steps, stored.meta, known)
    meta = stored.meta.among(pipeline.dims)
    source = replace(source, new_axes=meta.new_axes)
    output = config.output
    spec = output_spec(
        pipeline.target(meta),
        meta,
        path=output.path,
        variable=output.variable or stored.name,
        dtype=output.dtype,
        chunks=output.chunks,
        shards=output.shards,
        codec=codec_name(output.codec),
        codec_options=output.codec.model_dump(),
    )
    check_holds(spec.dtype, pipeline.target(stored.meta))
    saves = {
        number: replace(
            output_spec(
                pipeline.meta(number, meta),
                meta,
                path=step.save,
                variable=spec.variable,
            ),
            codec=spec.codec,
            codec_options=spec.codec_options,
        )
        for number, step in enumerate(steps, start=1)
        if step.save is not None
    }
    plan = make_plan(
        meta,
        pipeline,
        spec,
        source.identity(),
        Room(
            1 if on == "processes" else limits.workers,
            limits.memory,
            processes=limits.workers if on == "processes" else 0,
            libraries=libraries(),
            is_command=bool(limits.option),
        ),
        saves=saves,
        fuse=fuse,
    )
    labels = {
        step: labels_of(stored, pipeline, step, known.at(step), spec.variable)
        for step in (*saves, pipeline.last)
    }
    for step, told in labels.items():
        check_variable(spec.variable, pipeline.meta(step, stored.meta).dims, told)
    return Prepared(plan, source, labels)


def steps_of(config: Config, coords: Coords) -> list[Wired]:
    """The steps of a configuration, the files that they name opened."""
    steps = opened(config, coords)
    if not any(isinstance(step, Onnx) for step in steps):
        return [*steps]
    # it brings all that a network may have
    from volconv.network import expanded

    return expanded(steps)


def opened(config: Config, coords: Coords) -> list[StepSettings]:
    """The steps with what they name of other files: arrays read, cell weights opened.

    Raises
    ------
    VolconvError
        What is wrong with a file or with what is in it, the step named.
    """
    outputs = outputs_of(config)
    read = ArrayReader()

    def array_of(file: Named) -> object:
        if not isinstance(file, ArrayFile):
            return file
        check_apart(file.path, outputs, "the array")
        return read(file)

    found: list[StepSettings] = []
    for number, step in enumerate(config.steps, start=1):
        try:
            found.append(with_cell_weights(step.with_files(array_of), outputs, coords))
        except VolconvError as error:
            error.where = f"step {number} ({step.step_name}), {error.where}"
            raise
    return found


def outputs_of(config: Config) -> list[str]:
    """Paths that a configuration writes to, the result's last."""
    saves = [step.save for step in config.steps if step.save is not None]
    return [*saves, config.output.path]


def with_cell_weights(
    step: StepSettings, outputs: Sequence[str], coords: Coords
) -> StepSettings:
    """The step with its cell weights opened, if it names some.

    Raises
    ------
    InputError
        If weights are not there or have not what the configuration names.
    DimError
        If they lie along other coordinates than the input.
    OutputError
        If they would be overwritten.
    """
    if not isinstance(step, RenormalisedSettings) or step.weights is None:
        return step
    given = step.weights
    source = ZarrSource(given.path, given.variable, given.dims, key="weights")
    check_apart(given.path, outputs, "the weights")
    weights = ZarrWeights(source)
    check_coords(weights, coords)
    return step.with_weights(weights)


def check_variable(name: str, dims: Sequence[str], labels: Labels) -> None:
    """Refuse to store the cells under a name that says where they lie.

    Raises
    ------
    OutputError
    """
    if name in dims or name in labels.coords.variables:
        taken = "a dimension" if name in dims else "a coordinate"
        raise OutputError(
            "output.variable",
            f"{name!r}, which is the name of {taken}",
            "a name of its own",
            "say another output.variable",
        )


def check_holds(dtype: str, target: ArrayMeta) -> None:
    """Refuse to store cells as a dtype that has no place for a declared missing value.

    Raises
    ------
    NumberError
    """
    for value in target.missing:
        if not dtype.startswith(("int", "uint")) or held_value(value, dtype) is None:
            raise NumberError(
                "output.dtype",
                f"{dtype} for {target.dtype} cells of which {value} are missing",
                f"an integer dtype that holds {value}",
                "leave output.dtype out, or give the last step a float dtype",
            )


def config_pipeline(config: Config, sizes: Mapping[str, int]) -> Pipeline:
    """The steps of a configuration, resolved and not planned.

    Parameters
    ----------
    config : Config
        With paths that are resolved already.
    sizes : mapping of str to int
        Of an input that takes the place of the configuration's, which is not opened
        then: of float32 cells, without coordinates. None for the input itself.

    Raises
    ------
    VolconvError
        As for `prepare`.
    """
    if sizes:
        axes = tuple(Axis(dim, cells) for dim, cells in sizes.items())
        steps, meta = steps_of(config, NoCoords()), ArrayMeta(axes, "float32")
        return resolved_pipeline(steps, meta, StepCoords(NoCoords()))
    forget_opened()
    stored = opened_input(source_of(config))
    steps = steps_of(config, stored.coords)
    return resolved_pipeline(steps, stored.meta, StepCoords(stored.coords))


def labels_of(
    stored: Stored, pipeline: Pipeline, step: int, coords: Coords, name: str
) -> Labels:
    """Coordinates and attributes of a step's result, stored by a name."""
    steps = steps_to(pipeline, step)
    group = {
        key: value
        for key, value in stored.group_attrs.items()
        if key not in (*OWN_ATTRIBUTES, *NGFF)
    }
    attrs = carried_attrs(stored.attrs, pipeline.nodes[:step])
    attrs = recorded(attrs, steps, keep_attrs=True)
    meta = pipeline.meta(step, stored.meta)
    attrs |= declared_attrs(meta.missing if step else ())
    group |= image_attributes(stored.level, meta, coords, name)
    return Labels(coords, attrs, group)
