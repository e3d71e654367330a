"""Arithmetic of single cells that is another for each channel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, Self

from numpy.typing import NDArray

from volconv.compute.pointwise import CellFunction, Pointwise
from volconv.geometry import Interval

__all__ = ["Channelwise"]


@dataclass(frozen=True, eq=False)
class Channelwise:
    """A function of single cells for each channel, as an operation of a step.

    Parameters
    ----------
    functions : tuple of CellFunction
        One for each channel of a block, all of one class.
    channel : int
        The block's axis of channels.
    target : str
        dtype of the outputs: rounded half to even, and saturated.
    """

    functions: tuple[CellFunction, ...]
    channel: int
    target: str

    def of_channels(self, side: Interval) -> Self:
        """The operation of a block that has some of the channels."""
        return replace(self, functions=self.functions[side.slice])

    @cached_property
    def operations(self) -> tuple[Pointwise, ...]:
        """What is done to the cells of each channel."""
        return tuple(Pointwise(function, self.target) for function in self.functions)

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        """Write the value of every cell."""
        before = (slice(None),) * self.channel
        for place, operation in enumerate(self.operations):
            here = (*before, slice(place, place + 1))
            operation(block[here], out[here])

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most: what one channel does."""
        return self.operations[0].work_bytes(outputs, cells)

    def describe(self) -> Mapping[str, object]:
        """All that decides its values, as JSON."""
        settings = json.dumps([one.describe() for one in self.operations])
        return {
            "channel": self.channel,
            "channels": len(self.functions),
            "settings": sha256(settings.encode()).hexdigest(),
        }

    def note(self) -> str:
        """How it is computed."""
        return f"pointwise: {len(self.functions)} channels, each by numbers of its own"
