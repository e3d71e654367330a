"""Arithmetic of single cells that is another for each channel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from volconv.compute.numbers import cast
from volconv.compute.parts import PART_CELLS, parts
from volconv.compute.pointwise import CellFunction, Pointwise
from volconv.geometry import Interval

__all__ = ["Channelwise"]


@dataclass(frozen=True, eq=False)
class Channelwise:
    """A function of single cells with numbers for each channel, as an operation of a step.

    Parameters
    ----------
    function : CellFunction
        A frozen dataclass, some of whose numbers are another for each channel.
    numbers : mapping of str to ndarray
        These, by the field: one for each channel of a block, in the precision of the
        arithmetic.
    channel : int
        The block's axis of channels.
    target : str
        dtype of the outputs: rounded half to even, and saturated.
    """

    compiles: ClassVar[bool] = False

    function: Any
    numbers: Mapping[str, NDArray[Any]] = field(repr=False)
    channel: int
    target: str

    def of_channels(self, side: Interval) -> Self:
        """The operation of a block that has some of the channels."""
        some = {key: values[side.slice] for key, values in self.numbers.items()}
        return replace(self, numbers=some)

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        """Write the value of every cell."""
        with np.errstate(all="ignore"):
            for part in parts(block.shape, PART_CELLS):
                function = self.of_part(part[self.channel], block.ndim)
                out[part] = cast(function(block[part]), self.target)

    def of_part(self, side: slice, ndim: int) -> CellFunction:
        """The function of some of the channels, its numbers along their axis."""
        shape = [1] * ndim
        shape[self.channel] = -1
        along = {
            key: values[side].reshape(shape) for key, values in self.numbers.items()
        }
        function: CellFunction = replace(self.function, **along)
        return function

    @cached_property
    def alike(self) -> Pointwise:
        """What is done to the cells of one channel."""
        return Pointwise(self.function, self.target)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most."""
        return self.alike.work_bytes(outputs, cells)

    def describe(self) -> Mapping[str, object]:
        """All that decides its values, as JSON."""
        settings = sha256(json.dumps(self.alike.describe()).encode())
        for key, values in sorted(self.numbers.items()):
            settings.update(key.encode())
            settings.update(np.ascontiguousarray(values).tobytes())
        return {
            "channel": self.channel,
            "function": type(self.function).__name__,
            "settings": settings.hexdigest(),
        }

    def note(self) -> str:
        """How it is computed."""
        channels = len(next(iter(self.numbers.values())))
        return f"pointwise: {channels} channels, each by numbers of its own"
