"""Arithmetic across channels: every output is made of all channels of its cell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from volconv.compute.numbers import cast
from volconv.compute.parts import PART_CELLS, parts
from volconv.compute.pointwise import canonical, number_text
from volconv.geometry import Interval

__all__ = ["CrossChannel", "LocalResponse", "LogSoftmax", "Reduction", "Softmax"]

Array = NDArray[Any]


@dataclass(frozen=True)
class CrossChannel(ABC):
    """A function of all channels of a cell, as an operation of a step.

    Parameters
    ----------
    channel : int
        The axis of channels.
    channels : int
        Their number, all of which a block has.
    compute, target : str
        dtypes of the arithmetic and of the outputs.
    outputs : Interval, optional
        Channels that are written; by default all.
    """

    compiles: ClassVar[bool] = False

    channel: int
    channels: int
    compute: str
    target: str
    outputs: Interval | None = None

    def of_channels(self, outputs: Interval) -> Self:
        """The operation of which only some channels are wanted."""
        return replace(self, outputs=outputs)

    @abstractmethod
    def of(self, values: Array) -> Array:
        """What contiguous rows of channels become, which may be written to.

        Each column by itself.
        """

    def __call__(self, block: Array, out: Array) -> None:
        """Write the outputs of every cell."""
        cells = np.moveaxis(block, self.channel, 0)
        found = np.moveaxis(out, self.channel, 0)
        wanted = slice(None) if self.outputs is None else self.outputs.slice
        for part in parts(cells.shape[1:], max(1, PART_CELLS // self.channels)):
            here = (slice(None), *part)
            values = np.array(cells[here], dtype=self.compute, order="C")
            with np.errstate(all="ignore"):
                made = self.of(values.reshape(self.channels, -1))
                one = canonical(made[wanted])
                shape = (len(one), *values.shape[1:])
                found[here] = cast(one.reshape(shape), self.target)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most: a part, or all channels of one cell."""
        del outputs
        return 4 * 16 * min(cells, max(self.channels, PART_CELLS))

    @property
    def products(self) -> float:
        """Products of one output cell, about."""
        return float(self.channels)

    def describe(self) -> Mapping[str, object]:
        """The axis and the arithmetic, as JSON."""
        own = [one.name for one in fields(self) if one.name not in SHARED]
        return {
            "channel": self.channel,
            **{name: number_text(getattr(self, name)) for name in own},
            "compute": self.compute,
        }

    def note(self) -> str:
        """How it is computed."""
        return "numpy: channels taken in their order"


SHARED = tuple(one.name for one in fields(CrossChannel))


@dataclass(frozen=True)
class Softmax(CrossChannel):
    """``exp(x - m) / Σ exp(x - m)`` along one axis, m being the largest there."""

    def of(self, values: Array) -> Array:
        """Each channel's share of the sum of all."""
        np.subtract(values, largest(values), out=values)
        np.exp(values, out=values)
        return np.divide(values, total(values), out=values)

    def note(self) -> str:
        """How it is computed."""
        return "channels summed in their order, less the largest"


@dataclass(frozen=True)
class LogSoftmax(CrossChannel):
    """``x - m - log(Σ exp(x - m))`` along one axis, m being the largest there."""

    def of(self, values: Array) -> Array:
        """The logarithm of each channel's share of the sum of all."""
        np.subtract(values, largest(values), out=values)
        return np.subtract(values, np.log(total(np.exp(values))), out=values)


@dataclass(frozen=True)
class LocalResponse(CrossChannel):
    """``x / (bias + alpha / size Σ x²) ^ beta``, a sum over `size` channels around.

    Parameters
    ----------
    size : int
        Channels of a sum; of an even number the further one is after.
    alpha, beta, bias : float
        As in the formula.
    """

    size: int = 1
    alpha: float = 1e-4
    beta: float = 0.75
    bias: float = 1

    def of(self, values: Array) -> Array:
        """The cells, each over what its neighbours among the channels say."""
        squares = values * values
        before = (self.size - 1) // 2
        for channel, row in enumerate(values):
            first = max(0, channel - before)
            sums = total(squares[first : channel - before + self.size])
            sums *= self.alpha / self.size
            sums += self.bias
            np.divide(row, np.power(sums, sums.dtype.type(self.beta)), out=row)
        return values


@dataclass(frozen=True)
class Reduction(CrossChannel):
    """One number of all channels of a cell.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    """

    kind: str = "max"

    def of(self, values: Array) -> Array:
        """One row: NaN where a channel is, indices of the first of equal ones."""
        return KINDS[self.kind](values)[np.newaxis]


def largest(values: Array) -> Array:
    """The largest row of each column."""
    return joined(values, np.maximum)


def smallest(values: Array) -> Array:
    """The smallest row of each column."""
    return joined(values, np.minimum)


def total(values: Array) -> Array:
    """The sum of the rows of each column, in their order."""
    return joined(values, np.add)


def joined(values: Array, join: np.ufunc) -> Array:
    """All rows of each column as one: NumPy's own reductions may take any order."""
    found: Array = values[0].copy()
    for row in values[1:]:
        join(found, row, out=found)
    return found


KINDS: Mapping[str, Callable[[Array], Array]] = {
    "max": largest,
    "min": smallest,
    "sum": total,
    "mean": lambda values: total(values) / values.dtype.type(len(values)),
    "argmax": lambda values: values.argmax(0),
    "argmin": lambda values: values.argmin(0),
    "last_argmax": lambda values: len(values) - 1 - values[::-1].argmax(0),
    "last_argmin": lambda values: len(values) - 1 - values[::-1].argmin(0),
}
"""What a reduction of rows is."""
