"""Steps that compare cells with smoothed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from volconv.errors import KernelError
from volconv.kernels import Kernel, LengthLike, cells_of, gaussian, length_notes
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep
from volconv.steps.checks import real_number
from volconv.steps.combined import combined_step
from volconv.steps.fields import Dims, Lengths, RealNumber, Spread
from volconv.steps.gaussian import gaussian_kernel
from volconv.steps.options import WindowOptions
from volconv.steps.settings import SameSizeSettings
from volconv.steps.window_settings import WindowSettings

__all__ = ["difference_of_gaussians_step", "unsharp_step"]


class DifferenceOfGaussians(SameSizeSettings, WindowSettings):
    """What a narrow Gaussian keeps and a wide one does not: blobs of a size between."""

    step_name: ClassVar[str] = "difference_of_gaussians"

    low_sigma: Lengths
    """Standard deviation of the narrow one: cells, or a text such as 1.2 mm."""

    high_sigma: Lengths
    """Standard deviation of the wide one, which is subtracted."""

    truncate: Spread = 4.0
    """Standard deviations from the centre to the last tap."""

    dims: Dims | None = None
    """Dimensions that one sigma for all goes to: by default those of its unit."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return difference_of_gaussians_step(
            source,
            (self.low_sigma, self.high_sigma),
            self.dims,
            self.truncate,
            self.options(),
        )


class Unsharp(SameSizeSettings, WindowSettings):
    """Cells plus an amount of what a Gaussian takes from them: x + a (x - smooth)."""

    step_name: ClassVar[str] = "unsharp"

    sigma: Lengths
    """Standard deviation: a number of cells, or a text such as 1.2 mm."""

    amount: RealNumber = 1.0
    """How much of the difference is added."""

    truncate: Spread = 4.0
    """Standard deviations from the centre to the last tap."""

    dims: Dims | None = None
    """Dimensions that one sigma for all goes to: by default those of its unit."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return unsharp_step(
            source, self.sigma, self.amount, self.dims, self.truncate, self.options()
        )


def difference_of_gaussians_step(
    meta: ArrayMeta,
    sigmas: tuple[LengthLike, LengthLike],
    dims: Sequence[str] | str | None,
    truncate: float,
    options: WindowOptions,
) -> BlockStep:
    """A narrow Gaussian less a wide one."""
    named = dict(zip(("low_sigma", "high_sigma"), sigmas, strict=True))
    low, high = (cells_of(where, sigma, dims, meta) for where, sigma in named.items())
    for dim, narrow in low.items():
        wide = high.get(dim, 0.0)
        if narrow > wide:
            raise KernelError(
                f"low_sigma along {dim!r}",
                f"{narrow:g} cells",
                f"at most high_sigma, {wide:g} cells",
                "swap them",
            )
    kernels = [
        replace(
            gaussian(cells, truncate), lengths=length_notes(where, sigma, cells, meta)
        )
        for (where, sigma), cells in zip(named.items(), (low, high), strict=True)
    ]
    return combined_step(
        "difference_of_gaussians", meta, kernels, "difference", options
    )


def unsharp_step(
    meta: ArrayMeta,
    sigma: LengthLike,
    amount: float,
    dims: Sequence[str] | str | None,
    truncate: float,
    options: WindowOptions,
) -> BlockStep:
    """Cells plus an amount of what a Gaussian takes from them."""
    smooth = gaussian_kernel(meta, sigma, dims, truncate)
    cell = Kernel(smooth.dims[:1], (np.ones(1),))
    number = real_number("amount", amount)
    return combined_step(
        "unsharp", meta, [cell, smooth], "sharpened", options, amount=number
    )
