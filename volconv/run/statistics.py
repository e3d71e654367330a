"""What cells are: their range, and how many are not finite."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Statistics"]


@dataclass
class Statistics:
    """Of some cells, to which others are added.

    Parameters
    ----------
    lowest, highest : float
        Of finite cells; NaN where there are none, or they are complex.
    nonfinite : int
        Cells that are NaN or infinite.

    Examples
    --------
    >>> found = Statistics()
    >>> found.add_cells(np.array([3, np.inf, 1]))
    >>> found.add(2, 5, 0)
    >>> found
    Statistics(lowest=1.0, highest=5, nonfinite=1)
    """

    lowest: float = np.nan
    highest: float = np.nan
    nonfinite: int = 0

    def add(self, lowest: float, highest: float, nonfinite: int) -> None:
        """Take in what is known of other cells."""
        # no number is below NaN; by NumPy this takes longer than all else here
        if lowest < self.lowest or math.isnan(self.lowest):
            self.lowest = lowest
        if highest > self.highest or math.isnan(self.highest):
            self.highest = highest
        self.nonfinite += nonfinite

    def add_cells(self, cells: NDArray[Any]) -> None:
        """Take in other cells."""
        if cells.dtype.kind == "c":
            self.nonfinite += int(cells.size - np.isfinite(cells).sum())
            return
        lowest = float(np.minimum.reduce(cells, axis=None))
        highest = float(np.maximum.reduce(cells, axis=None))
        if math.isfinite(lowest) and math.isfinite(highest):
            self.add(lowest, highest, 0)
            return
        finite = cells[np.isfinite(cells)]
        self.nonfinite += int(cells.size - finite.size)
        if finite.size:
            self.add(float(finite.min()), float(finite.max()), 0)
