"""The step that moves a kernel over its input: correlate, convolve, gaussian, box."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import Boundaries
from volconv.compute import (
    Choice,
    Correlation,
    Edges,
    Numbers,
    box_operations,
    cast_bytes,
    choose_engine,
    factorise,
    numbers_of,
)
from volconv.compute.pointwise import number_text
from volconv.compute.shapes import out_shape
from volconv.errors import KernelError
from volconv.geometry import Geometry
from volconv.kernels import Kernel, LengthNote
from volconv.meta import ArrayMeta
from volconv.steps.block import described_windows
from volconv.steps.options import WindowOptions, windows_of

__all__ = ["WindowStep", "window_step"]

SCRATCH = 2 * 2**20
PASSES = 6 * 2**20
BESIDE = 2 * 2**20
"""Bytes that compiled engines work in, at most: directly, in passes, and in passes along
three axes beside the slab between them. 1, 5 and 1 MiB measured over blocks of 20 to 9000
cells along an axis, sigmas and strides up to 8, and all dtypes (tracemalloc, 2026-11)."""

BETWEEN = 1.5
"""Cells that passes along three axes hold for each that the first one makes: 1.3 measured
likewise, of the least blocks."""

CELL = 1.5
TAP = 0.05
MOST_TAPS = 300
"""Nanoseconds of one thread for an output cell, and for each of its taps, of which a
transform has no more: about, for weighing compute against reading. The choice of an
engine has constants of its own."""


@dataclass(frozen=True, eq=False)
class WindowStep:
    """A kernel with its windows, resolved for one input.

    `arithmetic` is the kernel as the engine takes it: by its factors where these serve.
    `unit_factor` is what the values' unit is multiplied by: see `BlockStep`.
    """

    name: str
    kernel: Kernel
    geometry: Geometry
    boundaries: Boundaries
    numbers: Numbers
    choice: Choice
    arithmetic: Kernel
    source: ArrayMeta
    target: ArrayMeta
    unit_factor: str | None = ""

    @property
    def cell_method(self) -> str:
        """The statistic of its windows that it is: see `BlockStep`."""
        return self.kernel.statistic

    @cached_property
    def correlation(self) -> Correlation:
        """The arithmetic of one block, its axes in the array's order."""
        windows = [self.geometry[dim] for dim in self.source.dims]
        return Correlation(
            self.arithmetic.along(self.source.dims),
            tuple(window.stride for window in windows),
            tuple(window.dilation for window in windows),
            self.numbers,
            self.choice.engine,
        )

    def windows(self) -> list[tuple[int, int]]:
        """Taps and stride along each axis of a window: see `choose_engine`."""
        return taps_and_strides(self.geometry, self.source.dims)

    def out_shape(self, block: Sequence[int]) -> tuple[int, ...]:
        """Outputs along each axis of a block with so many cells, its halo included."""
        windows = [self.geometry[dim] for dim in self.source.dims]
        return out_shape(
            block,
            [window.size for window in windows],
            [window.stride for window in windows],
            [window.dilation for window in windows],
        )

    def compute(
        self, block: NDArray[Any], out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Outputs of a block that has its halo: see `Step.compute`."""
        return self.correlation(block, out)

    def padding(self, cells: NDArray[Any], out: NDArray[Any], edges: Edges) -> bool:
        """Outputs of cells that are padded on the way: see `Step.padding`."""
        return self.correlation.padding(cells, out, edges)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that `compute` allocates at most: see `Step.work_bytes`.

        The result, and what an engine works in: compiled ones in scratch that does not
        grow with the block, transforms in tiles, sums of integers in a product as large
        as the result; the result once more where its dtype is another.
        """
        compute = np.dtype(self.numbers.compute)
        size = compute.itemsize
        work = size * outputs
        if self.choice.engine == "fft":
            from volconv.compute import fft

            work += fft.work_bytes(self.windows(), self.numbers.compute)
        if compute.kind == "f" and self.choice.engine != "reference":
            work += self.scratch_bytes(size * cells)
        else:
            work += size * outputs
            if self.choice.engine == "separable":
                work += 3 * size * cells
        work += cast_bytes(self.numbers.compute, self.numbers.target, outputs)
        if self.numbers.compute == "int64":
            work += 16 * (cells + outputs)  # magnitudes in float64, to find overflow
        if compute.kind == "c":
            work += 2 * size * outputs
        return work

    def scratch_bytes(self, block: int) -> int:
        """Bytes that a compiled engine works in over a block of so many, at most."""
        if self.choice.engine == "direct" or not self.arithmetic.is_separable:
            return min(3 * block, SCRATCH)
        windows = [(window.span, window.stride) for _, window in self.geometry]
        if len(windows) != 3:
            return min(3 * block, PASSES)
        from volconv.compute.compiled.separable.tiling import slab_bytes

        most = slab_bytes(windows, np.dtype(self.numbers.compute).itemsize) + BESIDE
        if self.numbers.source != "float16":
            _, stride = windows[0]
            most = min(most, int(BETWEEN * block / stride) + 2**20)
        return min(3 * block, most)

    @property
    def is_tiled(self) -> bool:
        """Whether it transforms tiles: see `Step.is_tiled`."""
        return self.choice.engine == "fft"

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about."""
        counts = [np.count_nonzero(factor) for factor in self.arithmetic.factors]
        taps = sum(counts) if self.choice.engine == "separable" else math.prod(counts)
        return CELL + TAP * min(int(taps), MOST_TAPS)

    def describe(self) -> dict[str, object]:
        """All that decides its result, as JSON."""
        return {
            "step": self.name,
            "kernel": self.kernel.describe(),
            "windows": described_windows(self.geometry, self.boundaries),
            "fill_value": number_text(self.boundaries.fill_value),
            "dtype": [self.numbers.source, self.numbers.compute, self.numbers.target],
            "engine": self.choice.engine,
        }

    @property
    def lengths(self) -> tuple[LengthNote, ...]:
        """What lengths became in cells."""
        return self.kernel.lengths

    def engine_note(self) -> str:
        """The engine and why."""
        return f"{self.choice.engine}: {self.choice.why}"


def window_step(
    name: str,
    meta: ArrayMeta,
    kernel: Kernel,
    options: WindowOptions,
    unit_factor: str | None = "",
) -> WindowStep:
    """The resolved step of a kernel over an array.

    Parameters
    ----------
    name : str
        The step's name.
    meta : ArrayMeta
        The input.
    kernel : Kernel
        Weights and their dimensions.
    options : WindowOptions
        What the user says of stride, padding and the rest.
    unit_factor : str, optional
        As in `BlockStep`.

    Raises
    ------
    VolconvError
        The child that names what is wrong.
    """
    geometry, boundaries = windows_of(meta, kernel.sizes, options)
    numbers = numbers_of(
        meta.dtype, kernel.factors[0], boundaries.fill_value, options.dtype
    )
    check_held(kernel, np.dtype(numbers.compute))
    target = replace(
        meta.with_sizes(geometry.out_sizes(meta.sizes), geometry.jumps()),
        dtype=numbers.target,
    )
    factored = kernel if kernel.is_separable else factored_kernel(kernel, meta.dims)
    choice = choose_engine(
        options.engine,
        math.prod(int(np.count_nonzero(factor)) for factor in kernel.factors),
        None
        if factored is None
        else [int(np.count_nonzero(factor)) for factor in factored.factors],
        [geometry[dim].stride for dim in (factored or kernel).dims],
        numbers.compute,
        taps_and_strides(geometry, meta.dims),
        _box(kernel, geometry, meta.dims),
    )
    arithmetic = factored if choice.engine == "separable" and factored else kernel
    return WindowStep(
        name,
        kernel,
        geometry,
        boundaries,
        numbers,
        choice,
        arithmetic,
        meta,
        target,
        unit_factor,
    )


def check_held(kernel: Kernel, compute: np.dtype[Any]) -> None:
    """Refuse weights beyond the range of the arithmetic, where each would be infinite.

    Raises
    ------
    KernelError
    """
    if compute.kind not in "fc":
        return
    largest = max(float(np.abs(factor).max()) for factor in kernel.factors)
    most = float(np.finfo(compute).max)
    if largest > most:
        raise KernelError(
            "kernel",
            f"weights up to {largest:.4g} under {compute} arithmetic",
            f"weights up to {most:.4g}",
            'say dtype="float64", or scale the weights',
        )


def _box(kernel: Kernel, geometry: Geometry, dims: Sequence[str]) -> int | None:
    """What a kernel of one weight along one dimension costs: see `choose_engine`."""
    lines = [factor for factor in kernel.along(dims) if factor.size > 1]
    if len(lines) != 1:
        return None
    windows = [geometry[dim] for dim in dims]
    strides, dilations = zip(*((w.stride, w.dilation) for w in windows), strict=True)
    return box_operations(lines[0], strides, dilations)


def taps_and_strides(geometry: Geometry, dims: Sequence[str]) -> list[tuple[int, int]]:
    """Taps and stride along each dimension of several taps: see `choose_engine`."""
    windows = [geometry[dim] for dim in dims]
    return [
        (window.size, window.stride // math.gcd(window.stride, window.dilation))
        for window in windows
        if window.size > 1
    ]


def factored_kernel(kernel: Kernel, dims: Sequence[str]) -> Kernel | None:
    """The kernel by its factors, in the order of an array's dims; None if it has none."""
    (weights,) = kernel.factors
    if weights.dtype.kind == "c" or weights.ndim < 2:
        return None
    order = [dim for dim in dims if dim in kernel.dims]
    ordered = weights.transpose([kernel.dims.index(dim) for dim in order])
    found = factorise(ordered.astype(float))
    if found is None:
        return None
    kept = {
        dim: factor
        for dim, factor in zip(order, found, strict=True)
        if factor is not None
    }
    return Kernel(tuple(kept), tuple(kept.values()))
