"""The step whose arithmetic is an operation on one block.

All steps of one input but those of kernels are of this class. A family makes one by a
window for each dimension that it moves along, and by an operation, which knows no
dimension.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import Boundaries
from volconv.compute import Edges, aligned_empty, checked_dtype
from volconv.compute.pointwise import number_text
from volconv.geometry import Geometry, Interval, Spreading, Window
from volconv.kernels import LengthNote
from volconv.meta import ArrayMeta

__all__ = ["CELL", "BlockStep", "Operation", "block_step", "described_windows"]

CELL = 2.0
TAP = 0.5
"""Nanoseconds of one thread for an output cell, and for each cell of its window along
each dimension: about, for weighing compute against reading."""


class Operation(Protocol):
    """Arithmetic of one block; frozen, and a value that another process can be sent."""

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        """Write each cell of `out`, in the step's target dtype.

        Parameters
        ----------
        block : ndarray
            Cells of the input with their halo; read-only.
        out : ndarray
            The outputs, of any strides.
        """

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most.

        Parameters
        ----------
        outputs : int
            Cells of the result.
        cells : int
            Cells of the block with its halo.
        """

    def describe(self) -> Mapping[str, object]:
        """All that decides its values beside the windows, as JSON."""

    def note(self) -> str:
        """How it is computed, for people."""


@dataclass(frozen=True, eq=False)
class BlockStep:
    """An operation with its windows, resolved for one input: see `Step`.

    Parameters
    ----------
    name : str
        The step's name.
    operation : Operation
        The arithmetic of one block.
    geometry, boundaries, source, target
        As in `Step`.
    unit_factor : str, optional
        What the values' unit is multiplied by, such as ``"mm-1"``; empty where it stays,
        None where it is lost.
    cell_method : str
        The statistic of its windows that it is, as CF names it; empty for none.
    lengths : tuple of LengthNote
        What lengths became in cells, for people.
    """

    name: str
    operation: Operation
    geometry: Geometry
    boundaries: Boundaries
    source: ArrayMeta
    target: ArrayMeta
    unit_factor: str | None = ""
    cell_method: str = ""
    lengths: tuple[LengthNote, ...] = ()

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """One for each axis, without padding: a block has its halo already."""
        return tuple(
            replace(self.geometry[dim], padding=(0, 0)) for dim in self.source.dims
        )

    def windows_in(self, box: Sequence[Interval]) -> Geometry:
        """The windows of the outputs of a box."""
        sides = zip(self.source.dims, box, strict=True)
        return self.geometry.of_outputs({dim: side.size for dim, side in sides})

    def compute(
        self, block: NDArray[Any], out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Outputs of a block that has its halo: see `Step.compute`."""
        if out is None:
            shape = tuple(
                window.out_size(cells)
                for window, cells in zip(self.windows, block.shape, strict=True)
            )
            out = aligned_empty(shape, np.dtype(self.target.dtype))
        block = block.view()
        block.setflags(write=False)  # other steps and blocks may read it
        self.operation(block, out)
        return out

    def padding(self, cells: NDArray[Any], out: NDArray[Any], edges: Edges) -> bool:
        """Its blocks are padded first: see `Step.padding`."""
        del cells, out, edges
        return False

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that `compute` allocates at most: see `Step.work_bytes`."""
        size = np.dtype(self.target.dtype).itemsize
        return size * outputs + self.operation.work_bytes(outputs, cells)

    @property
    def compiles(self) -> bool:
        """Whether code is compiled for it: what an operation does not say may be."""
        return cast("bool", getattr(self.operation, "compiles", True))

    @property
    def is_tiled(self) -> bool:
        """Whether it works in tiles of its own: see `Step.is_tiled`."""
        return False

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about."""
        return CELL + TAP * sum(window.size for _, window in self.geometry)

    def describe(self) -> dict[str, object]:
        """All that decides its result, as JSON."""
        found: dict[str, object] = {"step": self.name, **self.operation.describe()}
        if self.geometry.windows:
            found["windows"] = described_windows(self.geometry, self.boundaries)
            found["fill_value"] = number_text(self.boundaries.fill_value)
        found["dtype"] = [self.source.dtype, self.target.dtype]
        return found

    def engine_note(self) -> str:
        """How it is computed."""
        return self.operation.note()


def block_step(
    name: str,
    meta: ArrayMeta,
    operation: Operation,
    dtype: str,
    *,
    windows: tuple[Geometry, Boundaries] | None = None,
    unit_factor: str | None = "",
    cell_method: str = "",
    lengths: tuple[LengthNote, ...] = (),
) -> BlockStep:
    """The step of an operation over an array.

    Parameters
    ----------
    name : str
        The step's name.
    meta : ArrayMeta
        The input.
    operation : Operation
        The arithmetic.
    dtype : str
        dtype of the outputs.
    windows : Geometry and Boundaries, optional
        By default every output is made of the one cell in its place.
    unit_factor, cell_method, lengths : optional
        As in `BlockStep`.

    Raises
    ------
    NumberError
        If the dtype is none that can be computed with.
    """
    target_dtype = checked_dtype("dtype", dtype).name
    geometry, boundaries = windows or (Geometry(()), Boundaries(()))
    target = meta.with_sizes(geometry.out_sizes(meta.sizes), geometry.jumps())
    return BlockStep(
        name,
        operation,
        geometry,
        boundaries,
        meta,
        replace(target, dtype=target_dtype),
        unit_factor,
        cell_method,
        lengths,
    )


def described_windows(geometry: Geometry, boundaries: Boundaries) -> dict[str, object]:
    """Windows, boundaries, and labels that are not the default, as JSON."""
    labels = dict(geometry.labels)
    return {
        dim: {
            **described_window(window),
            "boundary": boundaries[dim],
            **({"label": labels[dim]} if dim in labels else {}),
        }
        for dim, window in geometry
    }


def described_window(window: Window) -> dict[str, object]:
    """What identifies a window, as JSON."""
    if isinstance(window, Spreading):
        return {
            "size": window.size,
            "factor": window.factor,
            "dilation": window.dilation,
            "crop": list(window.crop),
        }
    return {
        "size": window.size,
        "stride": window.stride,
        "dilation": window.dilation,
        "padding": list(window.padding),
    }
