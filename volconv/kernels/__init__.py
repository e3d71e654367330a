"""Kernels: weights along named dimensions, by name or as the user gives them."""

from volconv.kernels.kernel import Kernel
from volconv.kernels.lengths import LengthLike, cells_of
from volconv.kernels.named import box, gaussian

__all__ = ["Kernel", "LengthLike", "box", "cells_of", "gaussian"]
