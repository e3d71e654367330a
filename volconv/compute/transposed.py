"""A transposed convolution layer over one block: each cell spread over several outputs.

Outputs of one phase see the same taps of the kernel, those whose place along each axis
leaves the phase over when it is divided by u. Phase by phase, the layer is a convolution
of neighbouring cells with these taps, the last one first::

    taps of f = 5, u = 2      phase 0: 4 2 0      phase 1: 3 1
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from volconv.compute.convolution import Convolution, in_rows
from volconv.compute.numbers import cast
from volconv.compute.upsampling import phases_of
from volconv.geometry import Interval

__all__ = ["Transposed"]

Array = NDArray[Any]


@dataclass(frozen=True)
class PhaseTaps:
    """The taps of one axis that outputs of a phase see.

    Parameters
    ----------
    taps : slice
        The taps, the last one first.
    count : int
        How many they are.
    before : int
        Cells from the first that they weigh to the last that is spread over the output.
    dilation : int
        Cells from one tap to the next.
    """

    taps: slice
    count: int
    before: int
    dilation: int

    @classmethod
    def of(cls, number: int, size: int, factor: int, dilation: int) -> Self:
        """The taps ``j`` of which ``j d`` leaves a number over when divided by u."""
        found = [tap for tap in range(size) if tap * dilation % factor == number]
        apart = factor // math.gcd(factor, dilation)
        if not found:
            return cls(slice(0, 0), 0, 0, 1)
        first, last = found[0], found[-1]
        taps = slice(last, first - 1 if first else None, -apart)
        cells = (last * dilation - number) // factor
        return cls(taps, len(found), cells, apart * dilation // factor)

    def cells(self, last: int, outputs: int) -> slice:
        """The cells of a number of outputs, of whose first one the last is known."""
        start = last - self.before
        return slice(start, start + outputs + (self.count - 1) * self.dilation)


@dataclass(frozen=True, eq=False)
class Transposed:
    """Each input channel of a group spread over each output channel of it.

    Parameters
    ----------
    layer : Convolution
        The layer that this is the transpose of: its strides are outputs from one cell's
        to the next one's, its dilations outputs from one tap's to the next one's.
    firsts : tuple of int
        Where the block begins along each axis: see `phases_of`.
    """

    layer: Convolution
    firsts: tuple[int, ...] = ()

    def at(self, firsts: Sequence[int]) -> Self:
        """The operation over a block that begins elsewhere."""
        return replace(self, firsts=tuple(firsts))

    def of_channels(self, outputs: Interval) -> Self:
        """The operation of some of the output channels."""
        return replace(self, layer=self.layer.of_channels(outputs))

    def __call__(self, block: Array, out: Array) -> None:
        """Write each output of a block that has its halo."""
        layer, axes = self.layer, self.layer.axes
        cells = block.astype(layer.weights.dtype, copy=False)
        if not in_rows(layer.arranged(cells)):
            rows = np.ascontiguousarray(np.moveaxis(cells, axes[-1], -1))
            cells = np.moveaxis(rows, -1, axes[-1])
        phases = [
            phases_of(factor, self.firsts[axis], out.shape[axis])
            for axis, factor in zip(axes, layer.strides, strict=True)
        ]
        for found in itertools.product(*phases):
            read: list[slice] = [slice(None)] * block.ndim
            made: list[slice] = [slice(None)] * block.ndim
            seen = [
                taps[phase.number] for taps, phase in zip(self.taps, found, strict=True)
            ]
            for axis, phase, taps in zip(axes, found, seen, strict=True):
                made[axis] = phase.outputs
                read[axis] = taps.cells(phase.cell, phase.count)
            if all(taps.count for taps in seen):
                self.phase(seen)(cells[tuple(read)], out[tuple(made)])
            else:
                self.fill(out[tuple(made)])

    @cached_property
    def taps(self) -> list[list[PhaseTaps]]:
        """The taps of each phase along each axis of the kernel."""
        layer = self.layer
        sizes = layer.weights.shape[2:]
        return [
            [PhaseTaps.of(number, size, factor, apart) for number in range(factor)]
            for size, factor, apart in zip(
                sizes, layer.strides, layer.dilations, strict=True
            )
        ]

    def phase(self, seen: Sequence[PhaseTaps]) -> Convolution:
        """The convolution of one phase."""
        taps = (slice(None), slice(None), *(one.taps for one in seen))
        return replace(
            self.layer,
            weights=np.ascontiguousarray(self.layer.weights[taps]),
            strides=(1,) * len(seen),
            dilations=tuple(one.dilation for one in seen),
        )

    def fill(self, out: Array) -> None:
        """Outputs that no cell is spread over: the bias."""
        bias = cast(self.layer.bias, self.layer.target)
        out[...] = bias.reshape(-1, *(1,) * (out.ndim - self.layer.channel - 1))

    @property
    def products(self) -> float:
        """Products of one output cell, on average."""
        return self.layer.products / math.prod(self.layer.strides)

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights."""
        return self.layer.weight_bytes

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most: copies of a phase, and its weights.

        Phases of few outputs are unequal, which is why one is counted twice.
        """
        layer = self.layer
        phase = -(-2 * outputs // math.prod(layer.strides))
        copied = layer.copies_bytes(min(outputs, phase), cells, is_apart=True)
        return copied + 3 * layer.weights.nbytes

    def describe(self) -> Mapping[str, object]:
        """All that decides its values beside the windows, as JSON."""
        return self.layer.describe()

    def note(self) -> str:
        """How it is computed."""
        phases = math.prod(self.layer.strides)
        return f"{self.layer.note()}, in {phases} phases"
