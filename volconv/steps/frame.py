"""Steps that move an array's edges: `pad` outwards, `crop` inwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, PlainValidator, WithJsonSchema

from volconv.boundary import Boundaries, BoundaryLike
from volconv.compute import checked_dtype
from volconv.compute.pointwise import Pointwise, Same
from volconv.errors import GeometryError, KindError
from volconv.geometry import Geometry, PaddingLike
from volconv.geometry.geometry import whole_number
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep, block_step
from volconv.steps.fields import AS_IS, BoundaryName, ByDim, FillValue, read_padding
from volconv.steps.model import refusing, short
from volconv.steps.settings import StepSettings
from volconv.steps.window import WindowOptions, windows_of

__all__ = ["crop_step", "pad_step"]


def read_range(value: object) -> tuple[int, int]:
    """First cell, and the one after the last."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise KindError("", short(value), "a pair [start, stop] of cells")
    start, stop = whole_number("", value[0], 0), whole_number("", value[1], 0)
    if stop <= start:
        raise GeometryError("", f"[{start}, {stop}]", "a stop above the start")
    return start, stop


def read_cells(value: object) -> int | tuple[int, int]:
    """Cells before and after: a number for both, or a pair; a name needs a window."""
    if isinstance(value, str):
        raise KindError("padding", repr(value), "a number of cells, or a pair of them")
    found = read_padding(value)
    assert not isinstance(found, str), "names are refused above"
    return found


def some_region(region: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """The region, if it names a dimension."""
    if not region:
        raise no_region(region)
    return region


def no_region(region: object) -> KindError:
    """The error of a crop that says nothing."""
    return KindError(
        "region", short(region), "cells by dimension, such as {'z': (10, 50)}"
    )


Cells = Annotated[
    int | tuple[int, int],
    PlainValidator(refusing(read_cells)),
    AS_IS,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 0},
                    "minItems": 2,
                    "maxItems": 2,
                },
            ]
        }
    ),
]
"""Cells before and after: a number for both, or a pair."""

CellRange = Annotated[
    tuple[int, int],
    PlainValidator(refusing(read_range)),
    AS_IS,
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 0},
            "minItems": 2,
            "maxItems": 2,
        }
    ),
]
"""First cell, and the one after the last."""


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

    region: Annotated[dict[str, CellRange], AfterValidator(refusing(some_region))]
    """First cell and the one after the last, by dimension: {z: [10, 50]}."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
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
        if isinstance(one, str):
            read_cells(one)
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
