"""Settings of a step: what a configuration says of it, before any array is known.

A family is a file of this package with a class of these for each of its steps; the
table in `registry` says which.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PrivateAttr, StrictStr, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from volconv.errors import InputError, VolconvError
from volconv.meta import ArrayMeta
from volconv.steps.fields import (
    BoundaryName,
    ByDim,
    Dims,
    DTypeName,
    FillValue,
    Flag,
    LabelName,
    Padding,
    PathText,
    Share,
    StepName,
)
from volconv.steps.files import ArrayFile, Named, with_files
from volconv.steps.missing import CellWeights, missing_options
from volconv.steps.model import SettingsModel, refused_at
from volconv.steps.options import WindowOptions
from volconv.steps.step import Step

__all__ = [
    "BEYOND",
    "PaddedSettings",
    "RenormalisedSettings",
    "SameSizeSettings",
    "StepSettings",
    "TextPath",
    "WeightsFile",
]

TextPath = tuple[str | int, ...]
"""Path to something in a text: keys, and indices in lists from 0."""

SHARED = ("name", "from", "save")
"""Keys of every step, which wire it into a pipeline."""

BEYOND = ("boundary", "fill_value")
"""Keys of what lies beyond the edge."""


class StepSettings(SettingsModel, ABC):
    """Settings of one step; a class of it with a `step_name` is a step of the grammar.

    Every key is the keyword of the same name of the Python function.
    """

    step_name: ClassVar[str]

    package: ClassVar[str] = ""
    """The plug-in that it is of, with its version; empty for this package's own."""

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
        self.with_files(refuse_unread)
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

    def located(self, locate: Callable[[str], str]) -> Self:
        """The same with each path as `locate` gives it."""
        found = self.with_files(lambda file: file.located(locate))
        if self.save is None:
            return found
        return found.model_copy(update={"save": locate(self.save)})

    def with_files(self, change: Callable[[Named], Any]) -> Self:
        """The same with something else in the place of each file that it names.

        Raises
        ------
        VolconvError
            What `change` raises, the key named.
        """
        changed = {}
        for key in type(self).model_fields:
            value = getattr(self, key)
            try:
                found = with_files(value, change)
            except VolconvError as error:
                error.where = f"{key}, {error.where}"
                raise
            if found is not value:
                changed[key] = found
        return self.model_copy(update=changed) if changed else self

    def notes(self) -> list[str]:
        """What is no fault but may not be what was meant."""
        return []

    def idle(self, keys: Collection[str], where: str) -> list[str]:
        """The note on those of some keys that the text has: they have no effect."""
        told = sorted(self.model_fields_set.intersection(keys))
        return [f"{' and '.join(told)}: no effect where {where}"] if told else []

    @property
    def new_dims(self) -> tuple[str, ...]:
        """Dimensions that it makes."""
        return ()

    def named_dims(self) -> Iterator[tuple[TextPath, str]]:
        """Dimensions that the text names, each with its path below the step's."""
        for key in type(self).model_fields:
            value = getattr(self, key)
            if key == "dims":
                yield from (((key,), dim) for dim in value or ())
            elif isinstance(value, Mapping):
                yield from (((key, dim), dim) for dim in value)


class PaddedSettings(StepSettings):
    """Settings that all steps with a window share, beside how far it moves.

    The fields are the keywords of `volconv.correlate`, which explains them.
    """

    default_padding: ClassVar[str] = "valid"
    default_boundary: ClassVar[str] = "constant"

    padding: ByDim[Padding] = "valid"
    """Cells added before and after: a number, a pair, or a name."""

    label: ByDim[LabelName] = "center"
    """Which cell of its window gives an output its coordinate."""

    boundary: ByDim[BoundaryName] = "constant"
    """What padded cells hold, as in numpy.pad."""

    fill_value: FillValue = 0
    """What cells beyond a constant boundary hold."""

    dtype: DTypeName | None = None
    """dtype of the result: rounded half to even, and saturated."""

    def notes(self) -> list[str]:
        """What is no fault but may not be what was meant."""
        return self.idle(BEYOND, "padding is valid") if self.padding == "valid" else []

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return WindowOptions(
            padding=self.padding,
            boundary=self.boundary,
            fill_value=self.fill_value,
            dtype=self.dtype,
            default_padding=self.default_padding,
            default_boundary=self.default_boundary,
            label=self.label,
        )


class SameSizeSettings(PaddedSettings):
    """Settings of steps with an output for each cell unless told otherwise.

    The first among the bases of a class.
    """

    default_padding: ClassVar[str] = "same"
    default_boundary: ClassVar[str] = "symmetric"

    padding: ByDim[Padding] = "same"
    """Cells added before and after: a number, a pair, or a name."""

    boundary: ByDim[BoundaryName] = "symmetric"
    """What padded cells hold, as in numpy.pad."""


def refuse_unread(file: Named) -> Named:
    """The file, unless it holds an array that nobody has read.

    Raises
    ------
    InputError
    """
    if isinstance(file, ArrayFile):
        raise InputError(repr(file.path), "a file that is not read", "its array")
    return file


class WeightsFile(Named):
    """Cell weights in a Zarr store."""

    path: PathText
    """A Zarr store, relative to this file or absolute."""

    variable: Annotated[StrictStr, Field(min_length=1)] | None = None
    """Variable of a store that has several."""

    dims: Dims | None = None
    """Names of the dimensions, in order, of an array that has none."""


class RenormalisedSettings(PaddedSettings):
    """Settings of steps whose weights may be rescaled where cells are missing.

    The last among the bases of a class: its keys then come before theirs.
    """

    skipna: Flag = False
    """Whether missing cells are left out, and the weights of the others rescaled."""

    weights: WeightsFile | None = None
    """How much each cell counts: {path: mask.zarr, variable: mask}."""

    min_weight: Share = 0
    """Share of the kernel's absolute weight that must be there for an output."""

    _opened: CellWeights | None = PrivateAttr(default=None)

    @field_validator("min_weight")
    @classmethod
    def has_an_effect(cls, share: float, info: ValidationInfo) -> float:
        """The share, unless missing cells spread."""
        if info.data.get("weights") is None and "skipna" in info.data:
            try:
                missing_options(info.data["skipna"], share, None)
            except VolconvError as error:
                raise refused_at("min_weight", [((), error)]) from None
        return share

    def with_weights(self, weights: CellWeights) -> Self:
        """The same with its cell weights opened: a text only says where they lie."""
        found = self.model_copy()
        found._opened = weights
        return found

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it.

        Raises
        ------
        InputError
            If it names cell weights that nobody has opened.
        """
        if self.weights is not None and self._opened is None:
            path = repr(self.weights.path)
            raise InputError("weights", f"{path}, not opened", "opened weights")
        missing = missing_options(self.skipna, self.min_weight, self._opened)
        return replace(super().options(), missing=missing)

    def named_dims(self) -> Iterator[tuple[TextPath, str]]:
        """Dimensions that the text names, each with its path below the step's."""
        yield from super().named_dims()
        dims = () if self.weights is None else self.weights.dims or ()
        yield from ((("weights", "dims"), dim) for dim in dims)
