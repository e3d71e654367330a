"""Step `box`: the mean of the cells under a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic import ConfigDict, RootModel

from volconv.kernels import Kernel, SizeLike, box, sizes_of
from volconv.meta import ArrayMeta
from volconv.steps.fields import Dims, Sizes
from volconv.steps.model import WordedModel
from volconv.steps.options import WindowOptions
from volconv.steps.renormalised import KernelStep, kernel_step
from volconv.steps.settings import RenormalisedSettings, SameSizeSettings
from volconv.steps.window_settings import DilatedSettings

__all__ = ["Box", "BoxKernel", "box_kernel", "box_step"]


class Box(SameSizeSettings, DilatedSettings, RenormalisedSettings):
    """Mean of the cells under a box."""

    step_name: ClassVar[str] = "box"

    size: Sizes
    """Cells of the box, or a text such as 6 mm; for all dimensions or by name."""

    dims: Dims | None = None
    """Dimensions that one size for all goes to: by default all, or those of its unit."""

    def resolve(self, source: ArrayMeta) -> KernelStep:
        """The step for an input."""
        return box_step(source, self.size, self.dims, self.options())


class BoxKernel(WordedModel, RootModel[Sizes]):
    """Equal weights that sum to 1: cells along each dimension."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    def kernel(self, source: ArrayMeta, dims: Sequence[str] | None) -> Kernel:
        """The kernel for an input."""
        return box_kernel(source, self.root, dims)


def box_step(
    meta: ArrayMeta,
    size: SizeLike,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
) -> KernelStep:
    """Mean over a box of some cells along each dimension."""
    return kernel_step("box", meta, box_kernel(meta, size, dims), options)


def box_kernel(
    meta: ArrayMeta, size: SizeLike, dims: Sequence[str] | str | None
) -> Kernel:
    """The kernel of a box over an array; one size for all goes to `dims`."""
    sizes, notes = sizes_of("size", size, dims, meta)
    return replace(box(sizes), lengths=notes)
