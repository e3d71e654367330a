"""Settings of steps whose windows move: by a stride, with weights, over taps apart."""

from __future__ import annotations

from dataclasses import replace

from volconv.steps.fields import ByDim, Count, Dims, EngineName
from volconv.steps.options import WindowOptions
from volconv.steps.settings import PaddedSettings

__all__ = ["DilatedSettings", "MovingSettings", "WeightedSettings", "WindowSettings"]


class MovingSettings(PaddedSettings):
    """Settings of steps whose window moves by one cell unless told otherwise."""

    stride: ByDim[Count] = 1
    """Cells from one output to the next."""

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return replace(super().options(), stride=self.stride)


class WeightedSettings(MovingSettings):
    """Settings of steps whose windows are weighted and summed."""

    engine: EngineName = "auto"
    """The arithmetic; auto chooses from the kernel."""

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return replace(super().options(), engine=self.engine)


class WindowSettings(WeightedSettings):
    """Settings of steps with a kernel along dimensions that a user may choose."""

    dims: Dims | None = None
    """Dimensions of the kernel, in the order of its axes."""


class DilatedSettings(WindowSettings):
    """Settings of steps whose taps may lie apart."""

    dilation: ByDim[Count] = 1
    """Cells from one tap to the next."""

    def options(self) -> WindowOptions:
        """The same, as the builders of steps take it."""
        return replace(super().options(), dilation=self.dilation)
