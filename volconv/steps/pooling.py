"""Steps that put one value in a window's place: mean, largest, smallest, and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic import StrictBool

from volconv.compute import checked_dtype
from volconv.compute.pooling import Pool
from volconv.errors import NumberError
from volconv.geometry import PerDim
from volconv.geometry.geometry import values_by_dim
from volconv.kernels import box
from volconv.kernels.named import check_size
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep, block_step
from volconv.steps.fields import (
    BoundaryName,
    ByDim,
    Count,
    Dims,
    EngineName,
    Sizes,
)
from volconv.steps.inside import InsideStep, inside_mean_step
from volconv.steps.pointwise import chosen
from volconv.steps.settings import PlacedSettings
from volconv.steps.window import WindowOptions, WindowStep, window_step, windows_of

__all__ = ["mean_pool_step", "pool_sizes", "pool_step"]


class PoolSettings(PlacedSettings):
    """Settings that all pooling steps share."""

    default_boundary: ClassVar[str] = "edge"

    size: Sizes
    """Cells of a window: one number, or one for each dimension by name."""

    dims: Dims | None = None
    """Dimensions that one size for all goes to: by default all."""

    stride: ByDim[Count] | None = None
    """Cells from one output to the next: by default the size."""

    dilation: ByDim[Count] = 1
    """Cells from one cell of a window to the next."""

    boundary: ByDim[BoundaryName] = "edge"
    """What padded cells hold, as in numpy.pad."""

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return replace(super().options(), dilation=self.dilation)


class MeanPool(PoolSettings):
    """Mean of each window, by default of windows side by side; of integers a float."""

    step_name: ClassVar[str] = "mean_pool"

    count_padding: StrictBool = True
    """Whether padded cells count; if not, the mean is of the cells inside."""

    engine: EngineName = "auto"
    """The arithmetic; auto chooses from the kernel."""

    def notes(self) -> list[str]:
        """What is no fault but may not be what was meant."""
        without_effect = {"boundary", "fill_value"} & self.model_fields_set
        if self.count_padding or not without_effect or self.padding == "valid":
            return super().notes()
        names = " and ".join(sorted(without_effect))
        return [f"{names}: no effect where padding does not count"]

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return replace(super().options(), engine=self.engine)

    def resolve(self, source: ArrayMeta) -> WindowStep | InsideStep:
        """The step for an input."""
        return mean_pool_step(
            source,
            self.size,
            self.stride,
            self.dims,
            self.options(),
            count_padding=self.count_padding,
        )


class MaxPool(PoolSettings):
    """Largest value of each window, by default of windows side by side."""

    step_name: ClassVar[str] = "max_pool"

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return pool_step(
            "max", source, self.size, self.stride, self.dims, self.options()
        )


class MinPool(PoolSettings):
    """Smallest value of each window, by default of windows side by side."""

    step_name: ClassVar[str] = "min_pool"

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return pool_step(
            "min", source, self.size, self.stride, self.dims, self.options()
        )


class MedianPool(PoolSettings):
    """Middle value of each window; of an even number of integers, the lower one."""

    step_name: ClassVar[str] = "median_pool"

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return pool_step(
            "median", source, self.size, self.stride, self.dims, self.options()
        )


class ModePool(PoolSettings):
    """Most frequent label of each window; of several, the smallest."""

    step_name: ClassVar[str] = "mode_pool"

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return pool_step(
            "mode", source, self.size, self.stride, self.dims, self.options()
        )


def mean_pool_step(
    meta: ArrayMeta,
    size: PerDim,
    stride: PerDim | None,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
    *,
    count_padding: bool = True,
) -> WindowStep | InsideStep:
    """Mean of each window, or of those of its cells that lie in the array."""
    sizes = pool_sizes(meta, size, dims)
    moved = side_by_side(sizes, stride, options)
    if not count_padding:
        return inside_mean_step("mean_pool", meta, sizes, moved)
    return window_step("mean_pool", meta, box(sizes), moved)


def pool_step(
    kind: str,
    meta: ArrayMeta,
    size: PerDim,
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
    sizes = pool_sizes(meta, size, dims)
    geometry, boundaries = windows_of(meta, sizes, side_by_side(sizes, stride, options))
    target = chosen(options.dtype, cells.name)
    windows = tuple(replace(geometry[dim], padding=(0, 0)) for dim in meta.dims)
    return block_step(
        f"{kind}_pool",
        meta,
        Pool(kind, windows, target),
        target,
        windows=(geometry, boundaries),
    )


def pool_sizes(
    meta: ArrayMeta, size: PerDim, dims: Sequence[str] | str | None
) -> dict[str, int]:
    """Cells of a window along each of its dimensions."""
    names = () if dims is None else dims
    if dims is None and not isinstance(size, Mapping):
        names = meta.dims
    found = {
        dim: check_size(f"size along {dim!r}", cells)
        for dim, cells in values_by_dim("size", size, names, meta).items()
    }
    box(dict.fromkeys(found, 1))  # refuses a window without a dimension
    return found


def side_by_side(
    sizes: Mapping[str, int], stride: PerDim | None, options: WindowOptions
) -> WindowOptions:
    """The options, with the size for a stride along dimensions where none is given."""
    if stride is None or isinstance(stride, Mapping):
        stride = {**sizes, **(stride or {})}
    return replace(options, stride=stride)
