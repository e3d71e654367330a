"""What is known of an array before any of its values is read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from volconv.errors import DimError, did_you_mean

__all__ = ["ArrayMeta", "Axis"]


@dataclass(frozen=True)
class Axis:
    """One dimension of an array.

    Parameters
    ----------
    dim : str
        The dimension's name.
    size : int
        Cells along it.
    spacing : float, optional
        Distance between neighbouring cells, in `units`; None where the dimension has
        no numeric coordinate or where its cells are not evenly spaced.
    units : str, optional
        The coordinate's unit, as its ``units`` attribute says it.
    """

    dim: str
    size: int
    spacing: float | None = None
    units: str | None = None


@dataclass(frozen=True)
class ArrayMeta:
    """Dimensions, sizes, dtype and storage of an array, without its values.

    Parameters
    ----------
    axes : tuple of Axis
        The dimensions in the array's order.
    dtype : str
        The dtype's name, such as ``"float32"``.
    chunks : tuple of int, optional
        Cells of one stored chunk along each axis, what one read decodes at least;
        None for an array in memory.
    missing : tuple of float, optional
        Values that stand for missing cells, as the array's attributes declare; NaN needs
        no declaring.
    """

    axes: tuple[Axis, ...]
    dtype: str
    chunks: tuple[int, ...] | None = None
    missing: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        dims = self.dims
        for dim in dims:
            if dims.count(dim) > 1:
                raise DimError(
                    "dims",
                    f"{list(dims)}",
                    "each dimension once",
                    f"rename one {dim!r}",
                )

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the dimensions."""
        return tuple(axis.dim for axis in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells along each dimension."""
        return tuple(axis.size for axis in self.axes)

    @property
    def sizes(self) -> dict[str, int]:
        """Cells along each dimension, by name."""
        return {axis.dim: axis.size for axis in self.axes}

    @property
    def cells(self) -> int:
        """Cells in all."""
        return math.prod(self.shape)

    def axis(self, dim: str) -> Axis:
        """The dimension of that name."""
        return self.axes[self.index(dim)]

    def index(self, dim: str) -> int:
        """Position of the dimension of that name.

        Raises
        ------
        DimError
            If the array has no such dimension.
        """
        self.require([dim], "dims")
        return self.dims.index(dim)

    def require(self, dims: Iterable[str], where: str) -> None:
        """Refuse dimensions that the array does not have.

        Raises
        ------
        DimError
            If one of `dims` is unknown, naming the nearest that is known.
        """
        for dim in dims:
            if dim not in self.dims:
                raise DimError(
                    where,
                    repr(dim),
                    f"dimensions of the array ({', '.join(self.dims) or 'none'})",
                    did_you_mean(str(dim), self.dims),
                )

    def with_sizes(self, sizes: Mapping[str, int], strides: Mapping[str, int]) -> Self:
        """The same dimensions with other sizes and with spacings times strides.

        What stood for missing cells does not stand for them any more.
        """
        axes = tuple(
            replace(
                axis,
                size=sizes.get(axis.dim, axis.size),
                spacing=None
                if axis.spacing is None
                else axis.spacing * strides.get(axis.dim, 1),
            )
            for axis in self.axes
        )
        return replace(self, axes=axes, chunks=None, missing=())
