"""Step `ball`: the mean of the cells within a radius, in cells or in units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from volconv.kernels import Kernel, LengthLike, ball, cells_of, length_notes
from volconv.meta import ArrayMeta
from volconv.steps.fields import Dims, Lengths
from volconv.steps.model import SettingsModel
from volconv.steps.options import WindowOptions
from volconv.steps.renormalised import KernelStep, kernel_step
from volconv.steps.settings import RenormalisedSettings, SameSizeSettings
from volconv.steps.window_settings import WindowSettings

__all__ = ["Ball", "BallKernel", "ball_step"]


class BallKernel(SettingsModel):
    """Equal weights that sum to 1, of the cells within a radius."""

    radius: Lengths
    """A number of cells, or a text such as 3 mm."""

    def kernel(self, source: ArrayMeta, dims: Sequence[str] | None) -> Kernel:
        """The kernel for an input."""
        return ball_kernel(source, self.radius, dims)


class Ball(SameSizeSettings, WindowSettings, RenormalisedSettings):
    """Mean of the cells whose centres lie within a radius of the window's centre."""

    step_name: ClassVar[str] = "ball"

    radius: Lengths
    """A number of cells, or a text such as 3 mm; for all dimensions or by name."""

    dims: Dims | None = None
    """Dimensions that one radius for all goes to: by default those of its unit."""

    def resolve(self, source: ArrayMeta) -> KernelStep:
        """The step for an input."""
        return ball_step(source, self.radius, self.dims, self.options())


def ball_step(
    meta: ArrayMeta,
    radius: LengthLike,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
) -> KernelStep:
    """Mean of the cells within a radius."""
    return kernel_step("ball", meta, ball_kernel(meta, radius, dims), options)


def ball_kernel(
    meta: ArrayMeta, radius: LengthLike, dims: Sequence[str] | str | None
) -> Kernel:
    """The kernel of a ball over an array; one radius for all goes to `dims`."""
    cells = cells_of("radius", radius, dims, meta)
    return replace(ball(cells), lengths=length_notes("radius", radius, cells, meta))
