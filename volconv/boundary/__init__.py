"""What lies beyond the edge: rules as index maps, and the filling of one block."""

from volconv.boundary.boundaries import Boundaries, BoundaryLike
from volconv.boundary.closing import check_closes, closes
from volconv.boundary.fill import Read, fill_block, source_boxes
from volconv.boundary.rules import KINDS, TURNING, Run, runs, source_index
from volconv.boundary.turning import check_turns

__all__ = [
    "KINDS",
    "TURNING",
    "Boundaries",
    "BoundaryLike",
    "Read",
    "Run",
    "check_closes",
    "check_turns",
    "closes",
    "fill_block",
    "runs",
    "source_boxes",
    "source_index",
]
