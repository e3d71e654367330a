"""Volumes, kernels and prepared engines that the benchmarks share."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from volconv.compute import aligned_empty
from volconv.kernels import Kernel
from volconv.meta import ArrayMeta, Axis
from volconv.steps import WindowOptions
from volconv.steps.window import WindowStep, window_step

Array = NDArray[Any]
DIMS = ("z", "y", "x")


@dataclass(frozen=True)
class Cases:
    """What a run of the benchmarks is about.

    Attributes
    ----------
    is_tiny : bool
        Whether it is only to show that everything works.
    """

    is_tiny: bool

    def volume(self, dtype: str = "float32", *, is_large: bool = False) -> Array:
        """A volume of noise."""
        shape = (256, 256, 256) if is_large else (64, 256, 256)
        if self.is_tiny:
            shape = (12, 20, 24)
        cells: Array = np.random.default_rng(7).standard_normal(shape, dtype="f4")
        if np.dtype(dtype).kind in "iu":
            cells = (100 + 30 * cells).clip(0, 200)
        found: Array = cells.astype(dtype)
        return found

    def kernel(self, size: int, dtype: str = "float32") -> Array:
        """Weights that are no product of factors."""
        weights = np.random.default_rng(size).standard_normal((size,) * 3)
        found: Array = (weights / size**1.5).astype(dtype)
        return found


def labelled(cells: Array) -> xr.DataArray:
    """The cells as a user of the public functions holds them."""
    return xr.DataArray(cells, dims=DIMS)


def prepared(
    block: Array, kernel: Kernel, stride: int, threads: int = 1
) -> Callable[[], Array]:
    """The engine alone: from a padded block to an output that is there already.

    On several threads each takes a slab of the output, and has a core of its own: two
    that wake on one core would take turns for longer than the work takes.
    """
    step = step_of(block, kernel, stride)
    out = aligned_empty(step.target.shape, np.dtype(step.target.dtype))
    if threads == 1:
        return lambda: step.compute(block, out)
    span = step.geometry["z"].span
    parts = [
        (block[part.start * stride : (part.stop - 1) * stride + span], out[part])
        for part in slabs(out.shape, threads)
    ]
    pool = ThreadPoolExecutor(threads, initializer=own_core())

    def run() -> Array:
        list(pool.map(lambda part: step.compute(*part), parts))
        return out

    return run


def own_core() -> Callable[[], None] | None:
    """What gives each thread that calls it the next core; None where that is not known."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    cores = itertools.cycle(sorted(os.sched_getaffinity(0)))
    return lambda: os.sched_setaffinity(0, {next(cores)})


def step_of(block: Array, kernel: Kernel, stride: int) -> WindowStep:
    """The step over a block that has its halo."""
    axes = tuple(Axis(dim, n) for dim, n in zip(DIMS, block.shape, strict=True))
    meta = ArrayMeta(axes, block.dtype.name)
    return window_step("correlate", meta, kernel, WindowOptions(stride=stride))


def slabs(shape: Sequence[int], threads: int) -> Iterator[slice]:
    """Equal parts of the first axis of an output, one for each thread."""
    thick = math.ceil(shape[0] / threads)
    for start in range(0, shape[0], thick):
        yield slice(start, min(start + thick, shape[0]))
