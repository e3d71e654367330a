"""Arithmetic of single cells.

A function of cells is a frozen dataclass that is called with any part of a block and
returns a new array. NumPy's loops over contiguous and over strided cells need not round
alike (its logarithm does not), so that a function whose rounding the standard does not
fix works on a contiguous copy: a cell's bits never depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from volconv.compute.numbers import cast
from volconv.compute.parts import PART_CELLS, parts
from volconv.compute.returned import returned
from volconv.errors import NumberError

__all__ = [
    "Absolute",
    "CellFunction",
    "Clip",
    "Linear",
    "Log",
    "Normalise",
    "Pointwise",
    "Same",
    "Sqrt",
    "Square",
    "Threshold",
    "canonical",
    "number_text",
    "planes",
]

Array = NDArray[Any]


class CellFunction(Protocol):
    """A function of single cells, with its settings as the fields of a dataclass."""

    def __call__(self, cells: Array) -> Array:
        """Values of some cells, freshly allocated; the cells are not written to."""


@dataclass(frozen=True)
class Pointwise:
    """A function of single cells as an operation of a step.

    Parameters
    ----------
    function : CellFunction
        A frozen dataclass.
    target : str
        dtype of the outputs: rounded half to even, and saturated.
    """

    compiles: ClassVar[bool] = False

    function: CellFunction
    target: str

    def __call__(self, block: Array, out: Array) -> None:
        """Write the value of every cell."""
        with np.errstate(all="ignore"):
            for part in parts(block.shape, PART_CELLS):
                out[part] = cast(self.values(block[part]), self.target)

    def values(self, cells: Array) -> Array:
        """What the function makes of some cells.

        Raises
        ------
        KindError
            If that is not one value for each.
        NumberError
            If it is of a dtype that the outputs cannot be made of.
        """
        where = f"function {type(self.function).__name__}"
        given = f"cells of shape {cells.shape}"
        values = returned(where, self.function(cells), cells.shape, given)
        kind = values.dtype.kind
        if kind not in "biufc" or (kind == "c" and np.dtype(self.target).kind != "c"):
            raise NumberError(
                where,
                f"values of dtype {values.dtype}",
                f"numbers that {self.target} holds",
            )
        return values

    @property
    def floor(self) -> float | None:
        """The least value that cells can have, where that is all that is done to them."""
        is_floor = isinstance(self.function, Clip) and self.function.high is None
        return self.function.low if is_floor else None  # type: ignore[attr-defined]

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most: a few arrays of one part."""
        del cells
        return 4 * 16 * min(outputs, PART_CELLS)

    def describe(self) -> dict[str, object]:
        """The function's settings, as JSON."""
        return {
            field.name: number_text(getattr(self.function, field.name))
            for field in fields(self.function)  # type: ignore[arg-type]
        }

    def note(self) -> str:
        """How it is computed."""
        return "pointwise: in parts that stay in the cache"


def number_text(value: Any) -> object:
    """A setting as JSON holds it: NaN, inf and complex numbers as text."""
    if value is None or isinstance(value, int | str):
        return value
    return value if value.imag == 0 and np.isfinite(value) else str(value)


def canonical(values: Array) -> Array:
    """The values with each NaN the same NaN: loops differ in its sign and payload."""
    if values.dtype.kind == "f":
        np.copyto(values, np.nan, where=np.isnan(values))
    return values


def planes(values: Array) -> tuple[Array, ...]:
    """Real and imaginary part of complex values, else the values themselves."""
    return (values.real, values.imag) if values.dtype.kind == "c" else (values,)


@dataclass(frozen=True)
class Same:
    """The cell itself."""

    def __call__(self, cells: Array) -> Array:
        """The cells."""
        return cells


@dataclass(frozen=True)
class Absolute:
    """``|x|``: of signed integers as unsigned ones, which hold it; of complex, real."""

    def __call__(self, cells: Array) -> Array:
        """Absolute values."""
        if cells.dtype.kind == "c":
            return np.asarray(np.hypot(cells.real, cells.imag))
        found = np.array(np.abs(cells), order="C")
        # |-128| is -128 again in int8, whose bits are those of 128 in uint8
        return found.view(f"u{found.itemsize}") if cells.dtype.kind == "i" else found


@dataclass(frozen=True)
class Square:
    """``x²`` in a dtype that holds it; 64-bit integers are checked."""

    compute: str

    def __call__(self, cells: Array) -> Array:
        """Squares."""
        wide = np.dtype(self.compute)
        if cells.dtype.kind in "iu" and wide.itemsize == cells.dtype.itemsize:
            check_range("square", cells, wide, lambda end: end * end)
        values = np.array(cells, dtype=wide, order="C")
        if wide.kind != "c":
            return np.asarray(np.multiply(values, values))
        real, imag = values.real.copy(), values.imag.copy()
        # planes: NumPy's complex products may round differently in a loop's tail
        values.real = real * real - imag * imag
        values.imag = 2 * (real * imag)
        return values


@dataclass(frozen=True)
class Sqrt:
    """``√x``; NaN below zero."""

    compute: str

    def __call__(self, cells: Array) -> Array:
        """Roots."""
        values = np.array(cells, dtype=self.compute, order="C")
        return canonical(np.sqrt(values, out=values))


@dataclass(frozen=True)
class Log:
    """Natural logarithm; -inf at zero, NaN below."""

    compute: str

    def __call__(self, cells: Array) -> Array:
        """Logarithms."""
        values = np.array(cells, dtype=self.compute, order="C")
        return canonical(np.log(values, out=values))


@dataclass(frozen=True)
class Linear:
    """``x factor + offset``; exact for integers, 64-bit ones checked."""

    factor: float
    offset: float
    compute: str

    def __call__(self, cells: Array) -> Array:
        """Scaled values."""
        wide = np.dtype(self.compute)
        if wide.kind in "iu" and wide.itemsize == 8:
            check_range(
                "scaled value", cells, wide, lambda end: self.on_the_way(end)[-1]
            )
        values = np.array(cells, dtype=wide, order="C")
        for plane in planes(values):
            np.multiply(plane, self.factor, out=plane)
        np.add(values.real, self.offset, out=values.real)
        return values

    def on_the_way(self, end: int) -> list[int]:
        """All that is computed from one integer."""
        product = end * int(self.factor)
        return [end, product, product + int(self.offset)]


@dataclass(frozen=True)
class Normalise:
    """``(x - subtract) / divide``."""

    subtract: float
    divide: float
    compute: str

    def __call__(self, cells: Array) -> Array:
        """Normalised values."""
        values = np.array(cells, dtype=self.compute, order="C")
        np.subtract(values.real, self.subtract, out=values.real)
        for plane in planes(values):
            np.divide(plane, self.divide, out=plane)
        return values


@dataclass(frozen=True)
class Clip:
    """Values below `low` become `low`, those above `high` become `high`.

    A zero is +0 where an end is zero: which one a loop takes of -0 and 0 is not fixed.
    """

    low: float | None
    high: float | None

    def __call__(self, cells: Array) -> Array:
        """Clipped values; NaN stays NaN."""
        values = np.array(cells, order="C")
        scalar = values.dtype.type
        if self.low is not None:
            np.maximum(values, scalar(self.low), out=values)
        if self.high is not None:
            np.minimum(values, scalar(self.high), out=values)
        if values.dtype.kind == "f" and 0 in (self.low, self.high):
            np.add(values, scalar(0), out=values)
        return canonical(values)


@dataclass(frozen=True)
class Threshold:
    """Whether ``above < x`` and ``x < below``; NaN is neither."""

    above: float | None
    below: float | None

    def __call__(self, cells: Array) -> Array:
        """Booleans."""
        found = np.ones(cells.shape, dtype=bool)
        if cells.dtype.kind == "b":
            cells = cells.view("u1")  # which any integer compares with
        if self.above is not None:
            found &= cells > self.above
        if self.below is not None:
            found &= cells < self.below
        return found


def check_range(
    name: str, cells: Array, wide: np.dtype[Any], value_of: Callable[[int], int]
) -> None:
    """Refuse cells whose values an integer dtype does not hold.

    Parameters
    ----------
    name : str
        What the values are, for errors.
    cells : ndarray
        Integers.
    wide : dtype
        Of the values.
    value_of : callable
        The value of one cell, which is largest and smallest at the smallest and the
        largest one. What lies on the way may wrap: integers of two's complement do.

    Raises
    ------
    NumberError
    """
    if cells.size == 0:
        return
    limits = np.iinfo(wide)
    for end in (int(cells.min()), int(cells.max())):
        value = value_of(end)
        if not limits.min <= value <= limits.max:
            raise NumberError(
                "the data",
                f"the {cells.dtype} value {end}, whose {name} is {value}",
                f"values that {wide} holds",
                "cast to float64 first",
            )
