"""Step `box`: the mean of the cells under a box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from volconv.geometry import PerDim
from volconv.geometry.geometry import per_dim
from volconv.kernels import box
from volconv.meta import ArrayMeta
from volconv.steps.window import WindowOptions, WindowStep, window_step

__all__ = ["box_step"]


def box_step(
    meta: ArrayMeta,
    size: PerDim,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
) -> WindowStep:
    """Mean over a box of some cells along each dimension."""
    if isinstance(size, Mapping):
        meta.require(size, "size")
        sizes = dict(size)
    else:
        names = meta.dims if dims is None else [dims] if isinstance(dims, str) else dims
        meta.require(names, "dims")
        sizes = per_dim("size", size, list(names), names, 1)  # type: ignore[assignment]
    return window_step("box", meta, box(sizes), options)
