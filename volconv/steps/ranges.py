"""Steps that scale values, or compare them with given numbers; of single cells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import model_validator

from volconv.compute import checked_dtype
from volconv.compute import pointwise as functions
from volconv.errors import KindError, NumberError, VolconvError
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep
from volconv.steps.checks import real_number
from volconv.steps.fields import DTypeName, RealNumber
from volconv.steps.model import refused_at
from volconv.steps.pointwise import (
    PointwiseSettings,
    chosen,
    float_numbers,
    pointwise_step,
    real,
)

__all__ = ["clip_step", "normalise_step", "scale_step", "threshold_step"]


class Scale(PointwiseSettings):
    """Values times a factor, plus an offset."""

    step_name: ClassVar[str] = "scale"

    factor: RealNumber = 1
    """What values are multiplied by."""

    offset: RealNumber = 0
    """What is added then."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return scale_step(source, self.factor, self.offset, self.dtype)


class RangeSettings(PointwiseSettings):
    """Settings that need one another, which the text alone shows."""

    @model_validator(mode="after")
    def agree(self) -> Self:
        """The settings, if floats could be computed with them."""
        try:
            self.resolve(ArrayMeta((), "float64"))
        except VolconvError as error:
            path = (error.where,) if error.where in type(self).model_fields else ()
            raise refused_at(self.step_name, [(path, error)]) from None
        return self


class Normalise(RangeSettings):
    """Values less a mean, over a standard deviation; or from a range to 0 … 1."""

    step_name: ClassVar[str] = "normalise"

    mean: RealNumber | None = None
    """What becomes 0; std is given with it."""

    std: RealNumber | None = None
    """What a difference of 1 stands for."""

    min: RealNumber | None = None
    """What becomes 0; max is given with it."""

    max: RealNumber | None = None
    """What becomes 1."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return normalise_step(
            source, (self.mean, self.std), (self.min, self.max), self.dtype
        )


class Clip(RangeSettings):
    """Values below a least one become it, those above a greatest become that."""

    step_name: ClassVar[str] = "clip"

    min: RealNumber | None = None
    """The least value."""

    max: RealNumber | None = None
    """The greatest value."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return clip_step(source, self.min, self.max, self.dtype)


class Threshold(RangeSettings):
    """Whether values lie above a number, below one, or between two; NaN does not."""

    step_name: ClassVar[str] = "threshold"

    above: RealNumber | None = None
    """True where a value is greater."""

    below: RealNumber | None = None
    """True where a value is less."""

    dtype: DTypeName | None = "bool"
    """dtype of the result: of numbers, 1 for true and 0 for false."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return threshold_step(source, self.above, self.below, self.dtype)


def scale_step(
    meta: ArrayMeta, factor: float, offset: float, dtype: object = None
) -> BlockStep:
    """Values times a factor, plus an offset."""
    factor, offset = real_number("factor", factor), real_number("offset", offset)
    kept: str | None = "" if (factor, offset) == (1, 0) else None
    natural = scaled_integers(checked_dtype("data", meta.dtype), factor, offset)
    if natural is not None:
        function = functions.Linear(factor, offset, natural)
        return pointwise_step("scale", meta, function, chosen(dtype, natural), kept)
    numbers = float_numbers(meta, dtype)
    check_held({"factor": factor, "offset": offset}, numbers.compute)
    function = functions.Linear(factor, offset, numbers.compute)
    return pointwise_step("scale", meta, function, numbers.target, kept)


def normalise_step(
    meta: ArrayMeta,
    mean_std: tuple[float | None, float | None],
    ends: tuple[float | None, float | None],
    dtype: object = None,
) -> BlockStep:
    """Values less a number, over another."""
    given = {
        key: real_number(key, value)
        for key, value in zip(
            ("mean", "std", "min", "max"), (*mean_std, *ends), strict=True
        )
        if value is not None
    }
    if list(given) == ["mean", "std"]:
        subtract, divide = given["mean"], given["std"]
    elif list(given) == ["min", "max"]:
        subtract, divide = given["min"], given["max"] - given["min"]
    else:
        raise KindError(
            "normalise",
            ", ".join(given) or "none of them",
            "mean and std, or min and max",
        )
    if divide <= 0:
        key, least = ("std", 0) if "std" in given else ("max", given["min"])
        raise NumberError(key, str(given[key]), f"a number above {least}")
    numbers = float_numbers(meta, dtype)
    check_held(given, numbers.compute)
    function = functions.Normalise(subtract, divide, numbers.compute)
    return pointwise_step("normalise", meta, function, numbers.target, None)


def check_held(numbers: Mapping[str, float], compute: str) -> None:
    """Refuse numbers beyond the range of the arithmetic: its infinity, or its zero.

    Raises
    ------
    NumberError
    """
    limits = np.finfo(compute)
    least, most = float(limits.smallest_subnormal), float(limits.max)
    for key, value in numbers.items():
        if value and not least <= abs(value) <= most:
            raise NumberError(
                key,
                f"{value} under {compute} arithmetic",
                f"0, or a number from {least:.2g} to {most:.2g}",
                'say dtype="float64"',
            )


def clip_step(
    meta: ArrayMeta, low: float | None, high: float | None, dtype: object = None
) -> BlockStep:
    """Values within two ends, or one."""
    cells = real(meta, "clip")
    low, high = end_of("min", low, cells), end_of("max", high, cells)
    check_ends("clip", "min", low, "max", high)
    if low is not None and high is not None and high < low:
        raise NumberError("max", str(high), f"at least min, {low}")
    found = checked_dtype("data", meta.dtype)
    if found.kind in "biu":
        least, most = limits_of(found)
        if low is not None and low > most:
            raise beyond("min", low, found, most)
        if high is not None and high < least:
            raise beyond("max", high, found, least)
        low = None if low is None or low <= least else low
        high = None if high is None or high >= most else high
    function = functions.Clip(low, high)
    return pointwise_step("clip", meta, function, chosen(dtype, found.name))


def threshold_step(
    meta: ArrayMeta,
    above: float | None,
    below: float | None,
    dtype: object = "bool",
) -> BlockStep:
    """Whether values lie above a number, below one, or between two."""
    cells = checked_dtype("data", real(meta, "threshold").dtype)
    low = None if above is None else real_number("above", above)
    high = None if below is None else real_number("below", below)
    check_ends("threshold", "above", low, "below", high)
    if low is not None and high is not None and high <= low:
        raise NumberError("below", str(high), f"a number greater than above, {low}")
    if cells.kind in "biu":
        # exact: no integer is turned into a float to be compared
        low = None if low is None else math.floor(low)
        high = None if high is None else math.ceil(high)
    function = functions.Threshold(low, high)
    return pointwise_step("threshold", meta, function, chosen(dtype, "bool"), None)


def scaled_integers(cells: np.dtype[Any], factor: float, offset: float) -> str | None:
    """The integer dtype of scaled integers: what holds every one of them, else int64.

    None where the values are no integers.
    """
    numbers = (factor, offset)
    if cells.kind not in "biu" or not all(
        isinstance(one, int) and -(2**63) <= one < 2**63 for one in numbers
    ):
        return None
    function = functions.Linear(factor, offset, "int64")
    values = [value for end in limits_of(cells) for value in function.on_the_way(end)]
    family = "uint" if cells.kind in "bu" and min(values) >= 0 else "int"
    for bits in (8, 16, 32, 64):
        holds = np.iinfo(f"{family}{bits}")
        if bits >= 8 * cells.itemsize and (
            holds.min <= min(values) and max(values) <= holds.max
        ):
            return f"{family}{bits}"
    return "int64"


def limits_of(dtype: np.dtype[Any]) -> tuple[int, int]:
    """The least and the greatest number of an integer dtype, or of booleans."""
    if dtype.kind == "b":
        return 0, 1
    limits = np.iinfo(dtype)
    return int(limits.min), int(limits.max)


def end_of(key: str, value: float | None, meta: ArrayMeta) -> float | None:
    """An end of a clip, if cells of the array can hold it.

    Raises
    ------
    NumberError
        If it is a fraction, and the array's numbers are whole.
    """
    if value is None:
        return None
    number = real_number(key, value)
    if np.dtype(meta.dtype).kind not in "biu":
        return number
    if number != math.floor(number):
        raise NumberError(
            key, f"{number} for {meta.dtype} data", "a whole number", "cast first"
        )
    return int(number)


def check_ends(
    name: str, lower: str, low: float | None, upper: str, high: float | None
) -> None:
    """Refuse a step without an end.

    Raises
    ------
    KindError
    """
    if low is None and high is None:
        raise KindError(name, f"neither {lower} nor {upper}", "one of them, or both")


def beyond(key: str, value: float, dtype: np.dtype[Any], limit: int) -> NumberError:
    """The error of an end that would be the value of all cells, and that none can hold."""
    return NumberError(
        key,
        f"{value} for {dtype.name} data",
        f"a number up to {limit}" if key == "min" else f"a number of at least {limit}",
        "cast first",
    )
