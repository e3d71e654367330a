"""Step `gaussian`: smoothing by a standard deviation in cells or in units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from volconv.kernels import Kernel, LengthLike, cells_of, gaussian, length_notes
from volconv.meta import ArrayMeta
from volconv.steps.fields import Dims, Lengths, Spread
from volconv.steps.model import SettingsModel
from volconv.steps.options import WindowOptions
from volconv.steps.renormalised import KernelStep, kernel_step
from volconv.steps.settings import RenormalisedSettings, SameSizeSettings
from volconv.steps.window_settings import WindowSettings

__all__ = ["Gaussian", "GaussianKernel", "gaussian_kernel", "gaussian_step"]


class GaussianKernel(SettingsModel):
    """Gaussian weights that sum to 1."""

    sigma: Lengths
    """Standard deviation: a number of cells, or a text such as 1.2 mm."""

    truncate: Spread = 4.0
    """Standard deviations from the centre to the last tap."""

    def kernel(self, source: ArrayMeta, dims: Sequence[str] | None) -> Kernel:
        """The kernel for an input."""
        return gaussian_kernel(source, self.sigma, dims, self.truncate)


class Gaussian(SameSizeSettings, WindowSettings, RenormalisedSettings):
    """Smoothing with Gaussian weights, by default as scipy.ndimage.gaussian_filter."""

    step_name: ClassVar[str] = "gaussian"

    sigma: Lengths
    """Standard deviation: a number of cells, or a text such as 1.2 mm."""

    truncate: Spread = 4.0
    """Standard deviations from the centre to the last tap."""

    dims: Dims | None = None
    """Dimensions that one sigma for all goes to: by default those of its unit."""

    def resolve(self, source: ArrayMeta) -> KernelStep:
        """The step for an input."""
        return gaussian_step(
            source, self.sigma, self.dims, self.truncate, self.options()
        )


def gaussian_step(
    meta: ArrayMeta,
    sigma: LengthLike,
    dims: Sequence[str] | str | None,
    truncate: float,
    options: WindowOptions,
) -> KernelStep:
    """Smoothing with Gaussian weights that sum to 1."""
    kernel = gaussian_kernel(meta, sigma, dims, truncate)
    return kernel_step("gaussian", meta, kernel, options)


def gaussian_kernel(
    meta: ArrayMeta,
    sigma: LengthLike,
    dims: Sequence[str] | str | None,
    truncate: float,
) -> Kernel:
    """The Gaussian kernel over an array; one sigma for all goes to `dims`."""
    cells = cells_of("sigma", sigma, dims, meta)
    notes = length_notes("sigma", sigma, cells, meta)
    return replace(gaussian(cells, truncate), lengths=notes)
