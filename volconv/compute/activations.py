"""Activation functions of networks, as arithmetic of single cells: see `pointwise`.

Each is written so that nothing cancels: of what is small, the leading digits are right.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.normal import lower_tail
from volconv.compute.pointwise import canonical

__all__ = [
    "APPROXIMATIONS",
    "Activation",
    "Elu",
    "Gelu",
    "LeakyRelu",
    "Sigmoid",
    "Tanh",
    "logistic",
]

Array = NDArray[Any]

APPROXIMATIONS = ("none", "tanh")
"""How `Gelu` takes the normal distribution: as it is, and by a hyperbolic tangent."""


@dataclass(frozen=True)
class Activation(ABC):
    """A function of real numbers, computed over a contiguous copy of the cells.

    Parameters
    ----------
    compute : str
        dtype of the arithmetic.
    """

    compute: str

    def __call__(self, cells: Array) -> Array:
        """Values of some cells, freshly allocated."""
        values = np.array(cells, dtype=self.compute, order="C", ndmin=1)
        return canonical(self.of(values)).reshape(np.shape(cells))

    @abstractmethod
    def of(self, values: Array) -> Array:
        """What a contiguous array becomes, which may be written to."""


@dataclass(frozen=True)
class LeakyRelu(Activation):
    """``x`` above zero, ``slope x`` below."""

    slope: float

    def of(self, values: Array) -> Array:
        """The cells, those below zero scaled."""
        return np.where(values > 0, values, values * self.slope)


@dataclass(frozen=True)
class Elu(Activation):
    """``x`` above zero, ``alpha (exp(x) - 1)`` below."""

    alpha: float

    def of(self, values: Array) -> Array:
        """The cells, those below zero bent."""
        bent = np.minimum(values, 0)
        np.expm1(bent, out=bent)
        np.multiply(bent, self.alpha, out=bent)
        return np.where(values > 0, values, bent)


@dataclass(frozen=True)
class Sigmoid(Activation):
    """``1 / (1 + exp(-x))``."""

    def of(self, values: Array) -> Array:
        """Values from 0 to 1."""
        return logistic(values)


@dataclass(frozen=True)
class Tanh(Activation):
    """The hyperbolic tangent."""

    def of(self, values: Array) -> Array:
        """Values from -1 to 1."""
        return np.tanh(values, out=values)


@dataclass(frozen=True)
class Gelu(Activation):
    """``x`` times the share of the normal distribution below ``x``, in float64.

    Parameters
    ----------
    approximate : str
        One of `APPROXIMATIONS`.
    """

    approximate: str

    def of(self, values: Array) -> Array:
        """The cells, each times its share."""
        share = near_share if self.approximate == "tanh" else exact_share
        return np.multiply(values, share(values), out=values)


def logistic(values: Array) -> Array:
    """``1 / (1 + exp(-x))``, without an exponential that overflows."""
    small = np.abs(values)
    np.negative(small, out=small)
    np.exp(small, out=small)
    found = np.where(values < 0, small, values.dtype.type(1))
    small += 1
    return np.divide(found, small, out=found)


def exact_share(values: Array) -> Array:
    """The share of the normal distribution below each of some float64 values."""
    tails = lower_tail(np.abs(values))
    return np.where(values > 0, 1 - tails, tails)


def near_share(values: Array) -> Array:
    """``(1 + tanh(√(2/π) (x + 0.044715 x³))) / 2``, as the logistic function it is."""
    inner = values * values
    inner *= 0.044715
    inner += 1
    inner *= values
    inner *= 2 * math.sqrt(2 / math.pi)
    return logistic(inner)
