"""A transposed convolution layer over one block: each cell spread over several outputs.

Outputs of one phase see the same taps of the kernel, those whose index along each axis
leaves the phase over when it is divided by u. Phase by phase, the layer is a convolution
of neighbouring cells with these taps, the last one first::

    taps of f = 5, u = 2      phase 0: 4 2 0      phase 1: 3 1
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from volconv.compute.compiled.layers.layer import LONGEST, carried_shifts
from volconv.compute.compiled.layers.weights import pack_weights
from volconv.compute.compiled.llvm.jit import is_readable
from volconv.compute.compiled.programs.edges import Edges
from volconv.compute.compiled.programs.local_cache import LocalCache
from volconv.compute.compiled.programs.program import Program
from volconv.compute.convolution import Convolution, in_rows
from volconv.compute.numbers import cast
from volconv.compute.upsampling import Phase, phases_of
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


class Seen(NamedTuple):
    """What the outputs of a phase see.

    Attributes
    ----------
    taps : tuple of PhaseTaps
        Along each axis of the kernel.
    read, made : tuple of slice
        The cells in the block, and the outputs.
    """

    taps: tuple[PhaseTaps, ...]
    read: tuple[slice, ...]
    made: tuple[slice, ...]

    @property
    def has_taps(self) -> bool:
        """Whether any cell is spread over the outputs."""
        return all(one.count for one in self.taps)

    def first(self, axis: int) -> int:
        """The first of the outputs along an axis."""
        return self.made[axis].start or 0

    @property
    def key(self) -> tuple[object, ...]:
        """What its weights depend on."""
        return tuple((one.taps.start, one.count, one.dilation) for one in self.taps)

    @property
    def window(self) -> tuple[object, ...]:
        """What phases have in common whose outputs are made of the same cells."""
        moves = [(one.count, one.dilation) for one in self.taps]
        sides = [(side.start, side.stop) for side in self.read]
        return (*moves, *sides)


def together(found: Sequence[Seen], axis: int) -> list[list[list[Seen]]]:
    """Phases that read the same cells, and of these both of a row where it has two.

    Parameters
    ----------
    found : sequence of Seen
        The phases.
    axis : int
        The axis of rows.
    """
    by_window: dict[tuple[object, ...], list[Seen]] = {}
    for seen in found:
        by_window.setdefault(seen.window, []).append(seen)
    groups = []
    for alike in by_window.values():
        rows: dict[tuple[int, ...], list[Seen]] = {}
        for seen in sorted(alike, key=lambda seen: seen.first(axis)):
            outer = tuple(seen.first(n) for n in range(len(seen.made)) if n != axis)
            rows.setdefault(outer, []).append(seen)
        turns = list(rows.values())
        are_two = all(
            [seen.first(axis) for seen in turn] == [0, 1]
            and turn[0].made[axis].step == 2
            for turn in turns
        )
        groups.append(turns if are_two else [[seen] for seen in alike])
    return groups


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
    kept : LocalCache
        The work on blocks of each geometry, in this process.
    """

    layer: Convolution
    firsts: tuple[int, ...] = ()
    kept: LocalCache[Program] = field(default_factory=LocalCache)

    def at(self, firsts: Sequence[int]) -> Self:
        """The operation over a block that begins elsewhere."""
        return replace(self, firsts=tuple(firsts))

    def of_channels(self, outputs: Interval) -> Self:
        """The operation of some of the output channels."""
        return replace(self, layer=self.layer.of_channels(outputs), kept=LocalCache())

    def __call__(self, block: Array, out: Array) -> None:
        """Write each output of a block that has its halo."""
        phases = [
            list(phases_of(factor, self.firsts[axis], out.shape[axis]))
            for axis, factor in zip(self.layer.axes, self.layer.strides, strict=True)
        ]
        found = [self.seen(one, block, out) for one in itertools.product(*phases)]
        for seen in found:
            if not seen.has_taps:
                self.fill(out[seen.made])
        axis = self.layer.axes[-1]
        for alike in together([seen for seen in found if seen.has_taps], axis):
            # outputs in rows: all of them, or the even and the odd ones in turn
            if len(alike[0]) == self.layer.strides[-1] and self.is_direct(block, out):
                self.joint(alike, block, out)
                continue
            for seen in itertools.chain(*alike):
                self.phase(seen)(block[seen.read], out[seen.made])

    def is_direct(self, block: Array, out: Array) -> bool:
        """Whether compiled loops read the block and write the outputs as they lie."""
        return (
            self.layer.engine == "direct"
            and is_readable(block.dtype)
            and out.dtype == self.layer.weights.dtype
            and in_rows(self.layer.arranged(out))
        )

    def seen(self, phases: Sequence[Phase], block: Array, out: Array) -> Seen:
        """What the outputs of a phase along each axis see."""
        read: list[slice] = [slice(None)] * block.ndim
        made: list[slice] = [slice(None)] * out.ndim
        taps = [one[phase.number] for one, phase in zip(self.taps, phases, strict=True)]
        for axis, phase, one in zip(self.layer.axes, phases, taps, strict=True):
            made[axis] = phase.outputs
            read[axis] = one.cells(phase.cell, phase.count)
        return Seen(tuple(taps), tuple(read), tuple(made))

    def joint(self, alike: Sequence[Sequence[Seen]], block: Array, out: Array) -> None:
        """Outputs of phases that read the same cells, those along a row in turn."""
        layer = self.phase(alike[0][0])
        cells = layer.arranged(block[alike[0][0].read])
        sums = [layer.arranged(out[turn[0].made]) for turn in alike]
        shifts = [one.ctypes.data - sums[0].ctypes.data for one in sums]
        key = (
            *(seen.key for turn in alike for seen in turn),
            *(cells.dtype, cells.shape, cells.strides),
            *(sums[0].shape, sums[0].strides, *shifts),
        )
        found = self.kept.get(key)
        if found is None:
            runs = []
            for turn, shift in zip(alike, shifts, strict=True):
                weights = [self.phase(seen).weights for seen in turn]
                runs += pack_weights(layer.parts, np.stack(weights, axis=1), shift)
            work = layer.work(cells, sums[0], None, np.zeros(1, cells.dtype))
            work = replace(
                work,
                runs=sorted(runs, key=lambda run: run.group),
                spread=len(alike[0]),
            )
            found = work.program(carried_shifts(cells), carried_shifts(sums[0]))
            self.kept.keep(key, found)
        found.run(cells.ctypes.data, sums[0].ctypes.data)

    def floored(self, floor: float) -> Self | None:
        """The operation with a floor under its outputs; None where they are cast."""
        layer = self.layer.floored(floor)
        return None if layer is None else replace(self, layer=layer, kept=LocalCache())

    def padding(self, cells: Array, out: Array, edges: Edges) -> bool:
        """It has no cells beyond the edge: see `Step.padding`."""
        del cells, out, edges
        return False

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

    def phase(self, seen: Seen) -> Convolution:
        """The convolution of one phase."""
        taps = (slice(None), slice(None), *(one.taps for one in seen.taps))
        return replace(
            self.layer,
            weights=np.ascontiguousarray(self.layer.weights[taps]),
            strides=(1,) * len(seen.taps),
            dilations=tuple(one.dilation for one in seen.taps),
        )

    def fill(self, out: Array) -> None:
        """Outputs that no cell is spread over: the bias."""
        floor = self.layer.bias.dtype.type(self.layer.floor)
        bias = np.where(self.layer.bias <= floor, floor, self.layer.bias)
        bias = cast(bias, self.layer.target)
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
        """Bytes that a call allocates at most: those of a layer, and weights in parts.

        Regions hold all input channels.
        """
        layer = self.layer
        regions: int = LONGEST * layer.weights.shape[1] * layer.weights.itemsize
        return layer.work_bytes(outputs, cells) + 2 * layer.weights.nbytes + regions

    def describe(self) -> Mapping[str, object]:
        """All that decides its values beside the windows, as JSON."""
        return self.layer.describe()

    def note(self) -> str:
        """How it is computed."""
        phases = math.prod(self.layer.strides)
        return f"{self.layer.note()}, in {phases} phases"
