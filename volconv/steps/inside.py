"""Means of the cells of each window that lie in the array: padded cells do not count.

Of a window that begins before the axis, two of three cells count::

        |0|1|2|3|4|      cells
      |_|x|x|            window 0: (x0 + x1) / 2
          |x|x|x|        window 1: (x1 + x2 + x3) / 3
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from volconv.compute import aligned_empty
from volconv.compute.numbers import cast as in_dtype
from volconv.compute.numbers import numbers_of
from volconv.compute.parts import parts
from volconv.compute.pointwise import PART_CELLS, canonical, planes
from volconv.geometry import Interval, Window
from volconv.kernels import Kernel
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep
from volconv.steps.window import WindowOptions, WindowStep, window_step, windows_of

__all__ = ["InsideStep", "inside_mean_step"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class InsideMean:
    """Sums of windows over numbers of cells.

    Parameters
    ----------
    sums : WindowStep
        Sums up windows whose padded cells hold zero.
    counts : tuple of ndarray
        For each axis, cells of each output's window that lie in the array.
    target : str
        dtype of the outputs: rounded half to even, and saturated.
    """

    sums: WindowStep
    counts: tuple[Array, ...]
    target: str

    def of_outputs(self, box: Sequence[Interval]) -> InsideMean:
        """The operation of some of the outputs."""
        counts = tuple(
            count[side.slice] for count, side in zip(self.counts, box, strict=True)
        )
        return replace(self, counts=counts)

    def __call__(self, block: Array, out: Array) -> None:
        """Write each output of a block that has its halo."""
        compute = np.dtype(self.sums.target.dtype)
        is_direct = compute == np.dtype(self.target)
        sums = out if is_direct else aligned_empty(out.shape, compute)
        self.sums.compute(block, sums)
        with np.errstate(all="ignore"):
            for part in parts(out.shape, PART_CELLS):
                values = sums[part]
                count = self.count(part)
                for plane in planes(values):
                    np.divide(plane, count, out=plane)
                out[part] = in_dtype(canonical(values), self.target)

    def count(self, part: Sequence[slice]) -> Array:
        """Cells of each window of a part that lie in the array."""
        real = np.dtype(self.sums.target.dtype).type(0).real.dtype
        found = np.ones((1,) * len(part), real)
        for axis, (side, count) in enumerate(zip(part, self.counts, strict=True)):
            shape = [-1 if axis == other else 1 for other in range(len(part))]
            found = found * count[side].astype(real).reshape(shape)
        return found

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most: the sums, and a part's numbers."""
        size = np.dtype(self.sums.target.dtype).itemsize
        part = 40 * min(outputs, PART_CELLS) + 16 * sum(map(len, self.counts))
        return self.sums.work_bytes(outputs, cells) + size * outputs + part

    def describe(self) -> Mapping[str, object]:
        """All that decides its values beside the windows, as JSON."""
        return {
            "count_padding": False,
            "kernel": self.sums.kernel.describe(),
            "compute": self.sums.numbers.compute,
            "engine": self.sums.choice.engine,
        }

    def note(self) -> str:
        """How it is computed."""
        return f"{self.sums.engine_note()}; over the cells inside"


@dataclass(frozen=True, eq=False)
class InsideStep(BlockStep):
    """A step whose windows have fewer cells at the edges: see `BlockStep`."""

    def of_box(self, box: Sequence[Interval]) -> InsideStep:
        """The step with the numbers of cells of a box: see `PlacedStep`."""
        operation = cast("InsideMean", self.operation)
        return replace(self, operation=operation.of_outputs(box))

    @property
    def is_tiled(self) -> bool:
        """Whether it transforms tiles: see `Step.is_tiled`."""
        return cast("InsideMean", self.operation).sums.is_tiled

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about."""
        return cast("InsideMean", self.operation).sums.cell_cost + 1


def inside_mean_step(
    name: str, meta: ArrayMeta, sizes: Mapping[str, int], options: WindowOptions
) -> InsideStep:
    """The step of means over the cells of windows that lie in the array.

    Parameters
    ----------
    name : str
        The step's name.
    meta : ArrayMeta
        The input.
    sizes : mapping of str to int
        Cells of a window along each of its dimensions.
    options : WindowOptions
        What the user says of stride, padding and the rest; of what padded cells hold,
        nothing.
    """
    windows_of(meta, sizes, options)  # refuses a boundary that is none
    ones = Kernel(tuple(sizes), tuple(np.ones(size) for size in sizes.values()))
    numbers = numbers_of(meta.dtype, ones.factors[0], 0, options.dtype)
    inner = replace(options, boundary="constant", fill_value=0, dtype=numbers.compute)
    sums = window_step(name, meta, ones, inner)
    counts = tuple(
        cells_inside(sums.geometry[dim], meta.sizes[dim], outputs)
        for dim, outputs in zip(meta.dims, sums.target.shape, strict=True)
    )
    return InsideStep(
        name,
        InsideMean(sums, counts, numbers.target),
        sums.geometry,
        sums.boundaries,
        meta,
        replace(sums.target, dtype=numbers.target),
    )


def cells_inside(window: Window, cells: int, outputs: int) -> Array:
    """Cells of each output's window that lie on an axis.

    Examples
    --------
    >>> cells_inside(Window(3, stride=2, padding=(1, 2)), 5, 3)
    array([2, 3, 2])
    """
    starts = np.arange(outputs) * window.stride - window.padding[0]
    first = np.maximum(0, -(starts // window.dilation))
    stop = np.minimum(window.size, -((starts - cells) // window.dilation))
    found: Array = np.maximum(0, stop - first)
    return found
