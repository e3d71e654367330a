"""Shares of channels: each of them made of all, one cell of the others at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from volconv.compute.numbers import cast
from volconv.compute.parts import parts
from volconv.compute.pointwise import PART_CELLS, canonical
from volconv.geometry import Interval

__all__ = ["Softmax"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Softmax:
    """``exp(x - m) / Σ exp(x - m)`` along one axis, m being the largest there.

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

    channel: int
    channels: int
    compute: str
    target: str
    outputs: Interval | None = None

    def of_channels(self, outputs: Interval) -> Self:
        """The operation of which only some channels are wanted."""
        return replace(self, outputs=outputs)

    def __call__(self, block: Array, out: Array) -> None:
        """Write the shares of every cell."""
        cells = np.moveaxis(block, self.channel, 0)
        found = np.moveaxis(out, self.channel, 0)
        wanted = slice(None) if self.outputs is None else self.outputs.slice
        for part in parts(cells.shape[1:], max(1, PART_CELLS // self.channels)):
            here = (slice(None), *part)
            values = np.array(cells[here], dtype=self.compute, order="C")
            with np.errstate(all="ignore"):
                shares(values.reshape(self.channels, -1))
                one = canonical(values[wanted])
                found[here] = cast(one, self.target)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most: a part, or all channels of one cell."""
        del outputs
        return 4 * 16 * min(cells, max(self.channels, PART_CELLS))

    def describe(self) -> Mapping[str, object]:
        """The axis and the arithmetic, as JSON."""
        return {"channel": self.channel, "compute": self.compute}

    def note(self) -> str:
        """How it is computed."""
        return "channels summed in their order, less the largest"


def shares(values: Array) -> None:
    """Rows become their shares of the sum of all, each column by itself."""
    largest = values[0].copy()
    for row in values[1:]:
        np.maximum(largest, row, out=largest)
    np.subtract(values, largest, out=values)
    np.exp(values, out=values)
    total = values[0].copy()
    for row in values[1:]:
        np.add(total, row, out=total)
    np.divide(values, total, out=values)
