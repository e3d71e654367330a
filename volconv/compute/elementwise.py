"""More functions of single cells that networks have: see `activations`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.activations import Activation, logistic
from volconv.compute.normal import lower_tail

__all__ = [
    "Bound",
    "Celu",
    "Erf",
    "HardSigmoid",
    "HardSwish",
    "Mish",
    "Power",
    "Quotient",
    "Selu",
    "Shrink",
    "Softplus",
    "Softsign",
    "Swish",
    "ThresholdedRelu",
    "Truncated",
    "Ufunc",
]

Array = NDArray[Any]


@dataclass(frozen=True)
class Ufunc(Activation):
    """A function of NumPy by its name."""

    function: str

    def of(self, values: Array) -> Array:
        """What NumPy makes of the cells."""
        return np.asarray(getattr(np, self.function)(values))


@dataclass(frozen=True)
class Truncated:
    """The whole number next to the cell towards zero."""

    def __call__(self, cells: Array) -> Array:
        """Whole numbers in the cells' dtype."""
        return np.trunc(cells) if cells.dtype.kind == "f" else cells


@dataclass(frozen=True)
class Power(Activation):
    """``x ^ exponent``."""

    exponent: float

    def of(self, values: Array) -> Array:
        """Powers; NaN where they are not real."""
        if self.exponent == 2:
            return np.multiply(values, values)
        return np.asarray(np.power(values, values.dtype.type(self.exponent)))


@dataclass(frozen=True)
class Bound(Activation):
    """The larger, or the smaller, of the cell and a number; no zero is negative."""

    function: str
    bound: float

    def of(self, values: Array) -> Array:
        """Values up to the number, or from it on; NaN stays."""
        found = np.asarray(getattr(np, self.function)(values, self.bound))
        found += 0
        return found


@dataclass(frozen=True)
class Quotient(Activation):
    """``dividend / x``."""

    dividend: float

    def of(self, values: Array) -> Array:
        """Quotients; infinite at zero."""
        return np.asarray(np.divide(values.dtype.type(self.dividend), values))


@dataclass(frozen=True)
class Erf(Activation):
    """The error function, in float64."""

    def of(self, values: Array) -> Array:
        """Values from -1 to 1."""
        size = np.abs(values)
        far = 1 - 2 * lower_tail(size * math.sqrt(2))
        return np.copysign(np.where(size < NEAR, near_erf(size), far), values)


NEAR = 0.125
"""Below it the series of the error function: its last term is 2e-17 of the first."""

SERIES = (1, -1 / 3, 1 / 10, -1 / 42, 1 / 216, -1 / 1320, 1 / 9360)
"""Coefficients of ``x, x³, x⁵, …`` in ``erf(x) √π / 2``."""


def near_erf(values: Array) -> Array:
    """The error function of small values, by its series."""
    square = values * values
    found = np.full_like(values, SERIES[-1])
    for one in SERIES[-2::-1]:
        found *= square
        found += one
    found *= values
    found *= 2 / math.sqrt(math.pi)
    return found


@dataclass(frozen=True)
class Swish(Activation):
    """``x / (1 + exp(-alpha x))``."""

    alpha: float

    def of(self, values: Array) -> Array:
        """The cells, each times a share of one."""
        return values * logistic(values * self.alpha)


@dataclass(frozen=True)
class Softplus(Activation):
    """``log(1 + exp(x))``."""

    def of(self, values: Array) -> Array:
        """Values above zero."""
        return softplus(values)


def softplus(values: Array) -> Array:
    """``log(1 + exp(x))``, without an exponential that overflows."""
    found: Array = np.log1p(np.exp(-np.abs(values)))
    found += np.maximum(values, 0)
    return found


@dataclass(frozen=True)
class Mish(Activation):
    """``x tanh(log(1 + exp(x)))``."""

    def of(self, values: Array) -> Array:
        """The cells, those below zero bent."""
        return values * np.tanh(softplus(values))


@dataclass(frozen=True)
class Softsign(Activation):
    """``x / (1 + |x|)``."""

    def of(self, values: Array) -> Array:
        """Values from -1 to 1."""
        return np.asarray(np.divide(values, 1 + np.abs(values)))


@dataclass(frozen=True)
class Selu(Activation):
    """``gamma x`` above zero, ``gamma alpha (exp(x) - 1)`` below."""

    alpha: float
    gamma: float

    def of(self, values: Array) -> Array:
        """The cells, those below zero bent."""
        bent = np.expm1(np.minimum(values, 0)) * self.alpha
        return np.where(values > 0, values, bent) * self.gamma


@dataclass(frozen=True)
class Celu(Activation):
    """``x`` above zero, ``alpha (exp(x / alpha) - 1)`` below."""

    alpha: float

    def of(self, values: Array) -> Array:
        """The cells, those below zero bent."""
        bent = np.expm1(np.minimum(values, 0) / self.alpha) * self.alpha
        return np.where(values > 0, values, bent)


@dataclass(frozen=True)
class HardSigmoid(Activation):
    """``alpha x + beta``, within 0 and 1."""

    alpha: float
    beta: float

    def of(self, values: Array) -> Array:
        """Values from 0 to 1."""
        return on_a_line(values, self.alpha, self.beta)


@dataclass(frozen=True)
class HardSwish(Activation):
    """``x`` times ``x / 6 + 1/2``, the latter within 0 and 1."""

    def of(self, values: Array) -> Array:
        """The cells, each times a share of one."""
        return values * on_a_line(values, 1 / 6, 0.5)


def on_a_line(values: Array, slope: float, offset: float) -> Array:
    """``slope x + offset``, within 0 and 1; no zero is negative."""
    found = values * slope
    found += offset
    np.maximum(found, 0, out=found)
    np.minimum(found, 1, out=found)
    found += 0
    return found


@dataclass(frozen=True)
class ThresholdedRelu(Activation):
    """``x`` above ``alpha``, zero elsewhere; NaN stays."""

    alpha: float

    def of(self, values: Array) -> Array:
        """The cells, or zero."""
        return np.where(values <= self.alpha, values.dtype.type(0), values)


@dataclass(frozen=True)
class Shrink(Activation):
    """Nearer to zero by ``bias`` beyond ``lambd``, zero within; NaN stays."""

    bias: float
    lambd: float

    def of(self, values: Array) -> Array:
        """The cells, nearer to zero."""
        found = np.where(np.abs(values) <= self.lambd, values.dtype.type(0), values)
        found = np.where(values > self.lambd, values - self.bias, found)
        return np.where(values < -self.lambd, values + self.bias, found)
