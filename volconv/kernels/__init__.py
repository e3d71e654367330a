"""Kernels: weights along named dimensions, by name or as the user gives them."""

from volconv.kernels.balls import ball
from volconv.kernels.kernel import Kernel
from volconv.kernels.lengths import (
    LengthLike,
    SizeLike,
    cells_of,
    length_notes,
    sizes_of,
)
from volconv.kernels.named import box, gaussian
from volconv.kernels.notes import LengthNote
from volconv.kernels.positions import position_on

__all__ = [
    "Kernel",
    "LengthLike",
    "LengthNote",
    "SizeLike",
    "ball",
    "box",
    "cells_of",
    "gaussian",
    "length_notes",
    "position_on",
    "sizes_of",
]
