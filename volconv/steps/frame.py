"""Steps that move an array's edges: `pad` outwards, `crop` inwards.

Labels to crop by are no more than told here: cells are known where coordinates are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import PlainValidator, WithJsonSchema, model_validator

from volconv.boundary import Boundaries, BoundaryLike
from volconv.compute import checked_dtype
from volconv.compute.pointwise import Pointwise, Same
from volconv.errors import (
    DimError,
    GeometryError,
    InputError,
    KindError,
    NumberError,
    VolconvError,
)
from volconv.geometry import Geometry, PaddingLike
from volconv.geometry.by_dim import whole_number
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep, block_step
from volconv.steps.checks import read_padding
from volconv.steps.fields import (
    AS_IS,
    CELL_COUNT,
    BoundaryName,
    ByDim,
    FillValue,
    pair_schema,
)
from volconv.steps.model import refused_at, refusing, short
from volconv.steps.options import WindowOptions, windows_of
from volconv.steps.settings import StepSettings

__all__ = [
    "Cells",
    "Crop",
    "Ends",
    "crop_step",
    "labels_beside",
    "pad_step",
    "refuse_name",
]

Ends = tuple[Any, Any]
"""First and last label of a dimension; None for an open end."""


def read_range(value: object) -> tuple[int, int]:
    """First cell, and the one after the last."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise KindError("", short(value), "a pair [start, stop] of cells")
    start, stop = whole_number("", value[0], 0), whole_number("", value[1], 0)
    if stop <= start:
        raise GeometryError("", f"[{start}, {stop}]", "a stop above the start")
    return start, stop


def refuse_name(padding: object) -> None:
    """Refuse a padding by name, which needs a window.

    Raises
    ------
    KindError
    """
    if isinstance(padding, str):
        raise KindError(
            "padding", repr(padding), "a number of cells, or a pair of them"
        )


def read_cells(value: object) -> int | tuple[int, int]:
    """Cells before and after: a number for both, or a pair."""
    refuse_name(value)
    found = read_padding(value)
    assert not isinstance(found, str), "names are refused above"
    return found


def read_label(value: object) -> object:
    """One label; texts and numbers, dates and times, and None for an open end."""
    if isinstance(value, bool | list | tuple | Mapping):
        raise KindError("", short(value), "a label: a number, a text, or a time")
    if value != value:  # noqa: PLR0124 (NaN, and NaT of NumPy's and others' times)
        raise NumberError("", str(value), "a label; null or None for an open end")
    return value


def read_ends(value: object) -> Ends:
    """First and last label."""
    if isinstance(value, slice) and value.step is None:
        value = (value.start, value.stop)
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise KindError("", short(value), "a pair [first, last] of labels")
    return read_label(value[0]), read_label(value[1])


def labels_beside(labels: object, region: object) -> dict[str, Ends]:
    """First and last label by dimension, beside a region in cells.

    Raises
    ------
    KindError
        If there is neither, or something is no pair of labels.
    DimError
        If a dimension is in both.
    """
    cells = {} if region is None else region
    if not isinstance(cells, Mapping) or not (cells or labels):
        raise no_region(region)
    if not isinstance(labels, Mapping):
        raise KindError("labels", short(labels), "labels by dimension")
    found = {}
    for dim, ends in labels.items():
        if dim in cells:
            raise DimError(
                "labels",
                f"{dim!r}, which region has too",
                "each dimension in one of both",
            )
        try:
            found[dim] = read_ends(ends)
        except (KindError, NumberError) as error:
            error.where = f"labels along {dim!r}"
            raise
    return found


def no_region(region: object) -> KindError:
    """The error of a crop that says nothing."""
    return KindError(
        "region",
        short(region),
        "cells by dimension, such as {'z': (10, 50)}, or labels",
    )


Cells = Annotated[
    int | tuple[int, int],
    PlainValidator(refusing(read_cells)),
    AS_IS,
    WithJsonSchema({"anyOf": [CELL_COUNT, pair_schema(CELL_COUNT)]}),
]
"""Cells before and after: a number for both, or a pair."""

CellRange = Annotated[
    tuple[int, int],
    PlainValidator(refusing(read_range)),
    AS_IS,
    WithJsonSchema(pair_schema(CELL_COUNT)),
]
"""First cell, and the one after the last."""


LabelRange = Annotated[
    tuple[Any, Any],
    PlainValidator(refusing(read_ends)),
    AS_IS,
    WithJsonSchema(pair_schema({"type": ["number", "string", "null"]})),
]
"""First and last label; null for an open end."""


class Pad(StepSettings):
    """Cells added around an array, with coordinates that go on."""

    step_name: ClassVar[str] = "pad"

    padding: ByDim[Cells]
    """Cells before and after: a number for both, or a pair; or by dimension."""

    boundary: ByDim[BoundaryName] = "constant"
    """What these cells hold, as in numpy.pad."""

    fill_value: FillValue = 0
    """What cells beyond a constant boundary hold."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return pad_step(source, self.padding, self.boundary, self.fill_value)


class Crop(StepSettings):
    """The cells of a region."""

    step_name: ClassVar[str] = "crop"

    region: dict[str, CellRange] | None = None
    """First cell and the one after the last, by dimension: {z: [10, 50]}."""

    labels: dict[str, LabelRange] | None = None
    """First and last label, both included, by dimension: {latitude: [60, 30]}."""

    @model_validator(mode="after")
    def is_said(self) -> Self:
        """The settings, if they say of each dimension once what is left of it."""
        try:
            labels_beside(self.labels or {}, self.region)
        except VolconvError as error:
            raise refused_at(self.step_name, [((error.where,), error)]) from None
        return self

    def in_cells(self, region: Mapping[str, tuple[int, int]]) -> Self:
        """The same with cells in the place of its labels."""
        update = {"region": {**(self.region or {}), **region}, "labels": None}
        return self.model_copy(update=update)

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        if self.labels:
            raise InputError("labels", short(self.labels), "an input's coordinates")
        return crop_step(source, self.region)


def pad_step(
    meta: ArrayMeta,
    padding: PaddingLike,
    boundary: BoundaryLike,
    fill_value: complex,
) -> BlockStep:
    """Cells added around an array."""
    if isinstance(padding, Mapping):
        meta.require(padding, "padding")
    sizes = dict.fromkeys(padding if isinstance(padding, Mapping) else meta.dims, 1)
    named = padding.values() if isinstance(padding, Mapping) else (padding,)
    for one in named:
        refuse_name(one)
    options = WindowOptions(padding=padding, boundary=boundary, fill_value=fill_value)
    return framed("pad", meta, windows_of(meta, sizes, options))


def crop_step(meta: ArrayMeta, region: object) -> BlockStep:
    """The cells of a region."""
    if not isinstance(region, Mapping) or not region:
        raise no_region(region)
    meta.require(region, "region")
    found = {}
    for dim, cells in region.items():
        where, size = f"region along {dim!r}", meta.sizes[dim]
        try:
            start, stop = read_range(cells)
        except (GeometryError, KindError) as error:
            error.where = where
            raise
        if stop > size:
            raise GeometryError(where, f"[{start}, {stop}]", f"cells up to {size}")
        found[dim] = (start, stop)
    geometry = Geometry.inside(meta, found)
    return framed("crop", meta, (geometry, Boundaries(())))


def framed(
    name: str, meta: ArrayMeta, windows: tuple[Geometry, Boundaries]
) -> BlockStep:
    """The step that copies the cells that its windows reach."""
    dtype = checked_dtype("data", meta.dtype).name
    return block_step(name, meta, Pointwise(Same(), dtype), dtype, windows=windows)
