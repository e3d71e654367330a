"""Steps of single cells: no window, no halo, no boundary."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from volconv.compute import checked_dtype, numbers_of
from volconv.compute import pointwise as functions
from volconv.compute.numbers import Numbers
from volconv.errors import NumberError
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep, block_step
from volconv.steps.fields import DTypeName
from volconv.steps.settings import StepSettings

__all__ = [
    "PointwiseSettings",
    "abs_step",
    "cast_step",
    "chosen",
    "float_numbers",
    "log_step",
    "pointwise_step",
    "real",
    "real_function_step",
    "sqrt_step",
    "square_step",
]


class PointwiseSettings(StepSettings, ABC):
    """Settings that all steps of single cells share."""

    dtype: DTypeName | None = None
    """dtype of the result: rounded half to even, and saturated."""

    @abstractmethod
    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""


class Abs(PointwiseSettings):
    """Absolute values: of signed integers unsigned, of complex numbers real."""

    step_name: ClassVar[str] = "abs"

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return abs_step(source, self.dtype)


class Square(PointwiseSettings):
    """Squares: of integers in a dtype of twice the bits."""

    step_name: ClassVar[str] = "square"

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return square_step(source, self.dtype)


class Sqrt(PointwiseSettings):
    """Square roots, as floats; NaN below zero."""

    step_name: ClassVar[str] = "sqrt"

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return sqrt_step(source, self.dtype)


class Log(PointwiseSettings):
    """Natural logarithms, as floats; -inf at zero, NaN below."""

    step_name: ClassVar[str] = "log"

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return log_step(source, self.dtype)


class Cast(StepSettings):
    """Values in another dtype: rounded half to even, and saturated."""

    step_name: ClassVar[str] = "cast"

    dtype: DTypeName
    """dtype of the result."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return cast_step(source, self.dtype)


def pointwise_step(
    name: str,
    meta: ArrayMeta,
    function: functions.CellFunction,
    target: str,
    unit_factor: str | None = "",
) -> BlockStep:
    """The step of a function of single cells.

    Parameters
    ----------
    name : str
        The step's name.
    meta : ArrayMeta
        The input.
    function : CellFunction
        Takes cells and returns their values, freshly allocated; a frozen dataclass,
        whose fields are numbers and texts that decide the values.
    target : str
        dtype of the outputs, which values are cast to: rounded half to even, saturated.
    unit_factor : str, optional
        As in `BlockStep`.
    """
    checked_dtype("data", meta.dtype)
    operation = functions.Pointwise(function, target)
    return block_step(name, meta, operation, target, unit_factor=unit_factor)


def real_function_step(
    name: str,
    meta: ArrayMeta,
    function: Callable[[str], functions.CellFunction],
    dtype: object,
    unit_factor: str | None = None,
) -> BlockStep:
    """The step of a function of real numbers in float arithmetic.

    Parameters
    ----------
    name : str
        The step's name.
    meta : ArrayMeta
        The input.
    function : callable
        Makes the function for a dtype of the arithmetic.
    dtype : dtype, optional
        Of the outputs.
    unit_factor : str, optional
        As in `BlockStep`.
    """
    numbers = float_numbers(real(meta, name), dtype)
    return pointwise_step(
        name, meta, function(numbers.compute), numbers.target, unit_factor
    )


def abs_step(meta: ArrayMeta, dtype: object = None) -> BlockStep:
    """Absolute values."""
    cells = checked_dtype("data", meta.dtype)
    natural = {"i": f"u{cells.itemsize}", "c": f"f{cells.itemsize // 2}"}
    found = np.dtype(natural.get(cells.kind, cells)).name
    return pointwise_step("abs", meta, functions.Absolute(), chosen(dtype, found))


def square_step(meta: ArrayMeta, dtype: object = None) -> BlockStep:
    """Squares."""
    cells = checked_dtype("data", meta.dtype)
    if cells.kind in "iu":
        bits = min(8, 2 * cells.itemsize)
        natural = np.dtype(f"{cells.kind}{bits}").name
        return pointwise_step(
            "square", meta, functions.Square(natural), chosen(dtype, natural), None
        )
    if cells.kind == "b":
        return pointwise_step(
            "square", meta, functions.Same(), chosen(dtype, "bool"), None
        )
    numbers = float_numbers(meta, dtype)
    return pointwise_step(
        "square", meta, functions.Square(numbers.compute), numbers.target, None
    )


def sqrt_step(meta: ArrayMeta, dtype: object = None) -> BlockStep:
    """Square roots."""
    return real_function_step("sqrt", meta, functions.Sqrt, dtype)


def log_step(meta: ArrayMeta, dtype: object = None) -> BlockStep:
    """Natural logarithms."""
    return real_function_step("log", meta, functions.Log, dtype)


def cast_step(meta: ArrayMeta, dtype: object) -> BlockStep:
    """Values in another dtype."""
    cells, wanted = checked_dtype("data", meta.dtype), checked_dtype("dtype", dtype)
    if cells.kind == "c" and wanted.kind != "c":
        raise NumberError(
            "dtype", f"{wanted.name} for complex data", "complex64 or complex128"
        )
    return pointwise_step("cast", meta, functions.Same(), wanted.name)


def chosen(dtype: object, natural: str) -> str:
    """The dtype that the user chose, or else the natural one."""
    return natural if dtype is None else checked_dtype("dtype", dtype).name


def float_numbers(meta: ArrayMeta, dtype: object) -> Numbers:
    """The dtypes of float arithmetic over an array."""
    return numbers_of(meta.dtype, np.ones(1), 0, dtype)


def real(meta: ArrayMeta, name: str) -> ArrayMeta:
    """The array, if its numbers are real.

    Raises
    ------
    NumberError
    """
    if checked_dtype("data", meta.dtype).kind == "c":
        raise NumberError(
            "data", f"{meta.dtype} under {name}", "real numbers", "take abs first"
        )
    return meta
