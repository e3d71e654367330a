"""Calls that pack the regions of a layer's boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from volconv.compute.compiled.layers import gather
from volconv.compute.compiled.layers.gather import Item
from volconv.compute.compiled.layers.regions import Region
from volconv.compute.compiled.programs import program
from volconv.compute.compiled.programs.program import Base, Integers, Table

__all__ = ["Box", "PackCalls"]


class Box(NamedTuple):
    """Boxes of outputs of one size: the first outputs along planes and rows."""

    planes: Integers
    rows: Integers


@dataclass(frozen=True, eq=False)
class PackCalls:
    """Calls that pack the regions of boxes of one size.

    Attributes
    ----------
    sources : ndarray
        Bytes to the cells of each box and each few channels.
    lists : ndarray
        Where the list of each begins among the copies.
    channels : ndarray
        How many channels each has.
    copies : ndarray
        All lists.
    counts : ndarray
        Copies of each list.
    """

    sources: Integers
    lists: Integers
    channels: Integers
    copies: Integers
    counts: Integers

    @classmethod
    def of(
        cls, region: Region, boxes: Box, few: Sequence[tuple[int, int]]
    ) -> PackCalls:
        """The calls of some boxes, a few input channels after the other."""
        planes, at_plane, plane = region.sides[0].patterns(boxes.planes, region.planes)
        rows, at_row, row = region.sides[1].patterns(boxes.rows, region.rows)
        lists = [region.copies(one, two) for one in planes for two in rows]
        begins = np.cumsum([0, *(len(one) for one in lists)])
        number = at_plane[:, None] * len(rows) + at_row
        to_channel, to_plane, to_row, _ = region.cells.pitches
        firsts, counts = np.array(few).T
        cells = (plane[:, None] * to_plane + row * to_row)[..., None]
        alike = np.zeros((*number.shape, len(few)), np.int64)
        lengths = np.diff(begins)
        return cls(
            (cells + firsts * to_channel).ravel(),
            (alike + begins[number][..., None]).ravel(),
            (alike + counts).ravel(),
            np.concatenate(lists),
            (alike + lengths[number][..., None]).ravel(),
        )

    def table(self, shift: int) -> Table:
        """The calls, some bytes further on in the block."""
        items: dict[int, int | Integers] = {
            Item.SOURCE: self.sources + shift,
            Item.TARGET: 0,
            Item.COPIES: self.copies.ctypes.data + self.lists * self.copies.strides[0],
            Item.COUNT: self.counts,
            Item.ROWS: self.channels,
        }
        bases: dict[int, Base] = {
            Item.SOURCE: Base.BLOCK,
            Item.TARGET: Base.SCRATCH,
        }
        return program.calls(gather.address(), len(self.sources), items, bases)
