"""A function of a user's own over windows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.numbers import SOURCES
from volconv.compute.parts import parts
from volconv.compute.returned import returned
from volconv.compute.windows import cells_under, window_view
from volconv.errors import NumberError
from volconv.geometry import Window

__all__ = ["Called", "WindowFunction"]

Array = NDArray[Any]
WindowFunction = Callable[..., Any]
"""``func(windows, axis=axes)``, which reduces these axes as `numpy.median` does."""

PART_BYTES = 2**23
"""Bytes of all windows of a part, were each copied: arbitrary, little beside a block."""


@dataclass(frozen=True, eq=False)
class Called:
    """A function of windows, as an operation of a step.

    Parameters
    ----------
    func : callable
        Takes windows and the axes to reduce.
    name, token : str
        The function's name, and what tells it from others of that name.
    windows : tuple of Window
        One for each axis of a block, without padding.
    axes : tuple of int
        Axes of a block whose cells a window has, those of one cell included.
    target : str
        dtype of what the function returns.
    """

    func: WindowFunction
    name: str
    token: str
    windows: tuple[Window, ...]
    axes: tuple[int, ...]
    target: str

    def __call__(self, block: Array, out: Array) -> None:
        """Write what the function returns for every window of a padded block."""
        reduced = tuple(range(-len(self.axes), 0))
        for part in parts(out.shape, self.part_cells(block.dtype.itemsize)):
            windows = self.view(cells_under(block, self.windows, part))
            values = returned(
                f"func {self.name}",
                self.func(windows, axis=reduced),
                windows.shape[: block.ndim],
                f"windows of shape {windows.shape}",
                f", the axes {reduced} reduced",
            )
            if values.dtype != np.dtype(self.target):
                raise NumberError(
                    f"func {self.name}",
                    f"values of dtype {values.dtype}",
                    f"the declared {self.target}",
                    f"say dtype={values.dtype.name!r}, or cast in the function"
                    if values.dtype.name in SOURCES
                    else "cast in the function",
                )
            out[part] = values

    def view(self, cells: Array) -> Array:
        """Windows of a padded block, with an axis for each of `axes`, read-only.

        One after the other in memory: the order in which NumPy sums follows from that.
        """
        found = window_view(cells, self.windows)
        at = cells.ndim
        for axis in self.axes:
            if self.windows[axis].size == 1:
                found = np.expand_dims(found, at)
            at += 1
        found = np.array(found, order="C")
        found.setflags(write=False)
        return found

    @property
    def taps(self) -> int:
        """Cells of one window."""
        return math.prod(window.size for window in self.windows)

    def part_cells(self, itemsize: int) -> int:
        """Outputs of a part."""
        return max(1, PART_BYTES // (self.taps * itemsize))

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes of the windows, and of what a function copies of them a few times."""
        del cells
        most = max(PART_BYTES, 16 * self.taps)
        return 5 * min(most, 16 * self.taps * outputs)

    def describe(self) -> Mapping[str, object]:
        """The function, as far as it can be told from others."""
        return {"function": self.name, "token": self.token}

    def note(self) -> str:
        """How it is computed."""
        return f"function {self.name} over windows of {self.taps} cells, in parts"
