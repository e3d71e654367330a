"""Two steps for volconv: one of single cells, and one of windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from volconv.geometry import Window
from volconv.meta import ArrayMeta
from volconv.steps import (
    BlockStep,
    MovingSettings,
    StepSettings,
    block_step,
    pointwise_step,
    windows_of,
)
from volconv.steps.fields import Count, RealNumber

Array = NDArray[Any]


@dataclass(frozen=True)
class Power:
    """``x`` to a power, of values below zero 0."""

    exponent: float

    def __call__(self, cells: Array) -> Array:
        """Powers of some cells, from a contiguous copy: see docs/plugins.md."""
        values = np.array(np.maximum(cells, 0), dtype="float32", order="C")
        return np.asarray(np.power(values, np.float32(self.exponent)))


class Gamma(StepSettings):
    """Power law of brightness; values below zero become 0."""

    step_name: ClassVar[str] = "gamma"

    exponent: RealNumber
    """Below 1 it brightens, above 1 it darkens."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return pointwise_step("gamma", source, Power(self.exponent), "float32", None)


@dataclass(frozen=True)
class Range:
    """Largest less smallest of each window."""

    windows: tuple[Window, ...]

    def __call__(self, block: Array, out: Array) -> None:
        """Write every output of a padded block."""
        view = sliding_window_view(block, [window.span for window in self.windows])
        view = view[tuple(slice(None, None, window.stride) for window in self.windows)]
        axes = tuple(range(block.ndim, 2 * block.ndim))
        np.subtract(view.max(axis=axes), view.min(axis=axes), out=out)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Two results of at most eight bytes a cell."""
        del cells
        return 16 * outputs

    def describe(self) -> Mapping[str, object]:
        """Nothing beside the windows."""
        return {}

    def note(self) -> str:
        """How it is computed."""
        return "largest less smallest"


class Spread(MovingSettings):
    """Largest less smallest of each window."""

    step_name: ClassVar[str] = "spread"

    size: dict[str, Count]
    """Cells of the window along each dimension."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        geometry, boundaries = windows_of(source, self.size, self.options())
        operation = Range(tuple(geometry[dim] for dim in source.dims))
        return block_step(
            "spread",
            source,
            operation,
            source.dtype,
            windows=(geometry, boundaries),
        )
