"""Cells beyond a pole: those on the other side of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from volconv.geometry import Interval

__all__ = ["Turned"]


@dataclass(frozen=True)
class Turned:
    """Copies of cells, rows beyond a pole turned by half the longitudes.

    A block has all longitudes, and beyond a pole the rows of the mirror there.

    Parameters
    ----------
    latitude, longitude : int
        The axes.
    inside : Interval
        Outputs along latitude that lie beyond no pole.
    columns : Interval
        Outputs along longitude that are wanted.
    first : int
        Number of the block's first output along latitude.
    """

    compiles: ClassVar[bool] = False

    latitude: int
    longitude: int
    inside: Interval
    columns: Interval
    first: int = 0

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        """Write every cell."""
        count = block.shape[self.longitude]
        straight = np.arange(self.columns.start, self.columns.stop)
        turned = (straight + count // 2) % count
        rows = out.shape[self.latitude]
        start, stop = self.inside.start - self.first, self.inside.stop - self.first
        edges = [0, *(min(max(edge, 0), rows) for edge in (start, stop)), rows]
        for columns, low, high in zip(
            (turned, straight, turned), edges[:-1], edges[1:], strict=True
        ):
            part = [slice(None)] * block.ndim
            part[self.latitude] = slice(low, high)
            here = tuple(part)
            out[here] = np.take(block[here], columns, axis=self.longitude)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most: the outputs once more, of 16 bytes."""
        del cells
        return 16 * outputs

    def describe(self) -> Mapping[str, object]:
        """Its axes, as JSON; the rest is in its windows."""
        return {"latitude": self.latitude, "longitude": self.longitude}

    def note(self) -> str:
        """How it is computed."""
        return "copies; beyond a pole those of half a turn away"
