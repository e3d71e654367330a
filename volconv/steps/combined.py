"""Several kernels over one padded block, combined cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute import aligned_empty, cast, cast_bytes, numbers_of
from volconv.compute.combine import RULES
from volconv.compute.parts import parts
from volconv.compute.pointwise import number_text
from volconv.compute.windows import cells_under
from volconv.geometry import Geometry, Window
from volconv.kernels import Kernel
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep, block_step
from volconv.steps.options import WindowOptions, windows_of
from volconv.steps.window import WindowStep, window_step

__all__ = ["Combined", "combined_step"]

Array = NDArray[Any]

PART_CELLS = 2**17
"""Outputs of a part, where cutting a block makes no sum twice: their sums under all
kernels stay in the cache (512 KiB of float32 for each)."""


@dataclass(frozen=True, eq=False)
class Combined:
    """Sums of several kernels, combined cell by cell.

    Parameters
    ----------
    kernels : tuple of WindowStep
        Without padding; their source is a padded block's.
    margins : tuple of tuple of int
        For each kernel, cells that it leaves out on either side of each axis of a block.
    windows : tuple of Window
        For each axis, the one that holds all kernels, without padding.
    rule : str
        One of `volconv.compute.combine.RULES`.
    amount : float
        A number that the rule takes.
    target : str
        dtype of the outputs.
    """

    kernels: tuple[WindowStep, ...]
    margins: tuple[tuple[int, ...], ...]
    windows: tuple[Window, ...]
    rule: str
    amount: float
    target: str

    def __call__(self, block: Array, out: Array) -> None:
        """Write every output of a padded block."""
        compute = np.dtype(self.compute)
        memory: list[Array] = []
        for part in parts(out.shape, self.part_cells or max(1, out.size)):
            cells = cells_under(block, self.windows, part)
            shape = tuple(side.stop - side.start for side in part)
            if not memory:  # the first part is the largest: its memory serves for all
                memory = [aligned_empty(shape, compute) for _ in self.kernels]
            here = tuple(slice(size) for size in shape)
            sums = [one[here] for one in memory]
            for kernel, margin, total in zip(
                self.kernels, self.margins, sums, strict=True
            ):
                inner = tuple(
                    slice(cut, size - cut)
                    for cut, size in zip(margin, cells.shape, strict=True)
                )
                kernel.compute(cells[inner], total)
            with np.errstate(all="ignore"):
                RULES[self.rule](sums, self.amount)
                out[part] = cast(sums[0], self.target)

    @property
    def compute(self) -> str:
        """Dtype of the sums."""
        return self.kernels[0].target.dtype

    @property
    def part_cells(self) -> int | None:
        """Outputs of a part; None where passes would sum the halo of each again."""
        in_passes = any(kernel.choice.engine == "separable" for kernel in self.kernels)
        return None if in_passes else PART_CELLS

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most: the sums, and what the last one needs."""
        if self.part_cells is not None:
            # a part has at least one row, whose length is not known here
            outputs = min(outputs, 4 * self.part_cells)
            cells = min(cells, 16 * self.part_cells)
        size = np.dtype(self.compute).itemsize
        sums = (len(self.kernels) - 1) * size * outputs
        sums += cast_bytes(self.compute, self.target, outputs)
        return sums + max(kernel.work_bytes(outputs, cells) for kernel in self.kernels)

    def describe(self) -> Mapping[str, object]:
        """The rule and the kernels, as JSON."""
        return {
            "rule": self.rule,
            "amount": number_text(self.amount),
            "compute": self.compute,
            "kernels": [
                {"kernel": kernel.kernel.describe(), "engine": kernel.choice.engine}
                for kernel in self.kernels
            ],
        }

    def note(self) -> str:
        """How it is computed."""
        engines = sorted({kernel.choice.engine for kernel in self.kernels})
        return (
            f"{', '.join(engines)}: {len(self.kernels)} kernels over one padded block, "
            f"{self.rule}"
        )


def combined_step(
    name: str,
    meta: ArrayMeta,
    kernels: Sequence[Kernel],
    rule: str,
    options: WindowOptions,
    *,
    amount: float = 0.0,
    unit_factor: str | None = "",
) -> BlockStep:
    """The resolved step of several kernels over an array.

    Parameters
    ----------
    name : str
        The step's name.
    meta : ArrayMeta
        The input.
    kernels : sequence of Kernel
        Of float weights, each of odd size along each dimension, one centre for all.
    rule : str
        One of `volconv.compute.combine.RULES`.
    options : WindowOptions
        What the user says of stride, padding and the rest.
    amount : float
        A number that the rule takes.
    unit_factor : str, optional
        As in `BlockStep`.
    """
    geometry, boundaries = windows_of(meta, joint_sizes(kernels), options)
    numbers = numbers_of(meta.dtype, kernels[0].factors[0], 0, options.dtype)
    bare = Geometry(
        tuple((dim, replace(window, padding=(0, 0))) for dim, window in geometry)
    )
    padded = {dim: meta.sizes[dim] + sum(window.padding) for dim, window in geometry}
    inner = WindowOptions(
        stride=bare.strides(), dtype=numbers.compute, engine=options.engine
    )
    steps = tuple(
        window_step(name, meta.with_sizes(padded, {}), kernel, inner)
        for kernel in kernels
    )
    operation = Combined(
        steps,
        tuple(margins_of(kernel, bare, meta.dims) for kernel in kernels),
        tuple(bare[dim] for dim in meta.dims),
        rule,
        amount,
        numbers.target,
    )
    return block_step(
        name,
        meta,
        operation,
        numbers.target,
        windows=(geometry, boundaries),
        unit_factor=unit_factor,
        lengths=tuple(note for kernel in kernels for note in kernel.lengths),
    )


def joint_sizes(kernels: Sequence[Kernel]) -> dict[str, int]:
    """Size along each dimension of the window that all kernels fit in."""
    dims = dict.fromkeys(dim for kernel in kernels for dim in kernel.dims)
    return {dim: max(kernel.sizes.get(dim, 1) for kernel in kernels) for dim in dims}


def margins_of(
    kernel: Kernel, windows: Geometry, dims: Sequence[str]
) -> tuple[int, ...]:
    """Cells of the windows before a kernel in their middle, and as many after it."""
    return tuple((windows[dim].size - kernel.sizes.get(dim, 1)) // 2 for dim in dims)
