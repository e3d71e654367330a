"""The separable engine: one pass of taps along each window axis.

A kernel of f cells along each of k axes costs f k taps for an output instead of
f**k. The passes run in the order of the axes, each with its stride, so that later
ones see less; their results are rounded to the compute dtype in between. They are
fused over slabs that stay in cache (`fused`). A pass of one weight is summed by
doubling, which takes fewer additions than taps (`loops.doubling`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from volconv.compute.compiled.direct import engine as direct
from volconv.compute.compiled.direct.taps import Taps, box_of, taps_of
from volconv.compute.compiled.programs.correlator import (
    Array,
    Correlator,
    Geometry,
    ProgramCorrelator,
    dtypes,
)
from volconv.compute.compiled.separable.boxes import is_box, is_doubled
from volconv.compute.compiled.separable.fused import Fused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

    from volconv.compute.compiled.programs.program import Program

# Passes fused into one program; more axes are done one at a time before these.
MOST_FUSED = 3


def prepare(
    factors: Sequence[NDArray[np.float64] | None],
    stride: Sequence[int],
    dilation: Sequence[int],
    source_dtype: DTypeLike,
    compute_dtype: DTypeLike,
) -> Correlator:
    """The separable engine for one kernel.

    Parameters
    ----------
    factors : sequence of (1-D ndarray, float64, or None)
        One for each axis; the kernel is their outer product. None where there is no
        window. Taps of weight zero are left out of each.
    stride, dilation : sequence of int, cells
        For each axis.
    source_dtype : dtype_like
        Of the blocks: bool, integer or real floating, in either byte order.
    compute_dtype : dtype_like
        float32 or float64.

    Returns
    -------
    Correlator

    Raises
    ------
    TypeError
        If a dtype is not among these.

    Examples
    --------
    >>> box = np.ones(2)
    >>> correlator = prepare([box, box], [1, 1], [1, 1], np.uint8, np.float32)
    >>> out = np.empty((1, 2), np.float32)
    >>> correlator(np.array([[1, 2, 3], [4, 5, 6]], np.uint8), out)
    >>> out
    array([[12., 16.]], dtype=float32)
    """
    arrays = _with_one_scale(factors)
    source, compute = dtypes(source_dtype, compute_dtype)
    windows = [axis for axis, array in enumerate(arrays) if array.size > 1]
    shapes = [1] * len(arrays)
    if not windows or (len(windows) == 1 and not is_box(arrays, stride, dilation)):
        weights = np.ones(shapes)
        for axis in windows or [0]:
            shapes[axis] = -1
            weights = arrays[axis].reshape(shapes)
        return direct.prepare(weights, stride, dilation, source, compute)
    ends_in_window = windows[-1] == len(arrays) - 1
    if len(windows) > (MOST_FUSED if ends_in_window else MOST_FUSED - 1):
        return _chained(arrays, windows[0], stride, dilation, source, compute)
    held = tuple(array.tobytes() for array in arrays)
    return _prepared(held, tuple(stride), tuple(dilation), source, compute)


# The same kernel is often prepared anew, for another volume of the same shape: it finds
# the programs of the last time.
@lru_cache(maxsize=32)
def _prepared(
    weights: tuple[bytes, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    source: np.dtype[np.generic],
    compute: np.dtype[np.generic],
) -> Separable:
    """The engine for one to three axes with a window."""
    arrays = [np.frombuffer(factor) for factor in weights]
    size = tuple(array.size for array in arrays)
    windows = tuple(axis for axis, array in enumerate(arrays) if array.size > 1)
    passes = []
    for axis in windows:
        shape = [1] * len(arrays)
        shape[axis] = -1
        along = arrays[axis].reshape(shape)
        moves = stride[axis], dilation[axis]
        is_box = is_doubled(arrays[axis], *moves, is_last=axis == windows[-1])
        passes.append((box_of if is_box else taps_of)(along, axis))
    window = size, stride, dilation
    return Separable(*window, source, compute, windows, tuple(passes))


def _with_one_scale(
    factors: Sequence[NDArray[np.float64] | None],
) -> list[NDArray[np.float64]]:
    """A factor for each axis, all single weights gathered in one of them."""
    arrays = [
        np.ones(1) if factor is None else np.asarray(factor, dtype=np.float64)
        for factor in factors
    ]
    windows = [axis for axis, array in enumerate(arrays) if array.size > 1]
    chosen = windows[0] if windows else 0
    for axis, array in enumerate(arrays):
        if array.size == 1 and axis != chosen:
            arrays[chosen] = arrays[chosen] * array[0]
            arrays[axis] = np.ones(1)
    return arrays


def _chained(
    arrays: list[NDArray[np.float64]],
    axis: int,
    stride: Sequence[int],
    dilation: Sequence[int],
    source: np.dtype[np.generic],
    compute: np.dtype[np.generic],
) -> Correlator:
    """A pass along one axis, all others after it."""
    shape = [1] * len(arrays)
    shape[axis] = -1
    weights = arrays[axis].reshape(shape)
    rest = [np.ones(1) if a == axis else array for a, array in enumerate(arrays)]
    now = [s if r.size == 1 else 1 for s, r in zip(stride, rest, strict=True)]
    later = [s if r.size > 1 else 1 for s, r in zip(stride, rest, strict=True)]
    first = direct.prepare(weights, now, dilation, source, compute)
    second = prepare(rest, later, dilation, compute, compute)
    size = tuple(array.size for array in arrays)
    return Chain(size, tuple(stride), tuple(dilation), source, compute, first, second)


@dataclass(frozen=True, eq=False)
class Separable(ProgramCorrelator):
    """Correlator that sums along one to three axes in turn."""

    axes: tuple[int, ...]
    passes: tuple[Taps, ...]

    def _program(self, geometry: Geometry) -> Program | None:
        return _program(self, geometry)


# Blocks of a run have few geometries: the inner one and those at the far borders.
@lru_cache(maxsize=32)
def _program(separable: Separable, geometry: Geometry) -> Program | None:
    passes = dict(zip(separable.axes, separable.passes, strict=True))
    fused = Fused.of(separable, geometry, passes)
    return None if fused is None else fused.program()


@dataclass(frozen=True, eq=False)
class Chain(Correlator):
    """One correlator after another, through an array in between."""

    first: Correlator
    second: Correlator

    def __call__(self, block: Array, out: Array) -> None:
        """Write the correlation of a padded block to all of `out`."""
        self._check(block, out, block.shape)
        between = np.empty(self.first.output_shape(block.shape), self.compute_dtype)
        self.first(block, between)
        self.second(between, out)
