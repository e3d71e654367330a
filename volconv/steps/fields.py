"""Types of the values that steps and outputs share, each with the check it stands for.

A check is the one that the Python functions make, called at the text: see `checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    Discriminator,
    PlainSerializer,
    PlainValidator,
    StrictStr,
    Tag,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue

from volconv.boundary import KINDS
from volconv.boundary.boundaries import plain_number
from volconv.compute import ENGINES
from volconv.compute.numbers import SOURCES
from volconv.geometry import LABELS, PADDINGS
from volconv.kernels.named import check_spread
from volconv.steps.checks import (
    read_boundary,
    read_count,
    read_dims,
    read_dtype,
    read_engine,
    read_length,
    read_padding,
    read_path,
    read_size,
    read_step_name,
    real_number,
    some_lengths,
    some_sizes,
)
from volconv.steps.missing import check_flag, check_share
from volconv.steps.model import refusing
from volconv.text import check_word

__all__ = [
    "AS_IS",
    "CELL_COUNT",
    "PER",
    "BoundaryName",
    "ByDim",
    "Count",
    "DTypeName",
    "Dims",
    "EngineName",
    "Factors",
    "FillValue",
    "Flag",
    "LabelName",
    "Length",
    "Lengths",
    "Padding",
    "PathText",
    "Per",
    "RealNumber",
    "Share",
    "Sizes",
    "Spread",
    "StepName",
    "pair_schema",
]

PER = ("cell", "unit")
"""What a derivative is taken per: one cell, or one unit of the coordinate."""

Value = TypeVar("Value")


def shape_of(value: object) -> str:
    """Which spelling of a per-dimension value it is."""
    return "by name" if isinstance(value, Mapping) else "one for all"


ByDim = Annotated[
    Annotated[Value, Tag("one for all")] | Annotated[dict[str, Value], Tag("by name")],
    Discriminator(shape_of),
]
"""One value for all dimensions, or a mapping of names to values."""

AS_IS = PlainSerializer(lambda value: value, return_type=Any)
"""Written as it was read: pydantic would warn of ints among floats, and of tuples."""

CELL_COUNT: JsonSchemaValue = {"type": "integer", "minimum": 0}
"""The schema of a number of cells."""


def pair_schema(items: JsonSchemaValue) -> JsonSchemaValue:
    """The schema of two values of one kind."""
    return {"type": "array", "items": items, "minItems": 2, "maxItems": 2}


Count = Annotated[
    int,
    PlainValidator(refusing(read_count)),
    WithJsonSchema({"type": "integer", "minimum": 1}),
]
"""A whole number of at least 1."""

Padding = Annotated[
    int | str | tuple[int, int],
    PlainValidator(refusing(read_padding)),
    AS_IS,
    WithJsonSchema(
        {
            "anyOf": [
                CELL_COUNT,
                {"enum": list(PADDINGS)},
                pair_schema(CELL_COUNT),
            ]
        }
    ),
]
"""Cells before and after: a number for both, a pair, or a name."""

BoundaryName = Annotated[
    str,
    PlainValidator(refusing(read_boundary)),
    WithJsonSchema({"enum": list(KINDS)}),
]
"""One of `volconv.boundary.KINDS`."""

LabelName = Annotated[
    str,
    PlainValidator(refusing(lambda value: check_word("", value, LABELS))),
    WithJsonSchema({"enum": list(LABELS)}),
]
"""One of `volconv.geometry.LABELS`."""

FillValue = Annotated[
    complex,
    PlainValidator(refusing(lambda value: plain_number("", value))),
    AS_IS,
    WithJsonSchema({"type": ["number", "boolean"]}),
]
"""One number; NaN and infinities too."""

RealNumber = Annotated[
    float,
    PlainValidator(refusing(lambda value: real_number("", value))),
    AS_IS,
    WithJsonSchema({"type": "number"}),
]
"""One finite real number."""

Flag = Annotated[
    bool,
    PlainValidator(refusing(lambda value: check_flag("", value))),
    WithJsonSchema({"type": "boolean"}),
]
"""true or false."""

Share = Annotated[
    float,
    PlainValidator(refusing(lambda value: check_share("", value))),
    AS_IS,
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
"""A number from 0 to 1."""

Per = Annotated[
    str,
    PlainValidator(refusing(lambda value: check_word("", value, PER))),
    WithJsonSchema({"enum": list(PER)}),
]
"""One of `PER`."""

DTypeName = Annotated[
    str, PlainValidator(refusing(read_dtype)), WithJsonSchema({"enum": list(SOURCES)})
]
"""One of the dtypes that can be computed with."""

EngineName = Annotated[
    str, PlainValidator(refusing(read_engine)), WithJsonSchema({"enum": list(ENGINES)})
]
"""One of `volconv.compute.ENGINES`."""

Dims = Annotated[
    tuple[str, ...],
    PlainValidator(refusing(read_dims)),
    AS_IS,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ]
        }
    ),
]
"""Names of dimensions: one, or a list."""

Length = Annotated[
    float | str,
    PlainValidator(refusing(read_length)),
    AS_IS,
    WithJsonSchema({"type": ["number", "string"]}),
]
"""A number of cells, or a text with a unit."""

Spread = Annotated[
    float,
    PlainValidator(refusing(lambda value: check_spread("", value))),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
"""A finite number of at least 0."""

Size = Annotated[
    int | str,
    PlainValidator(refusing(read_size)),
    AS_IS,
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}),
]
"""Cells of a box along one dimension, or a text with a unit."""

Sizes = Annotated[ByDim[Size], AfterValidator(refusing(some_sizes))]
"""Cells of a box: one size for all dimensions, or one by name."""

Factors = Annotated[ByDim[Count], AfterValidator(refusing(some_sizes))]
"""Whole factors: one for all dimensions, or one by name."""

Lengths = Annotated[ByDim[Length], AfterValidator(refusing(some_lengths))]
"""A length for all dimensions, or one by name."""

PathText = Annotated[StrictStr, AfterValidator(refusing(read_path))]
"""A path of a store, as it is written."""

StepName = Annotated[StrictStr, AfterValidator(refusing(read_step_name))]
"""What a step is called."""
