"""Windows of ranks, and how they are computed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from volconv.api.calls import token_of
from volconv.compat.arguments import Mode, all_axes, boundary_of, for_each, reach
from volconv.compat.arrays import Array, Output, Source, filtered
from volconv.compat.passes import Beyond, Cut, name_of, passed, window_options
from volconv.compat.windows import Ranked
from volconv.errors import DimError, GeometryError, KernelError, KindError, NumberError
from volconv.steps import Step
from volconv.steps.calls import map_windows_step
from volconv.steps.pooling import pool_step

__all__ = ["Sized", "ranked"]


@dataclass(frozen=True, eq=False)
class Sized:
    """A window as SciPy's arguments say it: see `maximum_filter`."""

    size: int | Sequence[int] | None
    footprint: ArrayLike | None
    mode: Mode
    cval: float
    origin: int | Sequence[int]
    axes: int | Iterable[int] | None

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
            sizes = [int(cells) for cells in for_each("size", self.size, axes)]
            return np.ones([max(1, cells) for cells in sizes], bool)
        mask = np.asarray(self.footprint, bool)
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
        axes = all_axes(sized.axes, source.ndim)
        mask = sized.mask(axes)
        taps = int(mask.sum())
        rank = rank_of(taps)
        if not 0 <= rank < taps:
            raise NumberError("rank", f"{rank} of {taps} cells", f"up to {taps - 1}")
        edges = edges_of(sized, axes, mask)
        if any(edge.boundary == "constant" for edge in edges):
            source = source.holding(sized.cval)
        if mask.size > 1 and source.array.size:
            source = passed(source, rank_step(source, axes, mask, rank, edges, sized))
        return source.mapped(Cut(dtype))

    return filtered(input, output, make)


def edges_of(
    sized: Sized, axes: tuple[int, ...], mask: NDArray[Any]
) -> tuple[Beyond, ...]:
    """What lies beyond each axis of a mask."""
    return tuple(
        Beyond(reach(size, origin), boundary_of(mode))
        for size, origin, mode in zip(
            mask.shape,
            for_each("origin", sized.origin, axes),
            for_each("mode", sized.mode, axes),
            strict=True,
        )
    )


def rank_step(
    source: Source,
    axes: tuple[int, ...],
    mask: NDArray[Any],
    rank: int,
    edges: tuple[Beyond, ...],
    sized: Sized,
) -> Step:
    """The step of a rank: pooling where it has it, else a function of windows."""
    sizes = {
        name_of(axis): size for axis, size in zip(axes, mask.shape, strict=True)
    }
    options = window_options(axes, mask.shape, edges, sized.cval, None)
    pools = {0: "min", mask.size - 1: "max"}
    if mask.size % 2:
        pools[mask.size // 2] = "median"
    if mask.all() and rank in pools:
        return pool_step(pools[rank], source.meta, sizes, 1, None, options)
    function = Ranked(mask.transpose(np.argsort(axes)), rank)
    return map_windows_step(
        source.meta, function, token_of(function), sizes, None, options
    )
