"""Settings of a step: what a configuration says of it, before any array is known.

A family is a file of this package with a class of these for each of its steps; the
registry finds it there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic import Field
from pydantic.fields import FieldInfo

from volconv.meta import ArrayMeta
from volconv.steps.fields import (
    BoundaryName,
    ByDim,
    Count,
    Dims,
    DTypeName,
    EngineName,
    FillValue,
    Padding,
    PathText,
    StepName,
)
from volconv.steps.model import SettingsModel
from volconv.steps.step import Step
from volconv.steps.window import WindowOptions

__all__ = [
    "DilatedSettings",
    "MovingSettings",
    "Place",
    "PlacedSettings",
    "StepSettings",
    "WeightedSettings",
    "WindowSettings",
]

Place = tuple[str | int, ...]
"""Where something stands in a text: keys, and places in lists from 0."""

SHARED = ("name", "from", "save")
"""Keys of every step, which tell its place in a pipeline."""


class StepSettings(SettingsModel, ABC):
    """Settings of one step; a class of it with a `step_name` is a step of the grammar.

    Every key is the keyword of the same name of the Python function.
    """

    step_name: ClassVar[str]

    paths: ClassVar[tuple[str, ...]] = ("save",)
    """Its keys that are paths, relative to the configuration's file or absolute."""

    name: StepName | None = None
    """What later steps call its result."""

    from_: StepName | None = Field(default=None, alias="from")
    """What it reads: the name of a step before it, or input; by default the last."""

    save: PathText | None = None
    """A Zarr store to write its result to on the way."""

    @property
    def reads(self) -> tuple[str, ...] | None:
        """Names of what it reads; None for the step before it."""
        return None if self.from_ is None else (self.from_,)

    @classmethod
    def by_key(cls) -> dict[str, FieldInfo]:
        """Its fields by key, those that all steps share last."""
        fields = super().by_key()
        return {**{k: f for k, f in fields.items() if k not in SHARED}, **fields}

    def resolve_all(self, sources: Sequence[ArrayMeta]) -> Step:
        """The step for its inputs; one, but for joins."""
        (source,) = sources
        return self.resolve(source)

    @abstractmethod
    def resolve(self, source: ArrayMeta) -> Step:
        """The step for an input.

        Parameters
        ----------
        source : ArrayMeta
            The input: the pipeline's, or what the step before makes.

        Raises
        ------
        VolconvError
            The child that names what does not fit the input.
        """

    def notes(self) -> list[str]:
        """What is no fault but may not be what was meant."""
        return []

    @property
    def new_dims(self) -> tuple[str, ...]:
        """Dimensions that it makes."""
        return ()

    def named_dims(self) -> Iterator[tuple[Place, str]]:
        """Dimensions that the text names, each with its place below the step."""
        for key in type(self).model_fields:
            value = getattr(self, key)
            if key == "dims":
                yield from (((key,), dim) for dim in value or ())
            elif isinstance(value, Mapping):
                yield from (((key, dim), dim) for dim in value)


class PlacedSettings(StepSettings):
    """Settings that all steps with a window share, beside how far it moves.

    The fields are the keywords of `volconv.correlate`, which explains them.
    """

    default_padding: ClassVar[str] = "valid"
    default_boundary: ClassVar[str] = "constant"

    padding: ByDim[Padding] = "valid"
    """Cells added before and after: a number, a pair, or a name."""

    boundary: ByDim[BoundaryName] = "constant"
    """What padded cells hold, as in numpy.pad."""

    fill_value: FillValue = 0
    """What cells beyond a constant boundary hold."""

    dtype: DTypeName | None = None
    """dtype of the result: rounded half to even, and saturated."""

    def notes(self) -> list[str]:
        """What is no fault but may not be what was meant."""
        without_effect = {"boundary", "fill_value"} & self.model_fields_set
        if self.padding != "valid" or not without_effect:
            return []
        names = " and ".join(sorted(without_effect))
        return [f"{names}: no effect where padding is valid"]

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return WindowOptions(
            padding=self.padding,
            boundary=self.boundary,
            fill_value=self.fill_value,
            dtype=self.dtype,
            default_padding=self.default_padding,
            default_boundary=self.default_boundary,
        )


class MovingSettings(PlacedSettings):
    """Settings of steps whose window moves by one cell unless told otherwise."""

    stride: ByDim[Count] = 1
    """Cells from one output to the next."""

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return replace(super().options(), stride=self.stride)


class WeightedSettings(MovingSettings):
    """Settings of steps whose windows are weighted and summed."""

    engine: EngineName = "auto"
    """The arithmetic; auto chooses from the kernel."""

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return replace(super().options(), engine=self.engine)


class WindowSettings(WeightedSettings):
    """Settings of steps with a kernel along dimensions that a user may choose."""

    dims: Dims | None = None
    """Dimensions of the kernel, in the order of its axes."""


class DilatedSettings(WindowSettings):
    """Settings of steps whose taps may lie apart."""

    dilation: ByDim[Count] = 1
    """Cells from one tap to the next."""

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return replace(super().options(), dilation=self.dilation)
