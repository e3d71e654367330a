"""What is known of an array before any of its values is read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Self, TypeVar

from volconv.errors import DimError, GeometryError, did_you_mean

__all__ = ["MOST_CELLS", "ArrayMeta", "Axis", "without"]

MOST_CELLS = 2**56
"""Most cells of an array, and the largest number of cells that anything is told in: the
bytes of so many complex numbers, and the sums of such numbers, are counted in 64 bits."""

Item = TypeVar("Item")


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
        The coordinate's unit, as its ``units`` attribute says it; of times the unit
        alone, without ``since`` and what follows.
    uneven : str
        What its cells are like where they have no even spacing: by how much they lie
        apart, and where. Empty where they have one, and where nothing is known.
    around : float, optional
        Share of a full turn that the cells of a longitude cover, 1 where they close a
        circle; None where the coordinate is no longitude.
    is_new : bool
        Whether a step makes the dimension later on: until then it has one cell, and no
        array in memory or in a store has it.
    """

    dim: str
    size: int
    spacing: float | None = None
    units: str | None = None
    uneven: str = ""
    around: float | None = None
    is_new: bool = False

    def moved(self, size: int, jump: int | Fraction) -> Self:
        """The same dimension with another size, its cells some cells' widths apart."""
        spacing = None if self.spacing is None else float(self.spacing * jump)
        # it tells of cells by their number, which others may have now
        uneven = self.uneven if jump == 1 and size == self.size else ""
        around = self.around
        if around is not None:
            around *= float(jump * size / self.size)
        return replace(self, size=size, spacing=spacing, uneven=uneven, around=around)


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
        None for an array in memory. No more than the array has.
    missing : tuple of float, optional
        Values that stand for missing cells, as the array's attributes declare; NaN needs
        no declaring.
    is_remote : bool
        Whether its chunks come over a network, for which some are read at a time.
    in_decoding : int
        Chunks' worth of bytes that come and go while one is decoded by itself: its
        bytes, its cells, and the cells once more where its codecs are a chain or the
        reader copies them.
    in_place : bool
        Whether one is decoded into memory that is there: its cells do not come and go.
    decoded : int
        Cells of one as it is stored, where that is larger than the array: all of them
        are decoded.

    Raises
    ------
    DimError
        If a dimension is repeated.
    GeometryError
        If there are no cells along one, or more than `MOST_CELLS` in all.
    """

    axes: tuple[Axis, ...]
    dtype: str
    chunks: tuple[int, ...] | None = None
    missing: tuple[float, ...] = ()
    is_remote: bool = False
    in_decoding: int = 3
    in_place: bool = False
    decoded: int = 0

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
        for axis in self.axes:
            if axis.size < 1:
                raise GeometryError(
                    f"the array along {axis.dim!r}",
                    f"{axis.size} cells",
                    "at least one cell",
                )
        if self.cells > MOST_CELLS:
            raise GeometryError(
                "the array",
                f"sizes {self.sizes}",
                "at most 2**56 cells in all",
            )

    @cached_property
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

    @property
    def new_axes(self) -> tuple[int, ...]:
        """Positions of the dimensions that only a later step makes."""
        return tuple(index for index, axis in enumerate(self.axes) if axis.is_new)

    @property
    def own(self) -> Self:
        """The array without the dimensions that only a later step makes."""
        if not self.new_axes:
            return self
        axes = tuple(axis for axis in self.axes if not axis.is_new)
        chunks = None if self.chunks is None else without(self.chunks, self.new_axes)
        return replace(self, axes=axes, chunks=chunks)

    def among(self, dims: Sequence[str]) -> Self:
        """The array among the dimensions of a pipeline, of which it may lack some.

        Parameters
        ----------
        dims : sequence of str
            Its own in their order, and those that other steps make.
        """
        own = dict(zip(self.dims, self.axes, strict=True))
        axes = tuple(own.get(dim) or Axis(dim, 1, is_new=True) for dim in dims)
        chunks = self.chunks
        if chunks is not None:
            sizes = dict(zip(self.dims, chunks, strict=True))
            chunks = tuple(sizes.get(dim, 1) for dim in dims)
        return replace(self, axes=axes, chunks=chunks)

    def in_chunks(self, chunks: Sequence[int]) -> Self:
        """The array in chunks as they are stored, which may be larger than it is."""
        inside = tuple(map(min, chunks, self.shape))
        return replace(self, chunks=inside, decoded=math.prod(chunks))

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

    def require(self, dims: Iterable[object], where: str) -> None:
        """Refuse dimensions that the array does not have.

        Raises
        ------
        DimError
            If one of `dims` is unknown, naming the nearest that is known.
        """
        for dim in dims:
            if not isinstance(dim, str) or dim not in self.dims:
                raise DimError(
                    where,
                    repr(dim),
                    f"dimensions of the array ({', '.join(self.dims) or 'none'})",
                    did_you_mean(str(dim), self.dims),
                )

    def with_sizes(
        self, sizes: Mapping[str, int], jumps: Mapping[str, int | Fraction]
    ) -> Self:
        """The same dimensions with other sizes, and spacings by the cells of a jump.

        What stood for missing cells does not stand for them any more.
        """
        axes = tuple(
            axis.moved(sizes.get(axis.dim, axis.size), jumps.get(axis.dim, 1))
            for axis in self.axes
        )
        return replace(self, axes=axes, chunks=None, missing=())


def without(items: Sequence[Item], axes: Sequence[int]) -> tuple[Item, ...]:
    """Items, one for each axis, without those of some axes.

    Examples
    --------
    >>> without((1, 64, 32), [0])
    (64, 32)
    """
    if not axes:
        return tuple(items)
    return tuple(item for index, item in enumerate(items) if index not in axes)
