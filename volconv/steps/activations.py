"""Activation functions of networks: steps of single cells."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import PlainValidator, WithJsonSchema

from volconv.compute import activations as functions
from volconv.compute.pointwise import Clip
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep
from volconv.steps.checks import real_number
from volconv.steps.fields import RealNumber
from volconv.steps.model import refusing
from volconv.steps.pointwise import PointwiseSettings, real_function_step
from volconv.text import check_word

__all__ = [
    "elu_step",
    "gelu_step",
    "leaky_relu_step",
    "relu_step",
    "sigmoid_step",
    "tanh_step",
]


Approximation = Annotated[
    str,
    PlainValidator(
        refusing(lambda value: check_word("", value, functions.APPROXIMATIONS))
    ),
    WithJsonSchema({"enum": list(functions.APPROXIMATIONS)}),
]
"""One of `volconv.compute.activations.APPROXIMATIONS`."""


class Relu(PointwiseSettings):
    """Values below zero become zero."""

    step_name: ClassVar[str] = "relu"

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return relu_step(source, self.dtype)


class LeakyRelu(PointwiseSettings):
    """Values below zero times a slope."""

    step_name: ClassVar[str] = "leaky_relu"

    slope: RealNumber = 0.01
    """What values below zero are multiplied by."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return leaky_relu_step(source, self.slope, self.dtype)


class Elu(PointwiseSettings):
    """Values below zero become alpha (exp(x) - 1)."""

    step_name: ClassVar[str] = "elu"

    alpha: RealNumber = 1
    """What values go to far below zero, negated."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return elu_step(source, self.alpha, self.dtype)


class Sigmoid(PointwiseSettings):
    """The logistic function, 1 / (1 + exp(-x))."""

    step_name: ClassVar[str] = "sigmoid"

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return sigmoid_step(source, self.dtype)


class Tanh(PointwiseSettings):
    """The hyperbolic tangent."""

    step_name: ClassVar[str] = "tanh"

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return tanh_step(source, self.dtype)


class Gelu(PointwiseSettings):
    """Values times the share of the normal distribution below them."""

    step_name: ClassVar[str] = "gelu"

    approximate: Approximation = "none"
    """How the distribution is taken: none, as it is; tanh, by a hyperbolic tangent."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return gelu_step(source, self.approximate, self.dtype)


def relu_step(meta: ArrayMeta, dtype: object = None) -> BlockStep:
    """Values below zero become zero."""
    return real_function_step("relu", meta, lambda _: Clip(0, None), dtype, "")


def leaky_relu_step(meta: ArrayMeta, slope: float, dtype: object = None) -> BlockStep:
    """Values below zero times a slope."""
    factor = real_number("slope", slope)
    return real_function_step(
        "leaky_relu",
        meta,
        lambda compute: functions.LeakyRelu(compute, factor),
        dtype,
        "",
    )


def elu_step(meta: ArrayMeta, alpha: float, dtype: object = None) -> BlockStep:
    """Values below zero on an exponential."""
    factor = real_number("alpha", alpha)
    return real_function_step(
        "elu", meta, lambda compute: functions.Elu(compute, factor), dtype
    )


def sigmoid_step(meta: ArrayMeta, dtype: object = None) -> BlockStep:
    """The logistic function."""
    return real_function_step("sigmoid", meta, functions.Sigmoid, dtype)


def tanh_step(meta: ArrayMeta, dtype: object = None) -> BlockStep:
    """The hyperbolic tangent."""
    return real_function_step("tanh", meta, functions.Tanh, dtype)


def gelu_step(meta: ArrayMeta, approximate: str, dtype: object = None) -> BlockStep:
    """Values times the share of the normal distribution below them."""
    name = check_word("approximate", approximate, functions.APPROXIMATIONS)
    return real_function_step(
        "gelu", meta, lambda _: functions.Gelu("float64", name), dtype
    )
