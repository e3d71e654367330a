"""Windows of ranks, and how they are computed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from volconv.api.calls import token_of
from volconv.compat.arguments import (
    Mode,
    all_axes,
    ascending,
    boundaries_for,
    for_each,
    reach,
    sizes_for,
)
from volconv.compat.arrays import Array, Cut, Output, Source, as_dtype, filtered
from volconv.compat.passes import Beyond, name_of, window_options
from volconv.compat.windows import Ranked
from volconv.errors import DimError, GeometryError, KernelError, KindError, NumberError
from volconv.steps import Step
from volconv.steps.calls import map_windows_step
from volconv.steps.pooling import pool_step

__all__ = ["Sized", "ranked"]


@dataclass(frozen=True, eq=False)
class Sized:
    """A window as SciPy's arguments say it: see `maximum_filter`.

    `is_separable` where a full window has the given order of its axes: else it has the
    ascending one, as SciPy's have.
    """

    size: int | Sequence[int] | None
    footprint: ArrayLike | None
    mode: Mode
    cval: float
    origin: int | Sequence[int]
    axes: int | Iterable[int] | None
    is_separable: bool = False

    def __post_init__(self) -> None:
        if self.size is not None and self.footprint is not None:
            warnings.warn(
                "ignoring size because footprint is set", UserWarning, stacklevel=4
            )

    def mask(self, axes: tuple[int, ...]) -> NDArray[Any]:
        """Which cells of a window count, one axis for each of `axes`.

        Raises
        ------
        GeometryError, DimError, KernelError
            If there is no cell, none at all is given, or there are other axes.
        """
        if self.footprint is None:
            if self.size is None:
                raise GeometryError("size", "none", "a size, or a footprint")
            sizes = sizes_for(self.size, axes)
            return np.ones([max(1, cells) for cells in sizes], bool)
        mask = np.array(self.footprint, bool)  # a lazy result's own
        if mask.ndim != len(axes):
            raise DimError(
                "footprint", f"{mask.ndim} axes", f"{len(axes)}, one for each of axes"
            )
        if not mask.any():
            raise KernelError("footprint", "no cell", "at least one that counts")
        return mask


def ranked(
    input: Array, output: Output, sized: Sized, rank_of: Callable[[int], int]
) -> Array:
    """The value of some rank in each window.

    Parameters
    ----------
    input, output
        As in `filtered`.
    sized : Sized
        The window.
    rank_of : callable
        Takes the number of cells that count, and returns the rank, from 0.
    """

    def make(source: Source, dtype: np.dtype[Any]) -> Source:
        if source.dtype.kind == "c":
            raise KindError(
                "input", f"{source.dtype.name} cells", "real numbers", "take abs first"
            )
        given = all_axes(sized.axes, source.ndim)
        mask = sized.mask(given)
        taps = int(mask.sum())
        rank = rank_of(taps)
        if not 0 <= rank < taps:
            raise NumberError("rank", f"{rank} of {taps} cells", f"up to {taps - 1}")
        is_box = sized.is_separable and bool(mask.all())
        axes = given if is_box else tuple(sorted(given))
        edges = edges_of(sized, given, mask, source.ndim, is_box=is_box)
        cval = 0.0
        if any(edge.boundary == "constant" for edge in edges):
            cval = sized.cval
            if not mask.all() or rank not in {0, taps - 1}:  # SciPy casts it, then
                cval = as_dtype(np.array(float(cval)), source.dtype).item()
        if mask.size == 1 or not source.array.size:
            return source.mapped(Cut(dtype))
        windows = [Window(axes, mask, rank, edges)]
        if mask.all() and rank in {0, taps - 1} and dtype != source.dtype:
            windows = windows[0].by_axis()  # SciPy casts after each
        for window in windows:
            held = source.holding(cval)
            source = held.through(rank_step(held, window, cval)).mapped(Cut(dtype))
        return source

    return filtered(input, output, make)


def edges_of(
    sized: Sized, given: tuple[int, ...], mask: NDArray[Any], ndim: int, *, is_box: bool
) -> tuple[Beyond, ...]:
    """What lies beyond each axis of a mask: of a box in the given order of the axes."""
    boundaries = dict(zip(given, boundaries_for(sized.mode, given), strict=True))
    if is_box:
        axes: Sequence[int] = given
        origins = [
            origin if size > 1 else 0  # SciPy does not look at it
            for origin, size in zip(
                for_each("origin", sized.origin, given), mask.shape, strict=True
            )
        ]
    else:
        axes = sorted(given)
        origins = ascending("origin", sized.origin, given, ndim)
    return tuple(
        Beyond(reach(size, origin), boundaries[axis])
        for axis, size, origin in zip(axes, mask.shape, origins, strict=True)
    )


@dataclass(frozen=True, eq=False)
class Window:
    """A rank in windows along some axes.

    Parameters
    ----------
    axes : tuple of int
        Those of the mask.
    mask : ndarray of bool
        Which cells count.
    rank : int
        From 0, of those.
    edges : tuple of Beyond
        One for each axis.
    """

    axes: tuple[int, ...]
    mask: NDArray[Any]
    rank: int
    edges: tuple[Beyond, ...]

    def by_axis(self) -> list[Window]:
        """Windows along one axis each, for the first or the last rank of a full one."""
        return [
            Window((axis,), np.ones(size, bool), min(self.rank, size - 1), (edge,))
            for axis, size, edge in zip(
                self.axes, self.mask.shape, self.edges, strict=True
            )
            if size > 1
        ]


def rank_step(source: Source, window: Window, cval: float) -> Step:
    """The step of a rank: pooling where it has it, else a function of windows."""
    axes, mask, rank = window.axes, window.mask, window.rank
    sizes = {name_of(axis): size for axis, size in zip(axes, mask.shape, strict=True)}
    options = window_options(axes, mask.shape, window.edges, cval, None)
    pools = {0: "min", mask.size - 1: "max"}
    if mask.size % 2:
        pools[mask.size // 2] = "median"
    if mask.all() and rank in pools:
        return pool_step(pools[rank], source.meta, sizes, 1, None, options)
    function = Ranked(mask.transpose(np.argsort(axes)), rank)
    return map_windows_step(
        source.meta, function, token_of(function), sizes, None, options
    )
