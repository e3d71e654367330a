"""The step that moves a kernel over its input: correlate, convolve, gaussian, box."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import Boundaries, BoundaryLike
from volconv.compute import Correlation, Numbers, choose_engine, numbers_of
from volconv.geometry import Geometry, PaddingLike, PerDim
from volconv.kernels import Kernel
from volconv.meta import ArrayMeta

__all__ = ["WindowOptions", "WindowStep", "window_step"]


@dataclass(frozen=True)
class WindowOptions:
    """How a kernel moves over an array, as a user says it.

    The fields are the keywords of `volconv.correlate`, which explains them, and
    `default_padding` and `default_boundary`, for dimensions that `padding` and
    `boundary` leave out.
    """

    stride: PerDim = 1
    padding: PaddingLike = "valid"
    dilation: PerDim = 1
    boundary: BoundaryLike | None = None
    fill_value: complex = 0
    dtype: object = None
    engine: str = "auto"
    default_padding: str = "valid"
    default_boundary: str = "constant"


@dataclass(frozen=True, eq=False)
class WindowStep:
    """A kernel with its windows, resolved for one input."""

    name: str
    kernel: Kernel
    geometry: Geometry
    boundaries: Boundaries
    numbers: Numbers
    engine: str
    source: ArrayMeta
    target: ArrayMeta

    @cached_property
    def correlation(self) -> Correlation:
        """The arithmetic of one block, its axes in the array's order."""
        windows = [self.geometry[dim] for dim in self.source.dims]
        return Correlation(
            self.kernel.along(self.source.dims),
            tuple(window.stride for window in windows),
            tuple(window.dilation for window in windows),
            self.numbers,
            self.engine,
        )

    def compute(
        self, block: NDArray[Any], out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Outputs of a block that has its halo: see `Step.compute`."""
        return self.correlation(block, out)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that `compute` allocates at most: see `Step.work_bytes`.

        The result and one product in the arithmetic's dtype; for passes, what lies
        between two of them, at most one block each; the result once more where its
        dtype is another.
        """
        size = np.dtype(self.numbers.compute).itemsize
        work = 2 * size * outputs
        if self.engine == "separable":
            work += 3 * size * cells
        if self.numbers.compute != self.numbers.target:
            work += np.dtype(self.numbers.target).itemsize * outputs + size * outputs
        if np.dtype(self.numbers.compute).kind == "c":
            work += 2 * size * outputs
        return work

    def describe(self) -> dict[str, object]:
        """All that decides its result, as JSON."""
        return {
            "step": self.name,
            "kernel": self.kernel.describe(),
            "windows": {
                dim: {
                    "size": window.size,
                    "stride": window.stride,
                    "dilation": window.dilation,
                    "padding": list(window.padding),
                    "boundary": self.boundaries[dim],
                }
                for dim, window in self.geometry
            },
            "fill_value": number_text(self.boundaries.fill_value),
            "dtype": [self.numbers.source, self.numbers.compute, self.numbers.target],
            "engine": self.engine,
        }

    def engine_note(self) -> str:
        """The engine and why."""
        taps = " x ".join(str(size) for size in self.kernel.sizes.values())
        if self.engine == "separable":
            return f"separable: {taps} taps known by their factors"
        count = int(np.count_nonzero(self.kernel.weights))
        return f"{self.engine}: {taps} taps, {count} of them not zero"


def number_text(value: complex) -> object:
    """A number as JSON holds it: NaN, inf and complex numbers as text."""
    return value if value.imag == 0 and np.isfinite(value) else str(value)


def window_step(
    name: str, meta: ArrayMeta, kernel: Kernel, options: WindowOptions
) -> WindowStep:
    """The resolved step of a kernel over an array.

    Parameters
    ----------
    name : str
        The step's name.
    meta : ArrayMeta
        The input.
    kernel : Kernel
        Weights and their dimensions.
    options : WindowOptions
        What the user says of stride, padding and the rest.

    Raises
    ------
    VolconvError
        The child that names what is wrong.
    """
    geometry = Geometry.parse(
        meta,
        kernel.sizes,
        stride=options.stride,
        padding=options.padding,
        dilation=options.dilation,
        default_padding=options.default_padding,
    )
    boundaries = Boundaries.parse(
        geometry.dims, options.boundary, options.fill_value, options.default_boundary
    )
    numbers = numbers_of(
        meta.dtype, kernel.weights, boundaries.fill_value, options.dtype
    )
    if "constant" in dict(boundaries.kinds).values():
        boundaries.check_fill(numbers.source)
    target = replace(
        meta.with_sizes(geometry.out_sizes(meta.sizes), geometry.strides()),
        dtype=numbers.target,
    )
    engine = choose_engine(options.engine, len(kernel.factors))
    return WindowStep(name, kernel, geometry, boundaries, numbers, engine, meta, target)
