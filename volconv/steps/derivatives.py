"""Steps that take differences of neighbouring cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar

from pydantic import StrictStr, StringConstraints

from volconv.errors import DimError
from volconv.kernels import Kernel
from volconv.kernels.axes import even_spacing
from volconv.kernels.differences import central_difference, laplace, sobel
from volconv.kernels.kernel import as_names
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep
from volconv.steps.combined import combined_step
from volconv.steps.fields import PER, Dims, Per
from volconv.steps.options import WindowOptions
from volconv.steps.pointwise import real
from volconv.steps.settings import SameSizeSettings, TextPath
from volconv.steps.window import WindowStep, window_step
from volconv.steps.window_settings import WeightedSettings, WindowSettings
from volconv.text import check_word

__all__ = [
    "gradient_magnitude_step",
    "gradient_step",
    "laplace_step",
    "sobel_step",
]

DimName = Annotated[StrictStr, StringConstraints(min_length=1)]


class Gradient(SameSizeSettings, WeightedSettings):
    """Central differences along one dimension: (x[i+1] - x[i-1]) / 2 h."""

    step_name: ClassVar[str] = "gradient"

    dim: DimName
    """The dimension."""

    per: Per = "cell"
    """Per cell (h = 1), or per unit of the dimension's coordinate."""

    def resolve(self, source: ArrayMeta) -> WindowStep:
        """The step for an input."""
        return gradient_step(source, self.dim, self.per, self.options())

    def named_dims(self) -> Iterator[tuple[TextPath, str]]:
        """Dimensions that the text names, each with its path below the step's."""
        yield from super().named_dims()
        yield ("dim",), self.dim


class GradientMagnitude(SameSizeSettings, WindowSettings):
    """Length of the gradient: the root of the sum of its squared components."""

    step_name: ClassVar[str] = "gradient_magnitude"

    dims: Dims | None = None
    """Dimensions of the components: by default all."""

    per: Per = "cell"
    """Per cell, or per unit of each dimension's coordinate."""

    def resolve(self, source: ArrayMeta) -> BlockStep:
        """The step for an input."""
        return gradient_magnitude_step(source, self.dims, self.per, self.options())


class Laplace(SameSizeSettings, WindowSettings):
    """Sum of second differences: (x[i-1] - 2 x[i] + x[i+1]) / h² along each dimension."""

    step_name: ClassVar[str] = "laplace"

    dims: Dims | None = None
    """Dimensions of the differences: by default all."""

    per: Per = "cell"
    """Per cell (h = 1), or per unit of each dimension's coordinate."""

    def resolve(self, source: ArrayMeta) -> WindowStep:
        """The step for an input."""
        return laplace_step(source, self.dims, self.per, self.options())


class Sobel(SameSizeSettings, WindowSettings):
    """Differences along one dimension, smoothed along the others; or their length."""

    step_name: ClassVar[str] = "sobel"

    dim: DimName | None = None
    """The dimension of the differences: by default the length over all of dims."""

    dims: Dims | None = None
    """Dimensions of the kernel: by default all."""

    def resolve(self, source: ArrayMeta) -> WindowStep | BlockStep:
        """The step for an input."""
        return sobel_step(source, self.dim, self.dims, self.options())

    def named_dims(self) -> Iterator[tuple[TextPath, str]]:
        """Dimensions that the text names, each with its path below the step's."""
        yield from super().named_dims()
        if self.dim is not None:
            yield ("dim",), self.dim


def gradient_step(
    meta: ArrayMeta, dim: str, per: str, options: WindowOptions
) -> WindowStep:
    """Central differences along one dimension."""
    meta.require([dim], "dim")
    spacing = spacings(meta, [dim], per)[dim]
    kernel = central_difference(dim, spacing)
    return window_step("gradient", meta, kernel, options, unit_of(meta, [dim], per, 1))


def gradient_magnitude_step(
    meta: ArrayMeta,
    dims: Sequence[str] | str | None,
    per: str,
    options: WindowOptions,
) -> BlockStep:
    """Root of the sum of squared central differences."""
    names = dims_of(real(meta, "gradient_magnitude"), dims)
    kernels = [
        central_difference(dim, spacing)
        for dim, spacing in spacings(meta, names, per).items()
    ]
    return combined_step(
        "gradient_magnitude",
        meta,
        kernels,
        "root sum of squares",
        options,
        unit_factor=unit_of(meta, names, per, 1),
    )


def laplace_step(
    meta: ArrayMeta,
    dims: Sequence[str] | str | None,
    per: str,
    options: WindowOptions,
) -> WindowStep:
    """Sum of second differences."""
    names = dims_of(meta, dims)
    kernel = laplace(spacings(meta, names, per))
    return window_step("laplace", meta, kernel, options, unit_of(meta, names, per, 2))


def sobel_step(
    meta: ArrayMeta,
    dim: str | None,
    dims: Sequence[str] | str | None,
    options: WindowOptions,
) -> WindowStep | BlockStep:
    """Smoothed differences along one dimension, or the root of their sum of squares."""
    names = dims_of(meta, dims)
    if dim is not None:
        meta.require([dim], "dim")
        if dim not in names:
            raise DimError("dim", repr(dim), f"one of dims, {names}")
        return window_step("sobel", meta, sobel(dim, names), options)
    kernels: list[Kernel] = [sobel(one, names, whole=False) for one in names]
    meta = real(meta, "the length of sobel")
    return combined_step("sobel", meta, kernels, "root sum of squares", options)


def dims_of(meta: ArrayMeta, dims: Sequence[str] | str | None) -> list[str]:
    """The named dimensions in the array's order; by default all.

    Raises
    ------
    DimError
        If one is unknown or repeated, or there is none.
    """
    names = meta.dims if dims is None else as_names(dims)
    meta.require(names, "dims")
    if not names or len(set(names)) < len(names):
        raise DimError("dims", str(list(names)), "at least one, each dimension once")
    return [dim for dim in meta.dims if dim in names]


def spacings(meta: ArrayMeta, dims: Sequence[str], per: str) -> dict[str, float]:
    """Distance of neighbouring cells along each dimension: 1 per cell.

    Raises
    ------
    UnitError
        If it is wanted per unit, and a dimension has no even spacing.
    """
    if check_word("per", per, PER) == "cell":
        return dict.fromkeys(dims, 1)
    found = {}
    for dim in dims:
        axis = meta.axis(dim)
        fix = "interpolate to even spacing first, or say per='cell'"
        if axis.spacing is None and not axis.uneven:
            fix = (
                f"give it a coordinate: data.assign_coords({{{dim!r}: values}}), {fix}"
            )
        found[dim] = even_spacing("per", "'unit'", axis, fix)
    return found


def unit_of(meta: ArrayMeta, dims: Sequence[str], per: str, power: int) -> str | None:
    """What a derivative's unit is multiplied by, as UDUNITS writes it.

    None where a dimension has no unit, or where two have different ones.

    Examples
    --------
    >>> from volconv.meta import Axis
    >>> meta = ArrayMeta((Axis("y", 9, 2.0, "mm"), Axis("x", 9, 1.0, "mm")), "int16")
    >>> unit_of(meta, ["y", "x"], "unit", 2)
    'mm-2'
    """
    if per == "cell":
        return ""
    units = {meta.axis(dim).units for dim in dims}
    unit = units.pop()
    if units or not unit or not unit.isidentifier() or unit[-1].isdigit():
        return None
    return f"{unit}-{power}"
