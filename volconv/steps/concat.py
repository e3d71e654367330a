"""The step `concat`: results one behind the other along a dimension, as channels are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from volconv.compute import cast, cast_bytes, checked_dtype
from volconv.errors import DimError, NumberError
from volconv.geometry import Geometry, Part
from volconv.meta import ArrayMeta, Axis
from volconv.steps.joining import Joining, JoinSettings

__all__ = ["Concat", "ConcatStep", "concat_step"]


@dataclass(frozen=True, eq=False)
class ConcatStep(Joining):
    """Several inputs one behind the other, resolved for them.

    Parameters
    ----------
    name, sources, target
        As in `Joining`.
    dim : str
        The dimension along which they are put.
    """

    dim: str

    @property
    def geometries(self) -> tuple[Geometry, ...]:
        """For each input the window of its part of the outputs."""
        sizes = [source.axis(self.dim).size for source in self.sources]
        firsts = [0, *accumulate(sizes)]
        return tuple(
            Geometry(((self.dim, Part(size, 0, outputs=firsts[-1], first=first)),))
            for size, first in zip(sizes, firsts, strict=False)
        )

    def combine(
        self, blocks: Sequence[NDArray[Any]], out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Outputs of what a block has of each input; it may have nothing of some."""
        axis = self.source.index(self.dim)
        dtype = self.target.dtype
        parts = [cast(block, dtype) for block in blocks if block.shape[axis]]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis, out=out)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that `combine` allocates at most: the inputs, cast, and the result.

        The inputs are cast one after the other, and have as many cells together.
        """
        del cells
        dtype = self.target.dtype
        inputs = [cast_bytes(one.dtype, dtype, outputs) for one in self.sources]
        return outputs * np.dtype(dtype).itemsize + max(inputs)

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about."""
        return 0.5

    def describe(self) -> dict[str, object]:
        """All that decides its result, as JSON."""
        return {
            "step": self.name,
            "dim": self.dim,
            "sizes": [source.axis(self.dim).size for source in self.sources],
            "dtype": [*(source.dtype for source in self.sources), self.target.dtype],
        }

    def engine_note(self) -> str:
        """The engine and why."""
        return f"numpy: {len(self.sources)} results one behind the other"


class Concat(JoinSettings):
    """Several results one behind the other, such as channels of two branches."""

    step_name: ClassVar[str] = "concat"

    dim: str = "channel"
    """The dimension along which they are put."""

    def resolve_all(self, sources: Sequence[ArrayMeta]) -> ConcatStep:
        """The step for its inputs."""
        return concat_step(sources, self.dim, self.dtype)


def concat_step(
    sources: Sequence[ArrayMeta], dim: str, dtype: str | None
) -> ConcatStep:
    """Several inputs one behind the other along a dimension.

    Raises
    ------
    DimError
        If their dimensions, or sizes along others, differ.
    NumberError
        If complex numbers are to be stored as real ones.
    """
    first = sources[0]
    first.require([dim], "dim")
    axis = first.index(dim)
    for other in sources[1:]:
        alike = {**other.sizes, dim: first.sizes[dim]}
        if other.dims != first.dims or alike != first.sizes:
            raise DimError(
                "from",
                f"sizes {first.sizes} and {other.sizes}",
                f"results of one shape but along {dim!r}",
                "give both the same strides and paddings, or crop one of them",
            )
    natural = np.result_type(*(np.dtype(source.dtype) for source in sources))
    target = natural if dtype is None else checked_dtype("dtype", dtype)
    if natural.kind == "c" != target.kind:
        raise NumberError(
            "dtype", f"{target.name} for a complex result", "complex64 or complex128"
        )
    size = sum(source.axis(dim).size for source in sources)
    axes = [*first.axes[:axis], Axis(dim, size), *first.axes[axis + 1 :]]
    made = replace(first, axes=tuple(axes), dtype=target.name, chunks=None)
    return ConcatStep("concat", tuple(sources), made, dim)
