"""Steps of single cells with numbers of their own for each channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import PlainValidator, WithJsonSchema

from volconv.compute.activations import LeakyRelu
from volconv.compute.channelwise import Channelwise
from volconv.compute.numbers import Numbers
from volconv.compute.pointwise import CellFunction, Linear
from volconv.errors import KernelError, KindError, NumberError
from volconv.geometry import Interval
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep, block_step
from volconv.steps.checks import real_number
from volconv.steps.fields import AS_IS, RealNumber
from volconv.steps.files import OrFile
from volconv.steps.model import refusing, short
from volconv.steps.pointwise import (
    PointwiseSettings,
    float_numbers,
    pointwise_step,
    real,
)

__all__ = [
    "ChannelSettings",
    "ChannelStep",
    "NormNumbers",
    "batch_norm_step",
    "channel_step",
    "prelu_step",
    "slopes_in",
]

Array = NDArray[Any]


def plain(value: object) -> object:
    """The value, an array as nested lists of Python's numbers."""
    if not hasattr(value, "__array__") or isinstance(value, type):
        return value
    try:
        return np.asarray(value).tolist()
    except TypeError:  # of a Dataset
        return value


def numbers_in(where: str, value: object) -> tuple[float, ...]:
    """Finite real numbers in a row, at least one.

    Raises
    ------
    KindError
        If they are none in a row.
    NumberError
        If one is NaN or infinite.
    """
    found = plain(value)
    if not isinstance(found, list | tuple) or not found:
        raise KindError(where, short(found), "real numbers, one for each channel")
    if isinstance(value, np.ndarray) and are_finite(value):
        return tuple(found)  # no look at each: networks have thousands
    for number, one in enumerate(found, start=1):
        if isinstance(one, list | tuple):
            got = f"{short(one)} as number {number}"
            raise KindError(where, got, "real numbers, one for each channel")
    return tuple(real_number(where, one) for one in found)


def are_finite(values: Array) -> bool:
    """Whether an array is a row of finite real numbers."""
    is_row = values.ndim == 1 and values.dtype.kind in "iuf"
    return is_row and bool(np.isfinite(values).all())


def slopes_in(where: str, value: object) -> float | tuple[float, ...]:
    """One finite real number, or several in a row."""
    found = plain(value)
    is_row = isinstance(found, list | tuple)
    return numbers_in(where, found) if is_row else real_number(where, found)


ChannelNumbers = Annotated[
    tuple[float, ...],
    PlainValidator(refusing(lambda value: numbers_in("", value))),
    AS_IS,
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 1}),
]
"""A number for each channel."""

Slopes = Annotated[
    float | tuple[float, ...],
    PlainValidator(refusing(lambda value: slopes_in("", value))),
    AS_IS,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {"type": "array", "items": {"type": "number"}, "minItems": 1},
            ]
        }
    ),
]
"""One number, or one for each channel."""


@dataclass(frozen=True, eq=False)
class ChannelStep(BlockStep):
    """A step of single cells whose arithmetic depends on the channel: see `BlockStep`."""

    def of_box(self, box: Sequence[Interval]) -> ChannelStep:
        """The step with the channels of a box: see `VaryingStep`."""
        operation = cast("Channelwise", self.operation)
        return replace(self, operation=operation.of_channels(box[operation.channel]))


class ChannelSettings(PointwiseSettings):
    """Settings that all such steps share."""

    channel: str = "channel"
    """The dimension of channels."""


class Prelu(ChannelSettings):
    """Values below zero times a slope that was learned."""

    step_name: ClassVar[str] = "prelu"

    weight: OrFile[Slopes]
    """What values below zero are multiplied by: one number, or one for each channel."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return prelu_step(source, self.weight, self.channel, self.dtype)


class BatchNorm(ChannelSettings):
    """Batch normalisation by a mean and a variance that were learned."""

    step_name: ClassVar[str] = "batch_norm"

    mean: OrFile[ChannelNumbers]
    """What is subtracted, a number for each channel."""

    variance: OrFile[ChannelNumbers]
    """By whose root is divided, a number for each channel."""

    weight: OrFile[ChannelNumbers] | None = None
    """What is multiplied by then, a number for each channel; by default 1."""

    bias: OrFile[ChannelNumbers] | None = None
    """What is added at last, a number for each channel; by default 0."""

    eps: RealNumber = 1e-5
    """What is added to the variance."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        learned = NormNumbers(
            self.mean, self.variance, self.weight, self.bias, self.eps
        )
        return batch_norm_step(source, learned, self.channel, self.dtype)


@dataclass(frozen=True)
class NormNumbers:
    """What a batch normalisation has learned, as a user says it.

    The fields are the keywords of `volconv.batch_norm`, which explains them.
    """

    mean: object
    variance: object
    weight: object = None
    bias: object = None
    eps: float = 1e-5

    def folded(self, channel: str, count: int) -> tuple[Array, Array]:
        """What each channel is multiplied by, and what it is added.

        Raises
        ------
        KernelError
            If there are not as many numbers as channels.
        NumberError
            If a number is not finite, or a variance has no root to divide by.
        """
        mean, variance, weight, bias = (
            per_channel(key, value, channel, count)
            for key, value in (
                ("mean", self.mean),
                ("variance", self.variance),
                ("weight", [1.0] * count if self.weight is None else self.weight),
                ("bias", [0.0] * count if self.bias is None else self.bias),
            )
        )
        eps = real_number("eps", self.eps)
        if eps < 0:
            raise NumberError("eps", str(eps), "a number of at least 0")
        least = float(variance.min())
        if least < 0 or least + eps == 0:
            expected = "numbers above 0" if eps == 0 else "numbers of at least 0"
            raise NumberError("variance", f"{least} among them", expected)
        scale = weight / np.sqrt(variance + eps)
        return scale, bias - mean * scale


def per_channel(where: str, value: object, channel: str, count: int) -> Array:
    """A number for each channel, in float64.

    Raises
    ------
    KernelError
        If there are not as many numbers as channels.
    """
    found = numbers_in(where, value)
    if len(found) != count:
        raise KernelError(
            where,
            f"{len(found)} numbers",
            f"one for each of {count} channels, as dimension {channel!r} has",
        )
    return np.array(found, dtype="float64")


def prelu_step(
    meta: ArrayMeta, weight: object, channel: str, dtype: object = None
) -> BlockStep:
    """Values below zero times a slope, one for all channels or one for each."""
    numbers = float_numbers(real(meta, "prelu"), dtype)
    slopes = slopes_in("weight", weight)
    if not isinstance(slopes, tuple) or len(slopes) == 1:
        one = slopes[0] if isinstance(slopes, tuple) else slopes
        function = LeakyRelu(numbers.compute, one)
        return pointwise_step("prelu", meta, function, numbers.target)
    meta.require([channel], "channel")
    each = per_channel("weight", slopes, channel, meta.sizes[channel])
    function = LeakyRelu(numbers.compute, 0)
    return channel_step(
        "prelu", meta, (function, {"slope": each}), channel, numbers, ""
    )


def batch_norm_step(
    meta: ArrayMeta, learned: NormNumbers, channel: str, dtype: object = None
) -> BlockStep:
    """Batch normalisation, folded into a factor and an offset for each channel."""
    numbers = float_numbers(real(meta, "batch_norm"), dtype)
    meta.require([channel], "channel")
    scale, shift = learned.folded(channel, meta.sizes[channel])
    function = Linear(1, 0, numbers.compute)
    each = {"factor": scale, "offset": shift}
    return channel_step("batch_norm", meta, (function, each), channel, numbers, None)


def channel_step(
    name: str,
    meta: ArrayMeta,
    function: tuple[CellFunction, Mapping[str, Array]],
    channel: str,
    numbers: Numbers,
    unit_factor: str | None,
) -> ChannelStep:
    """The step of a function of single cells for each channel.

    Parameters
    ----------
    name : str
        The step's name.
    meta : ArrayMeta
        The input.
    function : pair
        A function, and those of its numbers that are another for each channel.
    channel : str
        The dimension of channels.
    numbers : Numbers
        dtypes of the arithmetic and of the outputs.
    unit_factor : str, optional
        As in `BlockStep`.
    """
    real_dtype = np.zeros(0, numbers.compute).real.dtype
    with np.errstate(over="ignore"):
        each = {key: one.astype(real_dtype) for key, one in function[1].items()}
    operation = Channelwise(function[0], each, meta.index(channel), numbers.target)
    step = block_step(name, meta, operation, numbers.target, unit_factor=unit_factor)
    return ChannelStep(**vars(step))
