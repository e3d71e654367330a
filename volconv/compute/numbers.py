"""Which numbers a result is made of: the dtypes of source, arithmetic and target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.parts import parts
from volconv.errors import NumberError, did_you_mean

__all__ = ["SOURCES", "Numbers", "cast", "cast_bytes", "checked_dtype", "numbers_of"]

SOURCES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)
"""dtypes of data that can be computed with."""

AT_ONCE = 2**18
"""Cells that are cast at once: with a quarter as many, calls of NumPy are a third of it."""


@dataclass(frozen=True)
class Numbers:
    """dtypes by name, in the machine's byte order.

    Parameters
    ----------
    source : str
        Of the input's cells.
    compute : str
        Of the arithmetic.
    target : str
        Of the output's cells.
    """

    source: str
    compute: str
    target: str


def numbers_of(
    source: object,
    weights: NDArray[Any],
    fill_value: complex = 0,
    dtype: object = None,
) -> Numbers:
    """The dtypes of a cross-correlation.

    Parameters
    ----------
    source : dtype
        Of the input's cells.
    weights : ndarray, int64, float64 or complex128
        The kernel.
    fill_value : number
        What padded cells may hold.
    dtype : dtype, optional
        Of the output, where the user chooses it.

    Raises
    ------
    NumberError
        If a dtype cannot be computed with, or a complex result is asked for as real.

    Notes
    -----
    Floats keep their dtype; float16 is summed in float32. Integers and booleans under
    float weights become float32 (up to 16 bits) or float64; under integer weights, the
    smallest integer dtype of at least their own size that holds every possible sum, or
    int64 where none does: a sum beyond it is then an error, never wrapped.

    Examples
    --------
    >>> numbers_of("uint8", np.ones(9, int))
    Numbers(source='uint8', compute='uint16', target='uint16')
    >>> numbers_of("int16", np.ones(9) / 9)
    Numbers(source='int16', compute='float32', target='float32')
    """
    cells = checked_dtype("data", source)
    kind, size = cells.kind, cells.itemsize
    if weights.dtype.kind == "c" or kind == "c":
        narrow = {"c": 8, "f": 4}.get(kind, 2)
        natural = "complex64" if size <= narrow else "complex128"
    elif kind == "f":
        natural = "float64" if size == 8 else "float32"
    elif weights.dtype.kind in "biu":
        natural = integer_dtype(cells, weights, fill_value)
    else:
        natural = "float32" if size <= 2 else "float64"
    if dtype is None:
        target = (
            cells.name if kind == "f" and np.dtype(natural).kind == "f" else natural
        )
        return Numbers(cells.name, natural, target)
    chosen = checked_dtype("dtype", dtype)
    if np.dtype(natural).kind == "c" and chosen.kind != "c":
        raise NumberError(
            "dtype", f"{chosen.name} for a complex result", "complex64 or complex128"
        )
    compute = natural
    if chosen.kind in "fc":
        wide = np.result_type(natural, chosen)
        compute = "float32" if wide == np.float16 else wide.name
    return Numbers(cells.name, compute, chosen.name)


def checked_dtype(where: str, dtype: object) -> np.dtype[Any]:
    """The dtype in native byte order.

    Raises
    ------
    NumberError
        If it is not one of `SOURCES`.
    """
    try:
        found = np.dtype(dtype)  # type: ignore[call-overload]
    except (TypeError, ValueError, SyntaxError):  # it works texts out
        found = None
    if found is None or found.name not in SOURCES:
        got = f"dtype {found}" if found is not None else repr(dtype)
        raise NumberError(
            where,
            got,
            f"one of {', '.join(SOURCES)}",
            did_you_mean(str(dtype), SOURCES)
            if found is None
            else "cast the data first",
        )
    native: np.dtype[Any] = found.newbyteorder("=")
    return native


def integer_dtype(
    cells: np.dtype[Any], weights: NDArray[Any], fill_value: complex
) -> str:
    """Smallest integer dtype that holds every sum of weighted cells, else int64."""
    fill = int(fill_value.real)
    info = np.iinfo(cells) if cells.kind in "iu" else None
    low = min(fill, 0 if info is None else int(info.min))
    high = max(fill, 1 if info is None else int(info.max))
    values = [int(weight) for weight in weights.ravel()]
    plus = sum(value for value in values if value > 0)
    minus = sum(value for value in values if value < 0)
    least, most = plus * low + minus * high, plus * high + minus * low
    family = "uint" if cells.kind in "bu" and least >= 0 else "int"
    for bits in (8, 16, 32, 64):
        limits = np.iinfo(f"{family}{bits}")
        if bits >= 8 * cells.itemsize and limits.min <= least and most <= limits.max:
            return f"{family}{bits}"
    return "int64"


def cast(values: NDArray[Any], target: str) -> NDArray[Any]:
    """The values in another dtype: rounded half to even, integers saturated.

    What is needed on the way is of a part of the values at a time.

    Raises
    ------
    NumberError
        If there is a NaN that an integer dtype cannot hold.

    Examples
    --------
    >>> cast(np.array([0.5, 1.5, 300.0]), "uint8")
    array([  0,   2, 255], dtype=uint8)
    """
    wanted = np.dtype(target)
    if values.dtype == wanted:
        return values
    found = np.empty(values.shape, wanted)
    for part in parts(values.shape, AT_ONCE):
        cells: tuple[Any, ...] = (*part, ...)  # an array, where there is no axis too
        cast_into(values[cells], found[cells])
    return found


def cast_into(values: NDArray[Any], found: NDArray[Any]) -> None:
    """Write values in another dtype: see `cast`."""
    wanted = found.dtype
    if wanted.kind == "b":
        np.not_equal(values, 0, out=found)
        return
    if wanted.kind not in "iu" or values.dtype.kind == "b":
        with np.errstate(over="ignore"):
            found[...] = values
        return
    limits = np.iinfo(wanted)
    if values.dtype.kind != "f":
        own = np.iinfo(values.dtype)
        found[...] = np.clip(values, max(limits.min, own.min), min(limits.max, own.max))
        return
    if np.isnan(values).any():
        raise NumberError(
            "dtype",
            f"NaN in a result of dtype {wanted.name}",
            "numbers only",
            "choose a float dtype, or fill the missing cells first",
        )
    whole: NDArray[Any] = np.asarray(np.rint(values))  # of no axes: a scalar
    with np.errstate(over="ignore"):
        top = float(values.dtype.type(limits.max))
    if top == limits.max:
        # both ends are floats of this dtype, so that clipping is exact
        found[...] = np.clip(whole, limits.min, limits.max, out=whole)
    else:
        saturate_floats(whole, found)


def cast_bytes(dtype: str, target: str, cells: int) -> int:
    """Bytes that `cast` allocates for values of a dtype, at most.

    The cast values, and of a part of them those in the making, rounded, and masks of
    what is saturated; none where the dtypes are one.
    """
    if dtype == target:
        return 0
    made, read = np.dtype(target).itemsize, np.dtype(dtype).itemsize
    return made * cells + (made + read + 3) * min(cells, AT_ONCE)


def saturate_floats(whole: NDArray[Any], found: NDArray[Any]) -> None:
    """Write whole floats as integers; those beyond the dtype's ends become its ends.

    The ends of 64-bit integers are no floats: comparing with the next float above, and
    casting only what is below it, keeps the cast exact. `whole` is written to.
    """
    limits = np.iinfo(found.dtype)
    with np.errstate(over="ignore"):  # ends that are infinite in float16
        above = whole >= float(limits.max)
        below = whole <= float(limits.min)
    whole[above | below] = 0
    found[...] = whole
    found[above] = limits.max
    found[below] = limits.min
