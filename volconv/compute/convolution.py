"""A convolution layer over one block: input channels mixed into output channels.

The input's axes are taken as carried ones, channels, and up to three along which the
windows move; shorter kernels get leading axes of one cell. Compiled loops do a row of
outputs at a time (`compiled.channels`); elsewhere NumPy sums tap by tap.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from volconv.compute.compiled import channels, jit, program
from volconv.compute.compiled.channels import ChannelCode, Item
from volconv.compute.compiled.correlator import scalar_of
from volconv.compute.compiled.program import Base, Integers, Table
from volconv.compute.numbers import cast
from volconv.geometry import Interval

__all__ = ["LAYER_ENGINES", "Convolution"]

Array = NDArray[Any]

LAYER_ENGINES = ("direct", "reference")
"""Compiled loops, and NumPy's; both sum channels, then taps, in one order."""

AXES = 3
"""Axes along which compiled windows move."""


class Packed(NamedTuple):
    """Weights of output channels of one group, as tiles of one width read them.

    Attributes
    ----------
    group : int
        The group.
    first : int
        The first of the channels.
    weights : ndarray, shape (blocks, taps, channels of a block)
        Of tap after tap the weights of all channels of a block.
    """

    group: int
    first: int
    weights: Array


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
    is_copied : bool
        Whether blocks come in another dtype than that of the weights, or their rows lie
        along another axis than the kernel's last.
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
    is_copied: bool = True

    def of_channels(self, outputs: Interval) -> Self:
        """The operation of some of the output channels."""
        return replace(
            self,
            weights=self.weights[outputs.slice],
            bias=self.bias[outputs.slice],
            first=self.first + outputs.start,
        )

    def __call__(self, block: Array, out: Array) -> None:
        """Write each output of a block that has its halo."""
        cells = self.arranged(block)
        if cells.dtype != self.weights.dtype or not in_rows(cells):
            cells = np.ascontiguousarray(cells, self.weights.dtype)
        target = self.arranged(out)
        direct = target.dtype == self.weights.dtype and in_rows(target)
        sums = target if direct else np.empty(target.shape, self.weights.dtype)
        if sums.size:
            if self.engine == "direct":
                self.compiled(cells, sums)
            else:
                self.summed(cells, sums)
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
                    places = (*(0,) * (AXES - len(tap)), *tap)
                    box = tuple(
                        slice(j * d, j * d + (n - 1) * s + 1, s)
                        for j, n, (_, s, d) in zip(
                            places, (planes, rows, line), self.windows, strict=True
                        )
                    )
                    part = cells[(..., group * inputs + channel, *box)]
                    total += self.weights[(output, channel, *tap)] * part

    def compiled(self, cells: Array, sums: Array) -> None:
        """The same by compiled loops."""
        size = self.weights.dtype.itemsize
        (*_, (taps, stride, dilation)) = self.windows
        pitches = cells.strides[-4:]
        phases = np.arange(taps) * dilation
        along = phases * size
        if stride > 1:
            cells = dealt(cells, stride)
            pitches = (*cells.strides[-5:-2],)
            along = (phases % stride) * cells.strides[-2] + (phases // stride) * size
        offsets = self.offsets(pitches, along)
        carried = range(cells.ndim - (5 if stride > 1 else 4))
        shifts = (carried_shifts(cells, carried), carried_shifts(sums, carried))
        kept = [np.ascontiguousarray(self.bias), offsets]
        tables = [self.table(run, pitches, sums, kept) for run in self.packed]
        kept += [run.weights for run in self.packed]
        made = program.Program.of(tables, shifts, 0, kept)
        made.run(cells.ctypes.data, sums.ctypes.data)

    def offsets(self, pitches: Sequence[int], along: Array) -> Array:
        """Bytes from the first cell of a window to each tap, channel by channel."""
        (planes, _, apart), (rows, _, below), _ = self.windows
        found = np.arange(self.weights.shape[1])[:, None, None, None] * pitches[0]
        found = found + np.arange(planes)[:, None, None] * (apart * pitches[1])
        found = found + np.arange(rows)[:, None] * (below * pitches[2]) + along
        return np.ascontiguousarray(found.ravel(), np.int64)

    @cached_property
    def packed(self) -> list[Packed]:
        """The weights as tiles read them, for blocks that follow one another."""
        most = channels.most_channels(jit.host())
        found = []
        for group, outputs in self.parts:
            for start, stop, width in evenly(outputs.stop - outputs.start, most):
                first = outputs.start + start
                weights = self.weights[first : outputs.start + stop]
                tiles = weights.reshape((stop - start) // width, width, -1)
                tiles = np.ascontiguousarray(tiles.transpose(0, 2, 1))
                found.append(Packed(group, first, tiles))
        return found

    def table(
        self, run: Packed, pitches: Sequence[int], sums: Array, kept: Sequence[Array]
    ) -> Table:
        """Calls for a run of output channels, plane by plane."""
        size = self.weights.dtype.itemsize
        planes, rows, line = sums.shape[-3:]
        to_channel, to_plane, to_row, _ = sums.strides[-4:]
        steps = np.arange(planes) * (self.windows[0][1] * pitches[1])
        steps += run.group * self.weights.shape[1] * pitches[0]
        blocks, taps, width = run.weights.shape
        bias, offsets = kept
        scalar = scalar_of(self.weights.dtype)
        vectors = channels.vectors_for(jit.host(), width, scalar, line)
        items: dict[int, int | Array] = {
            Item.SOURCE: steps,
            Item.TARGET: run.first * to_channel + np.arange(planes) * to_plane,
            Item.WEIGHTS: run.weights.ctypes.data,
            Item.OFFSETS: offsets.ctypes.data,
            Item.TAPS: taps,
            Item.BLOCKS: blocks,
            Item.ROWS: rows,
            Item.CELLS: line,
            Item.STEP: self.windows[1][1] * pitches[2],
            Item.TARGET_PITCH: to_row,
            Item.CHANNEL_PITCH: to_channel,
            Item.BIAS: bias.ctypes.data + run.first * size,
        }
        bases: dict[int, Base] = {Item.SOURCE: Base.BLOCK, Item.TARGET: Base.OUT}
        code = channels.address(ChannelCode(scalar, width, vectors))
        return program.calls(code, planes, items, bases)

    @property
    def products(self) -> float:
        """Products of one output cell."""
        return float(math.prod(self.weights.shape[1:]))

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights."""
        return self.weights.nbytes

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most: see `copies_bytes`.

        Beside copies the block dealt out by a stride, and the weights as tiles read them.
        """
        dealt_bytes = self.weights.dtype.itemsize * cells if self.strides[-1] > 1 else 0
        return (
            self.copies_bytes(outputs, cells, is_apart=self.is_copied)
            + dealt_bytes
            + self.weights.nbytes
        )

    def copies_bytes(self, outputs: int, cells: int, *, is_apart: bool) -> int:
        """Bytes of copies that a call makes at most.

        The block in the compute dtype and in rows; the sums where they are cast, or where
        the outputs of a row lie apart; of NumPy, products beside.
        """
        size = self.weights.dtype.itemsize
        found = size * cells if self.is_copied else 0
        if self.engine == "reference":
            found += size * outputs
        if self.weights.dtype != self.target:
            # the sums, the cast values, the rounded ones, and masks of what is saturated
            return found + (2 * size + np.dtype(self.target).itemsize + 3) * outputs
        return found + (size * outputs if is_apart else 0)

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


def evenly(count: int, most: int) -> list[tuple[int, int, int]]:
    """Channels in blocks of at most `most`, as even as can be: runs of one width.

    Examples
    --------
    >>> evenly(16, 6), evenly(12, 6)
    ([(0, 6, 6), (6, 16, 5)], [(0, 12, 6)])
    """
    blocks = -(-count // most)
    width, wider = divmod(count, blocks)
    edge = wider * (width + 1)
    runs = [(0, edge, width + 1), (edge, count, width)]
    return [run for run in runs if run[0] < run[1]]


def in_rows(block: Array) -> bool:
    """Whether the cells of a row touch each other."""
    return block.shape[-1] <= 1 or block.strides[-1] == block.itemsize


def dealt(cells: Array, stride: int) -> Array:
    """Rows dealt out by a stride: a new axis of phases, before that of cells."""
    width = -(-cells.shape[-1] // stride)
    found = np.zeros((*cells.shape[:-1], stride, width), cells.dtype)
    for phase in range(stride):
        part = cells[..., phase::stride]
        found[..., phase, : part.shape[-1]] = part
    return found


def carried_shifts(array: Array, carried: Iterable[int]) -> Integers:
    """Bytes to the first cell at each turn of the carried axes, the last fastest."""
    found = np.zeros(1, np.int64)
    for axis in carried:
        steps = np.arange(array.shape[axis]) * array.strides[axis]
        found = (found[:, None] + steps).ravel()
    return found


def digest(array: Array) -> str:
    """What tells an array's values from others'."""
    return sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
