"""Types of the values that steps and outputs share, each with the check it stands for.

A check is never written here: it is the one that the Python functions make, called at
the text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import (
    AfterValidator,
    Discriminator,
    PlainSerializer,
    PlainValidator,
    StrictStr,
    Tag,
    WithJsonSchema,
)

from volconv.boundary import KINDS
from volconv.boundary.boundaries import check_kind, plain_number
from volconv.compute import ENGINES, check_engine
from volconv.compute.numbers import SOURCES
from volconv.errors import DimError, InputError, KindError, NumberError, did_you_mean
from volconv.geometry import LABELS, PADDINGS, Window
from volconv.geometry.by_dim import whole_number
from volconv.geometry.padding import padding_cells
from volconv.kernels import box, gaussian
from volconv.kernels.kernel import as_names
from volconv.kernels.lengths import check_length
from volconv.kernels.named import check_size, check_spread
from volconv.steps.missing import check_flag, check_share
from volconv.steps.model import refusing, short
from volconv.text import check_word

__all__ = [
    "AS_IS",
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
]

PER = ("cell", "unit")
"""What a derivative is taken per: one cell, or one unit of the coordinate."""

Value = TypeVar("Value")

STEP_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""What a step may be called."""


def shape_of(value: object) -> str:
    """Which spelling of a per-dimension value it is."""
    return "by name" if isinstance(value, Mapping) else "one for all"


ByDim = Annotated[
    Annotated[Value, Tag("one for all")] | Annotated[dict[str, Value], Tag("by name")],
    Discriminator(shape_of),
]
"""One value for all dimensions, or a mapping of names to values."""


def read_count(value: object) -> int:
    """A whole number of at least 1."""
    if isinstance(value, list | tuple):
        raise KindError(
            "",
            short(value),
            "one number, or one for each dimension by name, such as {y: 2, x: 2}",
        )
    return whole_number("", value)


def read_size(value: object) -> int | str:
    """Cells of a box along one dimension, or a text with a unit."""
    if isinstance(value, str):
        check_length("", value)
        return value
    return check_size("", read_count(value))


def read_padding(value: object) -> int | str | tuple[int, int]:
    """A padding of any spelling; what it comes to depends on the window."""
    before, after = padding_cells("", value, Window(1), 1)
    if isinstance(value, str):
        return value
    return (before, after) if isinstance(value, list | tuple) else before


def read_boundary(value: object) -> str:
    """The name of a boundary."""
    check_kind("boundary", value)
    return str(value)


def read_dtype(value: object) -> str:
    """The name of a dtype."""
    if not isinstance(value, str):
        raise KindError("dtype", short(value), "a name such as float32")
    if value not in SOURCES:
        # not asked of numpy, which would work out texts such as "(3,)f4"
        raise NumberError(
            "dtype",
            repr(value),
            f"one of {', '.join(SOURCES)}",
            did_you_mean(value, SOURCES),
        )
    return value


def read_engine(value: object) -> str:
    """The name of an engine."""
    check_engine(value if isinstance(value, str) else short(value))
    return str(value)


def read_dims(value: object) -> tuple[str, ...]:
    """Names of dimensions, one or a list of them."""
    names = value if isinstance(value, str | list | tuple) else None
    if names is None or not all(isinstance(name, str) for name in names):
        raise KindError("dims", short(value), "a name, or a list of names")
    found = as_names(names)
    if not found or not all(found):
        raise DimError("dims", short(value), "at least one name")
    if len(set(found)) < len(found):
        raise DimError("dims", short(list(found)), "each dimension once")
    return found


def real_number(where: str, value: object) -> float:
    """A finite real number, integers as they are.

    Raises
    ------
    KindError
        If it is no number; booleans are none.
    NumberError
        If it is NaN or infinite.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise KindError(where, short(value), "one real number")
    if not math.isfinite(value):
        raise NumberError(where, str(value), "a finite number")
    return value


def some_sizes(value: Value) -> Value:
    """The value, unless it is a mapping without a dimension."""
    if value == {}:
        box({})
    return value


def some_lengths(value: Value) -> Value:
    """The value, unless it is a mapping without a dimension."""
    if value == {}:
        gaussian({})
    return value


AS_IS = PlainSerializer(lambda value: value, return_type=Any)
"""Written as it was read: pydantic would warn of ints among floats, and of tuples."""

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
                {"type": "integer", "minimum": 0},
                {"enum": list(PADDINGS)},
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
    PlainValidator(refusing(lambda value: check_length("", value))),
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


def read_path(path: str) -> str:
    """The path, if it is one and means what it says.

    Raises
    ------
    InputError
        If it is empty, has control characters, would need a shell to be expanded, or
        chains one file system to another.
    """
    if not path or not path.isprintable():
        raise InputError("", short(path), "a path")
    if path.startswith("~") or "$" in path:
        raise InputError(
            "", repr(path), "a path as it is", "write it out: ~ and $ are not expanded"
        )
    if "::" in path:
        raise InputError("", repr(path), "one path, without '::'")
    return path


def read_step_name(name: str) -> str:
    """The name, if a step can be called so.

    Raises
    ------
    KindError
    """
    if not STEP_NAME.fullmatch(name):
        raise KindError("", repr(name), "letters, digits, _, - and .")
    return name


PathText = Annotated[StrictStr, AfterValidator(refusing(read_path))]
"""A path of a store, as it is written."""

StepName = Annotated[StrictStr, AfterValidator(refusing(read_step_name))]
"""What a step is called."""
