"""Steps `correlate` and `convolve`: a kernel that the user gives."""

from __future__ import annotations

from collections.abc import Sequence

from volconv.kernels import Kernel
from volconv.meta import ArrayMeta
from volconv.steps.window import WindowOptions, WindowStep, window_step

__all__ = ["convolve_step", "correlate_step"]


def correlate_step(
    meta: ArrayMeta,
    kernel: object,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
) -> WindowStep:
    """Cross-correlation with weights that are not flipped."""
    parsed = Kernel.parse(kernel, dims, meta.dims)
    return window_step("correlate", meta, parsed, options)


def convolve_step(
    meta: ArrayMeta,
    kernel: object,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
) -> WindowStep:
    """Cross-correlation with the kernel flipped along each of its dimensions."""
    parsed = Kernel.parse(kernel, dims, meta.dims).flipped()
    return window_step("convolve", meta, parsed, options)
