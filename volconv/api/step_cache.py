"""Steps that are kept from call to call.

To resolve a step takes longer than to compute a small array, and a loop over slices, or
over files of one kind, asks for the same one each time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache, partial, singledispatch
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from volconv.api.process import Process
from volconv.meta import ArrayMeta

__all__ = ["Resolve", "resolved"]

Resolve = Callable[[ArrayMeta], Process]
"""Makes the step, or the pipeline, for an array's metadata."""

KEPT = 32
"""Steps that are kept, those that were asked for last."""

MOST_BYTES = 2**20
"""Of an array among what a user says: to compare a larger one, and to keep it, is no
longer little beside what is computed with it. Arbitrary."""


SIMPLE = frozenset({type(None), str, bool, int})
"""Kinds of which equal values are the same."""


def resolved(resolve: Resolve, meta: ArrayMeta) -> Process:
    """The process for an array: that of an earlier call, where it said the same.

    Parameters
    ----------
    resolve : callable
        What a `functools.partial` makes is kept, if its arguments are plain values: the
        builder must depend on nothing else, and keep no array that it is given.
    meta : ArrayMeta
        The array.
    """
    said: Hashable = None
    with contextlib.suppress(UnknownContentError):
        said = frozen(resolve), frozen(meta.missing)
    if said is None:
        return resolve(meta)
    return _kept(Asked(meta, said, resolve))


@dataclass(frozen=True)
class Asked:
    """A builder with all that decides what it makes."""

    meta: ArrayMeta
    said: Hashable
    resolve: Resolve = field(compare=False)


@lru_cache(maxsize=KEPT)
def _kept(asked: Asked) -> Process:
    return asked.resolve(asked.meta)


class UnknownContentError(TypeError):
    """A value that is more than what can be compared of it."""


def frozen(value: object) -> Hashable:
    """A value by its content: equal for values of the same kind and the same bits.

    Raises
    ------
    UnknownContentError
        For kinds whose content is not known, and for large arrays.

    Examples
    --------
    >>> frozen({"x": [1]}) == frozen({"x": [1]}), frozen(1) == frozen(True)
    (True, False)
    """
    kind = type(value)
    return kind, value if kind in SIMPLE else content(value)


@singledispatch
def content(value: Any) -> Hashable:
    """What a value is beside its kind."""
    kind = type(value)
    if not is_dataclass(kind) or kind.__eq__ is object.__eq__:
        raise UnknownContentError
    return tuple(frozen(getattr(value, one.name)) for one in fields(kind))


@content.register(np.dtype)
@content.register(type)
def _(value: Hashable) -> Hashable:
    return value


@content.register(float)
@content.register(complex)
@content.register(np.generic)
def _(value: object) -> Hashable:
    return repr(value)  # 0.0 is equal to -0.0


@content.register(list)
@content.register(tuple)
def _(value: Iterable[object]) -> Hashable:
    return tuple(map(frozen, value))


@content.register(Mapping)
def _(value: Mapping[Any, Any]) -> Hashable:
    return tuple(map(frozen, value.items()))


@content.register(partial)
def _(value: partial[Any]) -> Hashable:
    return value.func, *map(frozen, (value.args, value.keywords))


@content.register(np.ndarray)
def _(value: NDArray[Any]) -> Hashable:
    is_plain = type(value) is np.ndarray and value.dtype.kind in "biufc"
    if not is_plain or value.nbytes > MOST_BYTES:
        raise UnknownContentError
    return value.dtype.str, value.shape, value.strides, value.tobytes()


@content.register(xr.DataArray)
def _(value: xr.DataArray) -> Hashable:
    if value.chunks is not None:
        raise UnknownContentError
    return value.dims, content(value.values)
