"""Kernels: weights along named dimensions, by name or as the user gives them."""

from volconv.kernels.balls import ball
from volconv.kernels.kernel import Kernel
from volconv.kernels.lengths import LengthLike, cells_of, length_notes
from volconv.kernels.named import box, gaussian
from volconv.kernels.notes import LengthNote

__all__ = [
    "Kernel",
    "LengthLike",
    "LengthNote",
    "ball",
    "box",
    "cells_of",
    "gaussian",
    "length_notes",
]
