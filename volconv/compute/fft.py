"""The FFT engine: tiles of the block, transformed, multiplied and transformed back.

Overlap-save: neighbouring tiles share the cells that windows reach beyond, so that each
output comes from one tile. Tiles are of one shape for a kernel, whatever the block.

Notes
-----
Rounding errors spread over a pair of tiles. With N cells x in a tile, and weights w,

    |found - exact| <= 4 eps log2(N) |w|_1 |x|_2

where the norm of x is over both tiles, and eps that of the arithmetic. Where that would
drown something, outputs come from the direct engine, tile by tile: see `peaks.suits`.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from volconv.compute.compiled.direct import engine as direct
from volconv.compute.compiled.programs.correlator import Correlator, dtypes
from volconv.compute.fft_tiles import Run, Tiling, tile_code

__all__ = ["prepare", "work_bytes"]

Array = NDArray[Any]
Slices = tuple[slice, ...]

MOST_WINDOWS = 3
# Floats in the widest vector there is, by which memory is counted for any machine.
WIDEST = {4: 16, 8: 8}

_lock = threading.Lock()


def prepare(
    weights: ArrayLike,
    stride: Sequence[int],
    dilation: Sequence[int],
    source_dtype: DTypeLike,
    compute_dtype: DTypeLike,
) -> Correlator:
    """The FFT engine for one kernel.

    Parameters
    ----------
    weights : array_like, float64
        As many axes as the blocks, of size 1 where there is no window. Beyond three
        windows, the taps of the first ones are summed one by one.
    stride, dilation : sequence of int, cells
        For each axis.
    source_dtype : dtype_like
        Of the blocks: bool, integer or real floating, in either byte order.
    compute_dtype : dtype_like
        float32 or float64.

    Raises
    ------
    TypeError
        If a dtype is not among these.

    Examples
    --------
    >>> correlator = prepare([1.0, 0.0, -1.0], [1], [1], np.int16, np.float32)
    >>> out = np.empty(3, np.float32)
    >>> correlator(np.array([1, 2, 4, 8, 16], np.int16), out)
    >>> np.allclose(out, [-3, -6, -12])
    True
    """
    array = np.asarray(weights, dtype=np.float64)
    source, compute = dtypes(source_dtype, compute_dtype)
    window = tuple(stride), tuple(dilation), source, compute
    windows = [axis for axis, size in enumerate(array.shape) if size > 1]
    if not windows or not array.any() or not np.isfinite(array).all():
        return direct.prepare(array, *window)
    if len(windows) > MOST_WINDOWS:
        first = windows[0]
        parts = [
            (tap, prepare(array.take([tap], first), *window))
            for tap in range(array.shape[first])
            if array.take(tap, first).any()
        ]
        return Sum(array.shape, *window, first, tuple(parts))
    return Fft(array.shape, *window, array)


@dataclass(frozen=True, eq=False)
class Fft(Correlator):
    """Correlator of one to three windows by transforms of tiles."""

    weights: Array

    def __call__(self, block: Array, out: Array) -> None:
        """Write the correlation of a padded block to all of `out`."""
        self._check(block, out, block.shape)
        if out.size == 0:
            return
        written = np.empty_like(out) if np.may_share_memory(block, out) else out
        for inputs, outputs in self._phases():
            self._phase(block[inputs], written[outputs])
        if written is not out:
            out[...] = written

    def __getstate__(self) -> dict[str, Any]:
        """All but what is prepared for this machine."""
        return {key: v for key, v in self.__dict__.items() if key not in PREPARED}

    @cached_property
    def tiling(self) -> Tiling:
        """The tiles, for blocks without dilation."""
        return Tiling.of(self.weights, self._steps(), self.compute_dtype)

    @property
    def spectrum(self) -> Array:
        """The kernel's transform, in the order in which compiled code uses it."""
        with _lock:
            return self._spectrum

    @cached_property
    def _spectrum(self) -> Array:
        return self.tiling.spectrum(self.weights)

    @cached_property
    def direct(self) -> Correlator:
        """The engine of tiles that no transform suits."""
        window = (1,) * len(self.size), self.source_dtype, self.compute_dtype
        return direct.prepare(self.weights, self._steps(), *window)

    def _steps(self) -> tuple[int, ...]:
        """Stride of each window in a block without dilation; 1 along other axes."""
        sides = zip(self.size, self.stride, self.dilation, strict=True)
        return tuple(s // math.gcd(s, d) if f > 1 else 1 for f, s, d in sides)

    def _phases(self) -> Iterator[tuple[Slices, Slices]]:
        """Cells that a dilated window never mixes, and the outputs they yield.

        Output k reads k s + j d. With g the common divisor of s and d, the outputs
        r, r + d/g, … read every d-th cell from r s on, as a window without dilation
        does at stride s/g.
        """
        phases = []
        for f, s, d in zip(self.size, self.stride, self.dilation, strict=True):
            apart = d // math.gcd(s, d) if f > 1 else 1
            cells = d if f > 1 else s
            phases.append(
                [
                    (slice(first * s, None, cells), slice(first, None, apart))
                    for first in range(apart)
                ]
            )
        for phase in itertools.product(*phases):
            yield tuple(inputs for inputs, _ in phase), tuple(out for _, out in phase)

    def _phase(self, block: Array, out: Array) -> None:
        """Write the outputs of a block without dilation."""
        if out.size == 0:
            return
        tiling = self.tiling
        block, out = (array.transpose(tiling.order) for array in (block, out))
        odd: list[tuple[Array, Array]] = []
        spectrum = self.spectrum
        for index in np.ndindex(out.shape[: -len(tiling.axes)]):
            volumes = [array[index] for array in (block, out)]
            while volumes[0].ndim < 3:
                volumes = [array[None] for array in volumes]
            odd += Run(tiling, spectrum).volume(volumes[0], volumes[1])
        for cells, outputs in odd:
            self._directly(cells, outputs)

    def _directly(self, cells: Array, out: Array) -> None:
        """Write the outputs of a tile by the direct engine."""
        axes = self.tiling.axes
        for index in np.ndindex(out.shape[: 3 - len(axes)]):
            parts = [array[index] for array in (cells, out)]
            shapes = [[1] * len(self.size), [1] * len(self.size)]
            for shape, array in zip(shapes, parts, strict=True):
                for axis, size in zip(axes, array.shape, strict=True):
                    shape[axis] = size
            found = np.empty(shapes[1], self.compute_dtype)
            self.direct(parts[0].reshape(shapes[0]), found)
            parts[1][...] = found.reshape(parts[1].shape)


PREPARED = ("tiling", "_spectrum", "direct")


@dataclass(frozen=True, eq=False)
class Sum(Correlator):
    """Correlator that sums others, one for each tap along one axis."""

    axis: int
    parts: tuple[tuple[int, Correlator], ...]

    def __call__(self, block: Array, out: Array) -> None:
        """Write the correlation of a padded block to all of `out`."""
        self._check(block, out, block.shape)
        total = np.zeros_like(out)
        product = np.empty_like(out)
        reach = (out.shape[self.axis] - 1) * self.stride[self.axis] + 1
        for tap, part in self.parts:
            first = tap * self.dilation[self.axis]
            cells = [slice(None)] * block.ndim
            cells[self.axis] = slice(first, first + reach)
            part(block[tuple(cells)], product)
            with np.errstate(all="ignore"):
                total += product
        out[...] = total


def work_bytes(windows: Sequence[tuple[int, int]], compute: str) -> int:
    """Bytes that a thread needs at most beside a block and its outputs.

    Parameters
    ----------
    windows : sequence of (int, int)
        Taps and stride along each axis of a window: see `choose_engine`.
    compute : str
        dtype of the arithmetic.

    Notes
    -----
    Two tiles, the kernel's transform, and while that is prepared, complex128 values of
    it four times over. A complex kernel has two.
    """
    if not windows:
        return 0
    real = np.empty(0, compute).real.dtype
    sides = [(1, 1)] * 3 + list(windows)
    size, step = zip(*sides[-MOST_WINDOWS:], strict=True)
    code = tile_code(size, step, real)
    lanes = WIDEST[real.itemsize]
    spectrum = code.spectrum_bytes(lanes)
    parts = 2 if np.dtype(compute).kind == "c" else 1
    shared = parts * math.prod(f for f, _ in windows[:-MOST_WINDOWS]) * spectrum
    preparing = 4 * (16 // (2 * real.itemsize)) * spectrum
    return 2 * code.tile_bytes(lanes) + code.buffer_bytes(lanes) + shared + preparing
