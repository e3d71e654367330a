"""What a configuration says: frozen models, one for each part of the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictStr,
    ValidationInfo,
    field_validator,
)

from volconv.config.codecs import Codec, Zstd
from volconv.errors import (
    DimError,
    GeometryError,
    InputError,
    KindError,
    OutputError,
    VolconvError,
)
from volconv.files import absolute, lies_with
from volconv.meta import ArrayMeta, Axis
from volconv.steps.fields import Count, Dims, DTypeName, PathText
from volconv.steps.model import SettingsModel, refused_at, refusing, short
from volconv.steps.onekey import OneKey
from volconv.steps.registry import step_classes
from volconv.steps.settings import RenormalisedSettings, StepSettings, TextPath
from volconv.steps.wiring import wiring_faults

__all__ = ["Config", "Input", "Output", "located"]

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
"""How a path that is not of this machine's files begins."""


def read_version(value: object) -> object:
    """The value, if it is an integer: 1.0 and true equal 1, and are none.

    Raises
    ------
    KindError
    """
    if type(value) is not int:
        raise KindError("", short(value), "1")
    return value


def some_steps(steps: tuple[StepSettings, ...]) -> tuple[StepSettings, ...]:
    """The steps, if there is one: pydantic's own check counts only those without fault.

    Raises
    ------
    KindError
    """
    if not steps:
        raise KindError("", "an empty list", "at least one step")
    return steps


def read_array_name(name: str) -> str:
    """The name, if an array in a group of Zarr 3 can be called so.

    Raises
    ------
    KindError
    """
    if not name.strip(".") or "/" in name or name.startswith(("__", "zarr.json")):
        raise KindError("", repr(name), "a name, without / and no word of Zarr's own")
    return name


Name = Annotated[StrictStr, Field(min_length=1)]
ArrayName = Annotated[Name, AfterValidator(refusing(read_array_name))]
AnyStep = Annotated[StepSettings, OneKey(step_classes, "operation")]


class Input(SettingsModel):
    """The volume to read."""

    path: PathText
    """A Zarr store, relative to this file or absolute."""

    variable: Name | None = None
    """Variable of a store that has several."""

    dims: Dims | None = None
    """Names of the dimensions, in order, of an array that has none."""


class Output(SettingsModel):
    """The Zarr store to write."""

    path: PathText
    """Where, relative to this file or absolute; nothing may be there yet."""

    chunks: dict[Name, Count] = Field(default_factory=dict)
    """Cells of a chunk along each dimension; those left out are chosen."""

    shards: dict[Name, Count] = Field(default_factory=dict)
    """Cells of a shard, many chunks in one object: multiples of the chunks."""

    codec: Annotated[
        Codec, Field(default_factory=Zstd, json_schema_extra={"default": "zstd"})
    ]
    """zstd, blosc, gzip or none, with settings as in {zstd: {level: 3}}."""

    dtype: DTypeName | None = None
    """dtype of the stored cells: rounded half to even, and saturated."""

    variable: ArrayName | None = None
    """Name of the stored variable; by default the input's."""

    @field_validator("shards")
    @classmethod
    def are_whole_chunks(
        cls, shards: dict[str, int], info: ValidationInfo
    ) -> dict[str, int]:
        """The shards, if each holds whole chunks."""
        chunks = info.data.get("chunks") or {}
        errors = [
            (
                (dim,),
                GeometryError(
                    "", str(cells), f"a multiple of the chunk's {chunks[dim]}"
                ),
            )
            for dim, cells in shards.items()
            if cells % chunks.get(dim, cells)
        ]
        if errors:
            raise refused_at("shards", errors)
        return shards


class Config(SettingsModel):
    """One run: a volume, the steps over it, and where the result goes."""

    version: Annotated[Literal[1], BeforeValidator(refusing(read_version))]
    """Version of this grammar: 1."""

    about: StrictStr = ""
    """What the run is for, in a sentence."""

    input: Input
    """The volume to read."""

    steps: Annotated[
        tuple[AnyStep, ...],
        AfterValidator(refusing(some_steps)),
        Field(json_schema_extra={"minItems": 1}),
    ]
    """The steps, carried out in this order."""

    output: Output
    """The Zarr store to write."""

    @field_validator("steps")
    @classmethod
    def name_dims_of_the_input(
        cls, steps: tuple[StepSettings, ...], info: ValidationInfo
    ) -> tuple[StepSettings, ...]:
        """The steps, if they name only dimensions that the input has."""
        named = (
            (within(number, step, path), dim)
            for number, step in enumerate(steps)
            for path, dim in step.named_dims()
        )
        require_dims("steps", info, named, made_by(steps))
        return steps

    @field_validator("steps")
    @classmethod
    def read_what_is_there(
        cls, steps: tuple[StepSettings, ...], info: ValidationInfo
    ) -> tuple[StepSettings, ...]:
        """The steps, if each reads a step before it, and no two share a name or path."""
        source = getattr(info.data.get("input"), "path", "")
        errors = [
            ((number, steps[number].step_name, key), error)
            for number, key, error in wiring_faults(steps, source)
        ]
        if errors:
            raise refused_at("steps", errors)
        return steps

    @field_validator("output")
    @classmethod
    def is_another_store(cls, output: Output, info: ValidationInfo) -> Output:
        """The output, if it lies apart and names only the input's dimensions."""
        source = info.data.get("input")
        taken = {"the input's": source.path} if source else {}
        for number, step in enumerate(info.data.get("steps") or (), start=1):
            if step.save is not None:
                taken[f"what step {number} saves:"] = step.save
            if isinstance(step, RenormalisedSettings) and step.weights is not None:
                taken[f"the cell weights of step {number}:"] = step.weights.path
        for whose, path in taken.items():
            if lies_with(path, output.path):
                got = f"{output.path!r}, with {whose} path {path!r}"
                error = OutputError("", got, "a store apart from it")
                raise refused_at("output", [(("path",), error)])
        sizes: dict[str, Mapping[str, int]] = {
            "chunks": output.chunks,
            "shards": output.shards,
        }
        named = (((key, dim), dim) for key, by_dim in sizes.items() for dim in by_dim)
        require_dims("output", info, named, made_by(info.data.get("steps") or ()))
        return output

    def notes(self) -> list[str]:
        """What is no fault but may not be what was meant."""
        return [
            f"steps.{number}.{step.step_name}: {note}"
            for number, step in enumerate(self.steps, start=1)
            for note in step.notes()
        ]

    def located(self, folder: str | Path) -> Self:
        """The same with paths that no longer depend on where the file lies.

        Parameters
        ----------
        folder : path
            The folder of the configuration's file.
        """
        paths = {
            key: part.model_copy(update={"path": located(part.path, folder)})
            for key, part in (("input", self.input), ("output", self.output))
        }
        steps = tuple(
            step.located(partial(located, folder=folder)) for step in self.steps
        )
        return self.model_copy(update={**paths, "steps": steps})


def within(number: int, step: StepSettings, path: TextPath) -> TextPath:
    """The path of something in a step, from the list of steps on."""
    return (number, step.step_name, *path)


def made_by(steps: Iterable[StepSettings]) -> tuple[str, ...]:
    """Dimensions that steps make."""
    return tuple(dim for step in steps for dim in step.new_dims)


def require_dims(
    title: str,
    info: ValidationInfo,
    named: Iterable[tuple[TextPath, str]],
    made: Sequence[str],
) -> None:
    """Refuse dimensions that the input's `dims` lack, where the text has these.

    Parameters
    ----------
    title, info
        Of the field that is validated.
    named : iterable of pairs
        Paths, and the dimension that each names.
    made : sequence of str
        Dimensions that steps make.

    Raises
    ------
    ValidationError
        With the path of each.
    """
    source: Any = info.data.get("input")
    if source is None or source.dims is None:
        return
    known = dict.fromkeys((*source.dims, *made))
    meta = ArrayMeta(tuple(Axis(dim, 1) for dim in known), "float32")
    errors: list[tuple[TextPath, VolconvError]] = []
    for path, dim in named:
        try:
            meta.require([dim], "")
        except DimError as error:
            errors.append((path, error))
    if errors:
        raise refused_at(title, errors)


def located(path: str, folder: str | Path) -> str:
    """A configuration's path as seen from anywhere; URLs and absolute paths stay.

    Raises
    ------
    InputError
        If it is relative to a folder that is no longer there.

    Examples
    --------
    >>> located("brain.zarr", "/data/runs"), located("s3://bucket/a.zarr", "/data")
    ('/data/runs/brain.zarr', 's3://bucket/a.zarr')
    """
    if SCHEME.match(path):
        return path
    return str(absolute(Path(folder) / path, InputError, repr(path)))
