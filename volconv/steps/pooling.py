"""Steps that put one value in a window's place: mean, largest, smallest, and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from volconv.compute import checked_dtype
from volconv.compute.pooling import Pool
from volconv.errors import NumberError
from volconv.geometry import PerDim
from volconv.kernels import SizeLike, sizes_of
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep, block_step
from volconv.steps.box import box_kernel
from volconv.steps.fields import (
    BoundaryName,
    ByDim,
    Count,
    Dims,
    EngineName,
    Flag,
    Sizes,
)
from volconv.steps.missing import EvenWeights, Missing, check_flag
from volconv.steps.options import WindowOptions, windows_of
from volconv.steps.pointwise import chosen
from volconv.steps.renormalised import KernelStep, kernel_step
from volconv.steps.settings import BEYOND, PaddedSettings, RenormalisedSettings

__all__ = ["mean_pool_step", "pool_step"]

CELL_METHODS = {
    "max": "maximum",
    "min": "minimum",
    "median": "median",
    "mode": "mode",
}
"""What CF calls the order statistics."""


class PoolSettings(PaddedSettings):
    """Settings that all pooling steps share."""

    default_boundary: ClassVar[str] = "edge"

    size: Sizes
    """Cells of a window, or a text such as 6 mm; for all dimensions or by name."""

    dims: Dims | None = None
    """Dimensions that one size for all goes to: by default all, or those of its unit."""

    stride: ByDim[Count] | None = None
    """Cells from one output to the next: by default the size."""

    dilation: ByDim[Count] = 1
    """Cells from one cell of a window to the next."""

    boundary: ByDim[BoundaryName] = "edge"
    """What padded cells hold, as in numpy.pad."""

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return replace(super().options(), dilation=self.dilation)


class MeanPool(PoolSettings, RenormalisedSettings):
    """Mean of each window, by default of windows side by side; of integers a float."""

    step_name: ClassVar[str] = "mean_pool"

    count_padding: Flag = True
    """Whether padded cells count; if not, the mean is of the cells inside."""

    engine: EngineName = "auto"
    """The arithmetic; auto chooses from the kernel."""

    def notes(self) -> list[str]:
        """What is no fault but may not be what was meant."""
        if self.count_padding or self.padding == "valid":
            return super().notes()
        return self.idle(BEYOND, "padding does not count")

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return replace(super().options(), engine=self.engine)

    def resolve(self, source: ArrayMeta) -> KernelStep:
        """The step for an input."""
        return mean_pool_step(
            source,
            self.size,
            self.stride,
            self.dims,
            self.options(),
            count_padding=self.count_padding,
        )


class OrderSettings(PoolSettings):
    """Settings of steps that choose one value of each window."""

    kind: ClassVar[str]
    """Which one: see `pool_step`."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return pool_step(
            self.kind, source, self.size, self.stride, self.dims, self.options()
        )


class MaxPool(OrderSettings):
    """Largest value of each window, by default of windows side by side."""

    step_name: ClassVar[str] = "max_pool"
    kind: ClassVar[str] = "max"


class MinPool(OrderSettings):
    """Smallest value of each window, by default of windows side by side."""

    step_name: ClassVar[str] = "min_pool"
    kind: ClassVar[str] = "min"


class MedianPool(OrderSettings):
    """Middle value of each window; of an even number of integers, the lower one."""

    step_name: ClassVar[str] = "median_pool"
    kind: ClassVar[str] = "median"


class ModePool(OrderSettings):
    """Most frequent label of each window; of several, the smallest."""

    step_name: ClassVar[str] = "mode_pool"
    kind: ClassVar[str] = "mode"


def mean_pool_step(
    meta: ArrayMeta,
    size: SizeLike,
    stride: PerDim | None,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
    *,
    count_padding: bool = True,
) -> KernelStep:
    """Mean of each window, or of those of its cells that lie in the array."""
    kernel = box_kernel(meta, size, dims)
    moved = side_by_side(kernel.sizes, stride, options)
    if not check_flag("count_padding", count_padding):
        windows_of(meta, kernel.sizes, moved)  # refuses a boundary that is none
        moved = without_padding(moved)
    return kernel_step("mean_pool", meta, kernel, moved)


def without_padding(options: WindowOptions) -> WindowOptions:
    """The options, with padded cells that have no weight."""
    missing = options.missing or Missing(skipna=False)
    if missing.weights is None:
        missing = replace(missing, weights=EvenWeights())
    return replace(options, boundary="constant", fill_value=0, missing=missing)


def pool_step(
    kind: str,
    meta: ArrayMeta,
    size: SizeLike,
    stride: PerDim | None,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
) -> BlockStep:
    """An order statistic of each window: ``max``, ``min``, ``median`` or ``mode``."""
    cells = checked_dtype("data", meta.dtype)
    if cells.kind == "c" or (kind == "mode" and cells.kind == "f"):
        expected = "labels: integers or booleans" if kind == "mode" else "real numbers"
        fix = "cast first" if kind == "mode" else "take abs first"
        raise NumberError("data", f"{cells.name} under {kind}_pool", expected, fix)
    sizes, notes = sizes_of("size", size, dims, meta)
    geometry, boundaries = windows_of(meta, sizes, side_by_side(sizes, stride, options))
    target = chosen(options.dtype, cells.name)
    windows = tuple(replace(geometry[dim], padding=(0, 0)) for dim in meta.dims)
    return block_step(
        f"{kind}_pool",
        meta,
        Pool(kind, windows, cells.name, target),
        target,
        windows=(geometry, boundaries),
        cell_method=CELL_METHODS[kind],
        lengths=notes,
    )


def side_by_side(
    sizes: Mapping[str, int], stride: PerDim | None, options: WindowOptions
) -> WindowOptions:
    """The options, with the size for a stride along dimensions where none is given."""
    if stride is None or isinstance(stride, Mapping):
        stride = {**sizes, **(stride or {})}
    return replace(options, stride=stride)
