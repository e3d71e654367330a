"""A convolution layer over one block: input channels mixed into output channels.

The input's axes are taken as carried ones, channels, and up to three along which the
windows move; shorter kernels get leading axes of one cell. Compiled loops do a row of
outputs at a time (`compiled.channels`); elsewhere NumPy sums tap by tap.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from volconv.compute.compiled.layers.layer import AXES, LayerWork, carried_shifts
from volconv.compute.compiled.layers.regions import Cells, Side
from volconv.compute.compiled.layers.weights import PackedWeights, pack_weights
from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.programs.edges import Edges
from volconv.compute.compiled.programs.local_cache import LocalCache
from volconv.compute.compiled.programs.program import Program
from volconv.compute.numbers import cast, cast_bytes
from volconv.compute.pointwise import Clip
from volconv.geometry import Interval

__all__ = ["LAYER_ENGINES", "Convolution", "in_rows"]

Array = NDArray[Any]

LAYER_ENGINES = ("direct", "reference")
"""Compiled loops, and NumPy's; both sum channels, then taps, in one order."""

FEW_BYTES, MOST_BYTES = 1 << 16, 1 << 20
"""Of regions, sums that wait and lists: where a block is small, and at most."""


@dataclass(frozen=True, eq=False)
class Convolution:
    """Cross-correlation of all input channels of a group with each output channel.

    Parameters
    ----------
    weights : ndarray, shape (output channels, input channels of a group, *kernel)
        In the compute dtype.
    bias : ndarray, shape (output channels,)
        What each sum begins with.
    channel : int
        The block's axis of channels.
    axes : tuple of int
        The block's axis of each axis of the kernel.
    strides, dilations : tuple of int
        Along each axis of the kernel.
    groups : int
        Parts into which channels are divided; each output channel reads one of them.
    target : str
        dtype of the outputs.
    engine : str
        One of `LAYER_ENGINES`.
    first : int
        Number of the first output channel, where `weights` are of some only.
    of_group : int
        Output channels of a whole group.
    floor : float
        What takes the place of outputs that are not above it; it is +0 for -0 and 0.
    is_apart : bool
        Whether the outputs of a row lie apart: along another axis than the kernel's last.
    """

    weights: Array
    bias: Array
    channel: int
    axes: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    groups: int
    target: str
    engine: str
    first: int = 0
    of_group: int = 0
    floor: float = -math.inf
    is_apart: bool = True

    def of_channels(self, outputs: Interval) -> Self:
        """The operation of some of the output channels."""
        return replace(
            self,
            weights=self.weights[outputs.slice],
            bias=self.bias[outputs.slice],
            first=self.first + outputs.start,
        )

    def floored(self, floor: float) -> Self | None:
        """The operation with a floor under its outputs; None where they are cast."""
        if self.floor != -math.inf or self.target != self.weights.dtype.name:
            return None
        return replace(self, floor=floor + 0.0)

    def __call__(self, block: Array, out: Array) -> None:
        """Write each output of a block that has its halo."""
        self.write(block, out, None)

    def padding(self, cells: Array, out: Array, edges: Edges) -> bool:
        """Outputs of cells that are padded on the way: see `Step.padding`."""
        if self.engine != "direct" or not edges.axes <= set(self.axes):
            return False
        self.write(cells, out, edges)
        return True

    def write(self, block: Array, out: Array, edges: Edges | None) -> None:
        """Write each output of a block that has its halo, or is given one by edges."""
        target = self.arranged(out)
        direct = target.dtype == self.weights.dtype and in_rows(target)
        sums = target if direct else np.empty(target.shape, self.weights.dtype)
        if sums.size:
            if self.engine == "direct":
                self.compiled(self.arranged(block), sums, edges)
            else:
                with np.errstate(all="ignore"):
                    self.summed(self.arranged(block), sums)
        if not direct:
            target[...] = cast(sums, self.target)

    def arranged(self, block: Array) -> Array:
        """A view of shape (carried cells, …, channels, planes, rows, cells)."""
        moved = (self.channel, *self.axes)
        carried = [axis for axis in range(block.ndim) if axis not in moved]
        found = block.transpose(*carried, *moved)
        lead = len(carried) + 1
        ones = (1,) * (AXES - len(self.axes))
        return found.reshape(*found.shape[:lead], *ones, *found.shape[lead:])

    @cached_property
    def windows(self) -> tuple[tuple[int, int, int], ...]:
        """Taps, stride and dilation along planes, rows and cells."""
        own = zip(self.weights.shape[2:], self.strides, self.dilations, strict=True)
        return (*((1, 1, 1),) * (AXES - len(self.axes)), *own)

    @cached_property
    def parts(self) -> list[tuple[int, slice]]:
        """Groups that the output channels belong to, each with those it has."""
        found = []
        last = self.first + len(self.weights)
        for group in range(self.first // self.of_group, -(-last // self.of_group)):
            start = max(group * self.of_group, self.first) - self.first
            stop = min((group + 1) * self.of_group, last) - self.first
            found.append((group, slice(start, stop)))
        return found

    def summed(self, cells: Array, sums: Array) -> None:
        """The same by NumPy: bias, then channel by channel, tap by tap."""
        cells = cells.astype(self.weights.dtype, copy=False)
        inputs = self.weights.shape[1]
        kernel = self.weights.shape[2:]
        planes, rows, line = sums.shape[-3:]
        for group, outputs in self.parts:
            for output in range(outputs.start, outputs.stop):
                total = sums[..., output, :, :, :]
                total[...] = self.bias[output]
                for channel, tap in itertools.product(
                    range(inputs), itertools.product(*map(range, kernel))
                ):
                    index = (*(0,) * (AXES - len(tap)), *tap)
                    box = tuple(
                        slice(j * d, j * d + (n - 1) * s + 1, s)
                        for j, n, (_, s, d) in zip(
                            index, (planes, rows, line), self.windows, strict=True
                        )
                    )
                    part = cells[(..., group * inputs + channel, *box)]
                    total += self.weights[(output, channel, *tap)] * part
        if self.floor > -math.inf:
            sums[...] = Clip(self.floor, None)(sums)

    def compiled(self, cells: Array, sums: Array, edges: Edges | None) -> None:
        """The same by compiled loops, over cells of any layout.

        Edges say what the padded block would hold where the cells are not padded, their
        axes as those of the block. Rows of sums are contiguous.
        """
        dtype = cells.dtype
        if not jit.is_readable(dtype):
            cells = cells.astype(self.weights.dtype)
        key = (dtype, cells.shape, cells.strides, sums.shape, sums.strides, edges)
        found = self.programs.get(key)
        if found is None:
            fill = np.zeros(1, dtype)
            if edges is not None:
                fill = np.frombuffer(edges.fill, dtype)
            work = self.work(cells, sums, edges, fill.astype(cells.dtype))
            found = work.program(carried_shifts(cells), carried_shifts(sums))
            self.programs.keep(key, found)
        found.run(cells.ctypes.data, sums.ctypes.data)

    def work(
        self, cells: Array, sums: Array, edges: Edges | None, fill: Array
    ) -> LayerWork:
        """What the program of a block depends on."""
        from_channel, from_plane, from_row, from_cell = cells.strides[-AXES - 1 :]
        to_channel, to_plane, to_row, to_cell = sums.strides[-AXES - 1 :]
        pitches = (from_channel, from_plane, from_row, from_cell)
        return LayerWork(
            self.sides(cells.shape[-AXES:], edges),
            self.weights.shape[1],
            Cells(cells.dtype, pitches, sums.dtype, fill),
            (to_channel, to_plane, to_row, to_cell),
            self.packed,
            self.bias,
            self.floor,
        )

    @cached_property
    def programs(self) -> LocalCache[Program]:
        """The work on blocks of each geometry, in this process."""
        return LocalCache()

    def sides(
        self, shape: Sequence[int], edges: Edges | None
    ) -> tuple[Side, Side, Side]:
        """The layer along planes, rows and cells of a block."""
        indices = [np.arange(size) for size in shape]
        if edges is not None:
            for number, axis in enumerate(self.axes, AXES - len(self.axes)):
                indices[number] = edges.indices(axis, np.arange(edges.shape[axis]))
        planes, rows, line = (
            Side(*window, index)
            for window, index in zip(self.windows, indices, strict=True)
        )
        return planes, rows, line

    @cached_property
    def packed(self) -> list[PackedWeights]:
        """The weights as tiles read them, for blocks that follow one another."""
        return pack_weights(self.parts, self.weights[:, None])

    @property
    def products(self) -> float:
        """Products of one output cell."""
        return float(math.prod(self.weights.shape[1:]))

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights."""
        return self.weights.nbytes

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most.

        Regions of input, the sums that wait beside them, the lists of what is done, and
        the weights as tiles read them; all sums, where they are cast or lie apart.
        """
        size = self.weights.dtype.itemsize
        found = min(4 * size * cells + FEW_BYTES, MOST_BYTES)
        found += (cells + outputs) // 2 + self.weights.nbytes
        if self.engine != "direct" or not jit.host().half:
            found += size * (cells + outputs)
        if self.is_apart or self.weights.dtype != self.target:
            found += size * outputs
            found += cast_bytes(self.weights.dtype.name, self.target, outputs)
        return found

    def describe(self) -> Mapping[str, object]:
        """All that decides its values beside the windows, as JSON."""
        return {
            "weights": digest(self.weights),
            "bias": digest(self.bias),
            "shape": list(self.weights.shape),
            "channel": self.channel,
            "axes": list(self.axes),
            "groups": self.groups,
            "compute": self.weights.dtype.name,
            "engine": self.engine,
        }

    def note(self) -> str:
        """How it is computed."""
        outputs, inputs = self.weights.shape[:2]
        taps = math.prod(self.weights.shape[2:])
        return (
            f"{self.engine}: {outputs} channels of {inputs * taps} products each, in the "
            "order of channels and taps"
        )


def in_rows(block: Array) -> bool:
    """Whether the cells of a row touch each other."""
    return block.shape[-1] <= 1 or block.strides[-1] == block.itemsize


def digest(array: Array) -> str:
    """What tells an array's values from others'."""
    return sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
