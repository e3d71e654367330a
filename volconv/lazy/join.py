"""A step over several Dask arrays: cell by cell, or one array behind the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from volconv.geometry import Part
from volconv.steps import Join
from volconv.steps.plain import plain_cells

__all__ = ["lazy_join"]


def lazy_join(step: Join, arrays: Sequence[da.Array]) -> da.Array:
    """The step's output as a Dask array; nothing is computed.

    Parameters
    ----------
    step : Join
        Resolved for the arrays' shape and dtypes.
    arrays : sequence of dask array
        Its inputs. The result has the chunks of the first, or of all.
    """
    dtype = np.dtype(step.target.dtype)
    for dim, window in step.geometry:
        if isinstance(window, Part):
            found: da.Array = da.concatenate(
                [array.astype(dtype) for array in arrays], axis=step.source.index(dim)
            )
            return found
    whole = next(array for array in arrays if array.shape == step.target.shape)
    result: da.Array = da.map_blocks(
        JoinFunction(step),
        *(array.rechunk(chunks_beside(whole, array)) for array in arrays),
        chunks=whole.chunks,
        dtype=dtype,
        meta=np.empty((0,) * whole.ndim, dtype=dtype),
    )
    return result


def chunks_beside(whole: da.Array, array: da.Array) -> tuple[tuple[int, ...], ...]:
    """The chunks of an array, and one where a cell is taken for all of an axis."""
    return tuple(
        chunks if cells == size else (cells,)
        for chunks, size, cells in zip(
            whole.chunks, whole.shape, array.shape, strict=True
        )
    )


@dataclass(frozen=True, eq=False)
class JoinFunction:
    """What is done with the chunks that lie in one place."""

    step: Join

    @property
    def __name__(self) -> str:
        """What Dask calls the tasks: the step's name."""
        return self.step.name

    def __call__(self, *blocks: NDArray[Any]) -> NDArray[Any]:
        """Outputs of the chunks."""
        return self.step.combine([plain_cells(block) for block in blocks])

    def __dask_tokenize__(self) -> tuple[object, ...]:
        return (type(self).__qualname__, self.step.describe())
