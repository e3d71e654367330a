"""Step `gaussian`: smoothing by a standard deviation in cells or in units."""

from __future__ import annotations

from collections.abc import Sequence

from volconv.kernels import LengthLike, cells_of, gaussian
from volconv.meta import ArrayMeta
from volconv.steps.window import WindowOptions, WindowStep, window_step

__all__ = ["gaussian_step"]


def gaussian_step(
    meta: ArrayMeta,
    sigma: LengthLike,
    dims: Sequence[str] | str | None,
    truncate: float,
    options: WindowOptions,
) -> WindowStep:
    """Smoothing with Gaussian weights that sum to 1."""
    names = [dims] if isinstance(dims, str) else dims
    cells = cells_of("sigma", sigma, names, meta)
    return window_step("gaussian", meta, gaussian(cells, truncate), options)
