"""A step over a Dask array: halos from the chunks beside, then one call for each chunk.

A chunk owns the outputs that lie in its place, and has halos of its neighbours' cells.
Boundaries are filled inside the block function, from the block's true position; a wrapped
axis is first extended by copies of its far sides. A task carries its own place alone, and
no large weights, so that what a cluster is sent grows with the chunks and no faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.delayed import Delayed, delayed
from dask.layers import ArrayBlockwiseDep
from numpy.typing import NDArray

from volconv.boundary import runs
from volconv.geometry import Interval, Window, even_chunks
from volconv.lazy.ownership import Ownership, owned_chunks
from volconv.steps import Step, compute_cells
from volconv.steps.plain import plain_cells

__all__ = ["lazy_step"]

CARRIED_BYTES = 4 * 2**10
"""Bytes of weights that each task of a step carries, at most: about as many as the rest
of a task takes on its way to a cluster."""


def lazy_step(step: Step, data: da.Array) -> da.Array:
    """The step's output as a Dask array; nothing is computed.

    Parameters
    ----------
    step : Step
        Resolved for the array's shape and dtype.
    data : dask array
        The step's input. Chunks too small for the window are merged.

    Returns
    -------
    dask array
        Its chunks are those of the data over the stride, alike but for the last one
        where the data's are.
    """
    windows = [step.geometry[dim] for dim in step.source.dims]
    kinds = [step.boundaries[dim] for dim in step.source.dims]
    before = [window.padding[0] for window in windows]
    shifts, even = [], []
    for axis, outputs in enumerate(step.target.shape):
        window, shift = windows[axis], 0
        even.append(even_chunks(data.chunks[axis], window, outputs))
        if min(window.padding) < 0:
            data, shift = cropped(data, axis, window)
            windows[axis], before[axis] = Window(1), 0
        elif kinds[axis] == "wrap" and any(window.padding):
            data, shift = extended(data, axis, window, outputs)
            windows[axis], before[axis] = window.padded, shift
        shifts.append(shift)
    owned = [
        owned_chunks(
            data.chunks[axis], windows[axis], kinds[axis], outputs, before[axis]
        )
        for axis, outputs in enumerate(step.target.shape)
    ]
    data = data.rechunk(tuple(one.chunk_sizes for one in owned))
    chunk_function = ChunkFunction(step, tuple(shifts), tuple(kinds), data.shape)
    if any(any(one.halo) for one in owned):
        data = da.overlap.overlap(
            data,
            depth={axis: one.halo for axis, one in enumerate(owned)},
            boundary="none",
            allow_rechunk=False,
        )
    dtype = np.dtype(step.target.dtype)
    axes = tuple(range(data.ndim))
    result: da.Array = da.blockwise(
        chunk_outputs,
        axes,
        *(data, axes),
        *(Places(owned), axes),
        *(shared(chunk_function), None),
        token=step.name,
        align_arrays=False,
        adjust_chunks={axis: one.output_sizes for axis, one in enumerate(owned)},
        dtype=dtype,
        meta=np.empty((0,) * data.ndim, dtype=dtype),
    )
    wanted = tuple(
        one.output_sizes if sizes is None else sizes
        for one, sizes in zip(owned, even, strict=True)
    )
    return result if wanted == result.chunks else result.rechunk(wanted)


def extended(
    data: da.Array, axis: int, window: Window, outputs: int
) -> tuple[da.Array, int]:
    """The array with copies of its far sides along a wrapped axis, and how many before."""
    cells = data.shape[axis]
    wanted = window.source(Interval(0, outputs))
    whole = Interval(min(0, wanted.start), max(cells, wanted.stop))
    shift = max(0, -wanted.start)
    if whole.size > 3 * cells:
        # more than once around on a side: a graph would grow with every turn
        data = data.rechunk({axis: -1})
        chunks = [*data.chunks[:axis], (whole.size,), *data.chunks[axis + 1 :]]
        turned: da.Array = da.map_blocks(
            turned_around,
            data,
            axis=axis,
            whole=whole,
            chunks=chunks,
            dtype=data.dtype,
            meta=np.empty((0,) * data.ndim, dtype=data.dtype),
        )
        return turned, shift
    index: list[slice] = [slice(None)] * data.ndim
    parts = []
    for piece in runs(whole, cells, "wrap"):
        if piece.source is not None:
            index[axis] = piece.source.slice
            parts.append(data[tuple(index)])
    return da.concatenate(parts, axis=axis), shift


def turned_around(
    cells: NDArray[Any], axis: int, whole: Interval
) -> NDArray[np.generic]:
    """Cells of an interval that goes around an axis and around again."""
    turns = np.arange(whole.start, whole.stop) % cells.shape[axis]
    found: NDArray[np.generic] = cells.take(turns, axis)
    return found


def cropped(data: da.Array, axis: int, window: Window) -> tuple[da.Array, int]:
    """The array without the cells that a window leaves out, and the shift of its index.

    So that chunks outside are no part of the graph.
    """
    assert window.size == window.stride == 1, "windows that leave cells out are of crop"
    before, after = window.padding
    index = [slice(None)] * data.ndim
    index[axis] = slice(-before, data.shape[axis] + after)
    return data[tuple(index)], before


class Places(ArrayBlockwiseDep):
    """Of each chunk its outputs, and the first of its cells: what a task is told.

    Parameters
    ----------
    owned : sequence of Ownership
        Chunks and outputs of each axis.
    """

    def __init__(self, owned: Sequence[Ownership]) -> None:
        super().__init__(tuple(one.chunk_sizes for one in owned))
        self.owned = tuple(owned)

    def __getitem__(
        self, index: tuple[int, ...]
    ) -> tuple[tuple[Interval, ...], tuple[int, ...]]:
        chosen = list(zip(self.owned, index, strict=True))
        return (
            tuple(one.outputs[number] for one, number in chosen),
            tuple(one.origin(number) for one, number in chosen),
        )

    def __dask_tokenize__(self) -> tuple[object, ...]:
        axes = [(one.chunk_sizes, one.output_sizes, one.halo) for one in self.owned]
        return type(self).__qualname__, axes


@dataclass(frozen=True, eq=False)
class ChunkFunction:
    """What each chunk does with its cells and its halo; the same for all of them.

    Parameters
    ----------
    step : Step
        The step.
    shifts : tuple of int
        Cells that a wrapped axis was extended by at its beginning.
    kinds : tuple of str
        The boundary of each axis.
    sizes : tuple of int
        Cells of each axis, extended.
    """

    step: Step
    shifts: tuple[int, ...]
    kinds: tuple[str, ...]
    sizes: tuple[int, ...]

    def __dask_tokenize__(self) -> tuple[object, ...]:
        return (
            type(self).__qualname__,
            self.step.describe(),
            self.step.source,
            self.step.target,
            self.shifts,
            self.kinds,
            self.sizes,
        )


def shared(function: ChunkFunction) -> ChunkFunction | Delayed:
    """The function for a task to carry, or a key of it where it has large weights.

    Each worker is given a key once. But Dask makes one task of a chunk's halo and its
    outputs only where these depend on the halo alone, so that a small one has no key.
    """
    sizes = {id(array): array.nbytes for array in arrays_in(function)}
    if sum(sizes.values()) <= CARRIED_BYTES:
        return function
    name = f"{function.step.name}-step-{tokenize(function)}"
    found: Delayed = delayed(function, name=name, pure=True, traverse=False)
    return found


def arrays_in(value: object) -> Iterator[NDArray[Any]]:
    """The arrays of a value and of its fields, items and theirs."""
    if isinstance(value, np.ndarray):
        yield value
    parts: Iterable[object] = ()
    if is_dataclass(value) and not isinstance(value, type):
        parts = (getattr(value, field.name) for field in fields(value))
    elif isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, list | tuple):
        parts = value
    for part in parts:
        yield from arrays_in(part)


def chunk_outputs(
    cells: NDArray[Any],
    place: tuple[tuple[Interval, ...], tuple[int, ...]],
    function: ChunkFunction,
) -> NDArray[Any]:
    """Outputs that one chunk owns."""
    box, origin = place
    return compute_cells(
        function.step,
        plain_cells(cells),
        box,
        origin=origin,
        sizes=function.sizes,
        kinds=function.kinds,
        shifts=function.shifts,
    )
