"""How often a boundary may go over an axis: what is no more than a slip is refused."""

from __future__ import annotations

from volconv.boundary.boundaries import Boundaries
from volconv.boundary.rules import TURNING
from volconv.errors import BoundaryError
from volconv.geometry import Geometry
from volconv.meta import ArrayMeta

__all__ = ["check_turns"]

MOST_TURNS = 2**16
"""Most axes of cells before or after an axis: arbitrary. So many are told apart in half a
second (2026-11)."""


def check_turns(meta: ArrayMeta, geometry: Geometry, boundaries: Boundaries) -> None:
    """Refuse padding that repeats a short axis over and over.

    Raises
    ------
    BoundaryError
    """
    for dim, window in geometry:
        cells, padded = meta.sizes[dim], max(window.padding)
        if boundaries[dim] in TURNING and padded > MOST_TURNS * cells:
            raise BoundaryError(
                f"boundary along {dim!r}",
                f"{boundaries[dim]!r} for {padded} cells beyond an axis of {cells}",
                f"padding of at most {MOST_TURNS} times the axis",
                "less padding, or another boundary: 'edge' or 'constant'",
            )
