"""Tiles of a block, in pairs: loaded, correlated by compiled code, and stored."""

from __future__ import annotations

import ctypes
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from volconv.compute.compiled.fft import spectrum
from volconv.compute.compiled.fft.peaks import LIMIT, peaks, suits
from volconv.compute.compiled.fft.spectrum import Item
from volconv.compute.compiled.fft.tilecode import TileCode, up
from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.packing.copies import copy
from volconv.compute.compiled.programs import program
from volconv.compute.compiled.programs.correlator import scalar_of
from volconv.compute.fft_lengths import batch_shape, best_tile

__all__ = ["Run", "Tiling", "tile_code"]

Array = NDArray[Any]
Triple = tuple[int, int, int]

# log2 of sums of weights that need no such scaling.
MODERATE = 20


@dataclass(frozen=True)
class Tiling:
    """How blocks without dilation are cut into tiles.

    Attributes
    ----------
    order : tuple of int
        The axes of a block, those that tiles have last.
    axes : tuple of int
        Those that tiles have: all windows, and others up to three.
    code : TileCode
    size, step : (int, int, int)
        Taps and stride along each axis of a tile.
    exponent : int
        Huge and tiny weights are divided by so many powers of two, and outputs
        multiplied.
    """

    order: tuple[int, ...]
    axes: tuple[int, ...]
    code: TileCode
    size: Triple
    step: Triple
    exponent: int

    @classmethod
    def of(cls, weights: Array, steps: Sequence[int], compute: np.dtype[Any]) -> Tiling:
        """The tiles of a kernel."""
        windows = [axis for axis, size in enumerate(weights.shape) if size > 1]
        others = [axis for axis in range(weights.ndim) if axis not in windows]
        axes = tuple(sorted(windows + others[::-1][: 3 - len(windows)]))
        loops = tuple(axis for axis in others if axis not in axes)
        size, step = (
            _triple([values[axis] for axis in axes])
            for values in (weights.shape, steps)
        )
        exponent = math.frexp(float(np.abs(weights).sum()))[1]
        exponent = 0 if abs(exponent) < MODERATE else exponent
        code = tile_code(size, step, compute)
        return cls((*loops, *axes), axes, code, size, step, exponent)

    @cached_property
    def outputs(self) -> Triple:
        """Of a tile, along each axis."""
        sides = zip(self.code.shape, self.size, self.step, strict=True)
        found = [(n - f) // s + 1 for n, f, s in sides]
        return found[0], found[1], found[2]

    def spectrum(self, weights: Array) -> Array:
        """The kernel's transform, in the order in which compiled code uses it."""
        lengths = [
            n if is_window else 1
            for n, is_window in zip(self.code.shape, self.code.windows, strict=True)
        ]
        scaled = np.ldexp(weights.reshape(self.size), -self.exponent)
        found = np.fft.fftn(scaled, lengths, axes=(0, 1, 2)) / math.prod(lengths)
        return self.code.arranged(found, lanes(self.code.size))

    def firsts(self, shape: Sequence[int]) -> list[Triple]:
        """First outputs of the tiles of a volume."""
        sides = zip(shape, self.outputs, strict=True)
        found = itertools.product(*(range(0, m, u) for m, u in sides))
        return [(first[0], first[1], first[2]) for first in found]

    def reach(self, outputs: Sequence[int]) -> Triple:
        """Cells that so many outputs read along each axis."""
        sides = zip(outputs, self.step, self.size, strict=True)
        return _triple([(m - 1) * s + f for m, s, f in sides])


def tile_code(size: Triple, step: Triple, compute: np.dtype[Any]) -> TileCode:
    """Shape and kind of the tiles for taps and strides along three axes."""
    flags = size[0] > 1, size[1] > 1, size[2] > 1
    windows = [axis for axis in range(3) if flags[axis]]
    best = best_tile(
        tuple(size[axis] for axis in windows), tuple(step[axis] for axis in windows)
    )
    return TileCode(scalar_of(compute), batch_shape(size, best.shape), flags)


def lanes(size: int) -> int:
    """Floats of a size, in bytes, in a vector of this machine."""
    return jit.host().vector_bytes // size


def _triple(values: Sequence[int]) -> Triple:
    """Three values, ones in front."""
    found = (1, 1, 1, *values)[-3:]
    return found[0], found[1], found[2]


@cache
def _function(code: TileCode) -> Any:
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(spectrum.address(code))


class Run:
    """The tiles of a volume, and the memory of one thread for them."""

    def __init__(self, tiling: Tiling, weights: Array) -> None:
        code = tiling.code
        count = lanes(code.size)
        self.tiling = tiling
        self.weights = weights
        self.lanes = count
        self.pitches = code.pitches(count)
        tile = code.tile_bytes(count)
        self.memory, at = program.scratch(2 * tile + code.buffer_bytes(count))
        self.addresses = [at + n * tile for n in (0, 1, 2)]
        rows, cells = code.padded(count)
        self.tiles = [
            np.ndarray(
                (code.shape[0], rows, cells),
                f"f{code.size}",
                self.memory.data,
                offset=n * tile,
                strides=(*self.pitches, code.size),
            )
            for n in (0, 1)
        ]
        for array in self.tiles:
            # what fills up vectors stays zero throughout
            array[:, code.shape[1] :] = 0
            array[:, :, code.shape[2] :] = 0

    def volume(self, block: Array, out: Array) -> list[tuple[Array, Array]]:
        """Write the outputs of a volume.

        Parameters
        ----------
        block, out : ndarray, three axes

        Returns
        -------
        list of (ndarray, ndarray)
            Parts of the block that no transform suits, and of `out`, not written.
        """
        if block.shape[:2] == (1, 1) and self.tiling.outputs[2] < out.shape[2]:
            return self._line(block, out)
        firsts = self.tiling.firsts(out.shape)
        odd = []
        for number in range(0, len(firsts), 2):
            pair = [self._parts(block, out, at) for at in firsts[number : number + 2]]
            if not self._pair(pair):
                odd += pair
        return odd

    def _line(self, block: Array, out: Array) -> list[tuple[Array, Array]]:
        """Tiles of a single line as rows, many to a vector, and then the rest."""
        outputs = self.tiling.outputs[2]
        rows = out.shape[2] // outputs
        reach = self.tiling.reach((1, 1, outputs))[2]
        step = outputs * self.tiling.step[2]
        cells = sliding_window_view(block[0, 0], reach)[::step][:rows]
        whole = rows * outputs
        target = sliding_window_view(out[0, 0, :whole], outputs, writeable=True)
        odd = self._rows(cells, target[::outputs])
        if whole < out.shape[2]:
            rest = block[:, :, rows * step :], out[:, :, whole:]
            odd += self.volume(*rest)
        return odd

    def _rows(self, cells: Array, out: Array) -> list[tuple[Array, Array]]:
        if len(out) > 1:
            return self.volume(cells[None], out[None])
        pair = [(cells[None], out[None])]
        return [] if self._pair(pair) else pair

    def _parts(self, block: Array, out: Array, first: Triple) -> tuple[Array, Array]:
        """What a tile reads and what it writes."""
        tiling = self.tiling
        outputs = out[
            tuple(slice(k, k + m) for k, m in zip(first, tiling.outputs, strict=True))
        ]
        starts = [k * s for k, s in zip(first, tiling.step, strict=True)]
        reach = tiling.reach(outputs.shape)
        cells = block[
            tuple(slice(k, k + n) for k, n in zip(starts, reach, strict=True))
        ]
        return cells, outputs

    def _pair(self, pair: Sequence[tuple[Array, Array]]) -> bool:
        """Write the outputs of one or two tiles, unless no transform suits them."""
        tiling = self.tiling
        code = tiling.code
        present = [
            n if is_window else max(cells.shape[axis] for cells, _ in pair)
            for axis, (n, is_window) in enumerate(
                zip(code.shape, code.windows, strict=True)
            )
        ]
        vectors = -(-present[2] // self.lanes)
        self._load([cells for cells, _ in pair], present)
        counts = present[0], present[1], vectors
        sizes = [
            peaks(code.scalar, self.addresses[n], counts, self.pitches) for n in (0, 1)
        ]
        largest, least = max(a for a, _ in sizes), min(b for _, b in sizes)
        is_known = all(math.isfinite(a) for a, _ in sizes)
        if not is_known or abs(tiling.exponent) >= LIMIT[code.size]:
            return False
        if largest and not suits(largest, least, code.size):
            return False
        if largest:
            kept = tiling.reach([max(n) for n in _sides(out for _, out in pair)])
            kept = _triple([k - f + 1 for k, f in zip(kept, tiling.size, strict=True)])
            self._call(counts, kept)
        for array, (_, out) in zip(self.tiles, pair, strict=False):
            self._store(array, out)
        return True

    def _load(self, cells: Sequence[Array], present: Sequence[int]) -> None:
        """Fill both tiles, with zeros where there are no cells."""
        width = up(present[2], self.lanes)
        for number, array in enumerate(self.tiles):
            there = array[: present[0], : present[1], :width]
            if number >= len(cells):
                there[...] = 0
                continue
            planes, rows, columns = cells[number].shape
            # each cell beyond the block once
            there[planes:] = 0
            there[:planes, rows:] = 0
            there[:planes, :rows, columns:] = 0
            copy(cells[number], there[:planes, :rows, :columns])

    def _call(self, counts: Triple, kept: Triple) -> None:
        items = np.zeros(len(Item), dtype=np.int64)
        items[Item.RE], items[Item.IM], items[Item.BUFFER] = self.addresses
        items[Item.WEIGHTS] = self.weights.ctypes.data
        items[Item.PLANES : Item.VECTORS + 1] = counts
        items[Item.KEPT_ROWS] = kept[1]
        items[Item.KEPT_VECTORS] = -(-kept[2] // self.lanes)
        _function(self.tiling.code)(items.ctypes.data)

    def _store(self, array: Array, out: Array) -> None:
        """Write a tile's outputs, every stride-th of them."""
        sides = zip(out.shape, self.tiling.step, strict=True)
        found = array[tuple(slice(0, (m - 1) * s + 1, s) for m, s in sides)]
        copy(found, out)
        if self.tiling.exponent:
            scale = out.dtype.type(2.0) ** self.tiling.exponent
            with np.errstate(all="ignore"):
                np.multiply(out, scale, out=out)


def _sides(arrays: Iterator[Array]) -> Iterator[tuple[int, ...]]:
    return zip(*(array.shape for array in arrays), strict=True)
