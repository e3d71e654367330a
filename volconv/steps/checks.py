"""What one value of a text is read as, checked as the Python functions check it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from volconv.boundary.boundaries import check_kind
from volconv.compute import ENGINES, check_engine
from volconv.compute.numbers import SOURCES
from volconv.errors import DimError, InputError, KindError, NumberError, did_you_mean
from volconv.files import is_url, is_web_url
from volconv.geometry import Window
from volconv.geometry.by_dim import whole_number
from volconv.geometry.padding import padding_cells
from volconv.kernels import box, gaussian
from volconv.kernels.kernel import as_names
from volconv.kernels.lengths import check_length
from volconv.kernels.named import check_size
from volconv.steps.model import short

__all__ = [
    "read_boundary",
    "read_count",
    "read_dims",
    "read_dtype",
    "read_engine",
    "read_length",
    "read_padding",
    "read_path",
    "read_size",
    "read_step_name",
    "real_number",
    "some_lengths",
    "some_sizes",
]

Value = TypeVar("Value")

STEP_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""What a step may be called."""

LOCAL = frozenset({"file", "local"})
"""Schemes of this machine's files, which are other names of paths."""

IPV6 = re.compile(r"(?<=://)\[[0-9a-fA-F:.]+\]")
"""A host's address in a URL, which may have '::' in it."""


def refuse_list(value: object) -> None:
    """Refuse a list, which does not say what goes where.

    Raises
    ------
    KindError
    """
    if isinstance(value, list | tuple):
        raise KindError(
            "",
            short(value),
            "one number, or one for each dimension by name, such as {y: 2, x: 2}",
        )


def read_count(value: object) -> int:
    """A whole number of at least 1."""
    refuse_list(value)
    return whole_number("", value)


def read_length(value: object) -> float | str:
    """A number of cells, or a text with a unit."""
    refuse_list(value)
    return check_length("", value)


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


def read_engine(value: object, known: Sequence[str] = ENGINES, what: str = "") -> str:
    """The name of an engine, one of those known: see `check_engine`."""
    if not isinstance(value, str):
        raise KindError("engine", short(value), "a name such as direct")
    check_engine(value, known, what)
    return value


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


def read_real(where: str, value: object, expected: str) -> float:
    """A real number, integers as they are.

    Raises
    ------
    KindError
        If it is no number; booleans are none.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise KindError(where, short(value), expected)
    return value


def real_number(where: str, value: object) -> float:
    """A finite real number, integers as they are.

    Raises
    ------
    KindError
        If it is no number; booleans are none.
    NumberError
        If it is NaN or infinite.
    """
    value = read_real(where, value, "one real number")
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


def read_path(path: str) -> str:
    """The path, if it is one and means what it says.

    Raises
    ------
    InputError
        If it is empty, has control characters, would need a shell to be expanded, chains
        one file system to another, or is a URL without a bucket, with a password, or of
        this machine.
    """
    if not path or not path.isprintable():
        raise InputError("", short(path), "a path")
    if is_web_url(path) and "@" in path.split("/")[2]:
        raise InputError(
            "",
            "a user or a password in a URL",
            "one without them",
            "they come from ~/.netrc: machine HOST login USER password WORD",
        )
    if path.startswith("~") or "$" in path:
        raise InputError(
            "", repr(path), "a path as it is", "write it out: ~ and $ are not expanded"
        )
    scheme, _, rest = path.partition("://")
    if is_url(path) and scheme.lower() in LOCAL:
        raise InputError(
            "", repr(path), "the path of a folder or a file as it is", f"write {rest!r}"
        )
    if is_url(path) and not rest.strip("/"):
        raise InputError(
            "", repr(path), "a URL with a bucket, such as s3://bucket/a.zarr"
        )
    if "::" in IPV6.sub("", path):
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
