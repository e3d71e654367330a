"""Windows of several dimensions by name.

What a user writes (`2`, `{"y": 2}`, `"same"`, `(1, 0)`) becomes one window for each
dimension here; below this file nothing is optional.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Self

from volconv.errors import GeometryError
from volconv.geometry.axis import Centres
from volconv.geometry.by_dim import PerDim, per_dim, whole_number
from volconv.geometry.mix import Among, Mix, Repeat
from volconv.geometry.padding import PaddingLike, padding_cells
from volconv.geometry.window import Window
from volconv.meta import ArrayMeta

__all__ = ["Geometry"]

ONE_CELL = Window(1)
"""The window along a dimension that has none."""


@dataclass(frozen=True)
class Geometry:
    """A window for each of some dimensions, in the array's order.

    Dimensions that are not listed are carried along untouched.

    Parameters
    ----------
    windows : tuple of pairs (str, Window)
        Dimensions and their windows.
    labels : tuple of pairs (str, str)
        Dimensions whose coordinate is that of another of `LABELS` than the centre.

    Examples
    --------
    >>> from volconv.meta import Axis
    >>> meta = ArrayMeta((Axis("y", 6), Axis("x", 3)), "float32")
    >>> geometry = Geometry.parse(meta, {"y": 3, "x": 3}, padding={"x": "same"})
    >>> geometry.out_sizes(meta.sizes)
    {'y': 4, 'x': 3}
    """

    windows: tuple[tuple[str, Window], ...]
    labels: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(
        cls,
        meta: ArrayMeta,
        size: Mapping[str, int],
        *,
        stride: PerDim = 1,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        default_padding: str = "valid",
    ) -> Self:
        """Windows from what a user wrote.

        Parameters
        ----------
        meta : ArrayMeta
            The array that the windows move over.
        size : mapping of str to int
            Taps of the kernel along each of its dimensions.
        stride, dilation : int, or mapping of str to int
            One number for every dimension of the kernel, or one by name; a stride may
            name a dimension that the kernel lacks, which is then sampled.
        padding : int, pair, str, or mapping of str to one of them
            Cells before and after: an integer for both, a pair, or a name of
            `PADDINGS`.
        default_padding : str
            For dimensions that a mapping leaves out.

        Raises
        ------
        GeometryError
            If a value is out of range, or a span is longer than its padded axis.
        DimError
            If a dimension is not the array's.
        """
        meta.require(size, "kernel")
        named = {"stride": stride, "padding": padding, "dilation": dilation}
        dims = set(size)
        for where, value in named.items():
            if isinstance(value, Mapping):
                meta.require(value, where)
                dims |= set(value)
        ordered = [dim for dim in meta.dims if dim in dims]
        strides = per_dim("stride", stride, ordered, size, 1)
        dilations = per_dim("dilation", dilation, ordered, size, 1)
        paddings = per_dim("padding", padding, ordered, size, default_padding)
        windows = []
        for dim in ordered:
            bare = Window(
                whole_number(f"size along {dim!r}", size.get(dim, 1)),
                whole_number(f"stride along {dim!r}", strides[dim]),
                whole_number(f"dilation along {dim!r}", dilations[dim]),
            )
            cells = meta.sizes[dim]
            pair = padding_cells(dim, paddings[dim], bare, cells)
            window = replace(bare, padding=pair)
            check_span(dim, window, cells)
            windows.append((dim, window))
        return cls(tuple(windows))

    @classmethod
    def inside(cls, meta: ArrayMeta, region: Mapping[str, tuple[int, int]]) -> Self:
        """Windows of one cell over a part of an array.

        Parameters
        ----------
        meta : ArrayMeta
            The array.
        region : mapping of str to (int, int)
            First cell, and the one after the last, inside the array.

        Notes
        -----
        What is left out is padding below zero, so that output 0 is at the first cell.
        """
        windows = []
        for dim, cells in meta.sizes.items():
            if dim in region:
                start, stop = region[dim]
                windows.append((dim, Window(1, padding=(-start, stop - cells))))
        return cls(tuple(windows))

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimensions that have a window."""
        return tuple(dim for dim, _ in self.windows)

    @property
    def new_dims(self) -> tuple[str, ...]:
        """The dimensions that the step of these windows makes."""
        return tuple(dim for dim, window in self.windows if isinstance(window, Repeat))

    def __getitem__(self, dim: str) -> Window:
        """The window along a dimension: of one cell where none is listed."""
        return self.by_dim.get(dim, ONE_CELL)

    @cached_property
    def by_dim(self) -> dict[str, Window]:
        """The windows by their dimensions."""
        return dict(self.windows)

    def __iter__(self) -> Iterator[tuple[str, Window]]:
        return iter(self.windows)

    def positions(self, dim: str, cells: int) -> Centres:
        """Where along a dimension the coordinates of the outputs are taken."""
        return Centres.of(self[dim], cells, self.label(dim))

    def moves(self, dim: str, cells: int) -> bool:
        """Whether the outputs have other coordinates, or other bounds, than the cells."""
        if isinstance(self[dim], Mix):
            return dim not in self.new_dims and not isinstance(self[dim], Among)
        centres = Centres.of(self[dim], cells)
        return not (centres.are_all_cells and self.positions(dim, cells).are_all_cells)

    def label(self, dim: str) -> str:
        """Which cell of a window along a dimension gives the coordinate."""
        return dict(self.labels).get(dim, "center")

    def out_sizes(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """Outputs along every dimension of an array with these sizes."""
        return {dim: self[dim].out_size(cells) for dim, cells in sizes.items()}

    def strides(self) -> dict[str, int]:
        """The stride along each dimension that has a window."""
        return {dim: window.stride for dim, window in self.windows}

    def jumps(self) -> dict[str, Fraction]:
        """Input cells from one output to the next, likewise."""
        return {dim: window.jump for dim, window in self.windows}

    def of_outputs(self, outputs: Mapping[str, int]) -> Geometry:
        """The windows of a box of outputs: mixed cells make as many as it has."""
        windows = tuple(
            (dim, replace(one, outputs=outputs[dim]) if isinstance(one, Mix) else one)
            for dim, one in self.windows
        )
        return replace(self, windows=windows)

    def then(self, other: Geometry) -> Geometry:
        """The windows of two steps, this one first, as far as reach goes."""
        dims = dict.fromkeys((*self.dims, *other.dims))
        return Geometry(
            tuple(
                (dim, self[dim].then(other[dim]) if dim in self.dims else other[dim])
                for dim in dims
            )
        )


def check_span(dim: str, window: Window, cells: int) -> None:
    """Refuse a window longer than its padded axis.

    Raises
    ------
    GeometryError
        Naming the dimension and how many cells are missing.
    """
    try:
        window.out_size(cells)
    except GeometryError as error:
        raise GeometryError(
            f"kernel along {dim!r}", error.got, error.expected, error.fix
        ) from None
