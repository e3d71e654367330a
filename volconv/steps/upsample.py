"""The step `upsample`: several cells in the place of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

import numpy as np
from pydantic import PlainValidator, WithJsonSchema

from volconv.boundary import Boundaries, BoundaryLike
from volconv.compute import numbers_of
from volconv.compute.upsampling import Interpolated, Repeated, line_window
from volconv.errors import KindError
from volconv.geometry import Geometry, PerDim, Spreading
from volconv.geometry.by_dim import values_by_dim
from volconv.kernels.named import check_size
from volconv.meta import ArrayMeta
from volconv.steps.block import Operation
from volconv.steps.fields import (
    BoundaryName,
    ByDim,
    Dims,
    DTypeName,
    Factors,
    FillValue,
)
from volconv.steps.model import refusing
from volconv.steps.settings import BEYOND, StepSettings
from volconv.steps.spreading import SpreadingStep, spreading_step
from volconv.text import check_word

__all__ = ["METHODS", "Upsample", "upsample_step"]

METHODS = ("nearest", "linear")
"""What lies between cells: the nearest one, or values on a line from each to the next."""

ALONG_ALL = "linear is along every dimension that has a factor"

TORCHS = {"bilinear": ALONG_ALL, "trilinear": ALONG_ALL}
"""Methods of PyTorch's, and what they are here."""


def read_method(value: object) -> str:
    """What lies between cells: see `check_word`."""
    return check_word("method", value, METHODS, TORCHS)


class Upsample(StepSettings):
    """More cells: each repeated, or values on a line from one to the next."""

    step_name: ClassVar[str] = "upsample"

    factor: Factors
    """Cells in the place of each: one number, or one for each dimension by name."""

    dims: Dims | None = None
    """Dimensions that one factor for all goes to: by default all."""

    method: Annotated[
        str,
        PlainValidator(refusing(read_method)),
        WithJsonSchema({"enum": list(METHODS)}),
    ] = "nearest"
    """What lies between cells: nearest repeats, linear interpolates."""

    boundary: ByDim[BoundaryName] = "edge"
    """What linear finds beyond the edge, as in numpy.pad."""

    fill_value: FillValue = 0
    """What cells beyond a constant boundary hold."""

    dtype: DTypeName | None = None
    """dtype of the result: rounded half to even, and saturated."""

    def notes(self) -> list[str]:
        """What is no fault but may not be what was meant."""
        return (
            self.idle(BEYOND, "method is nearest") if self.method == "nearest" else []
        )

    def resolve(self, source: ArrayMeta) -> SpreadingStep:
        """The step for an input."""
        return upsample_step(
            source,
            self.factor,
            self.dims,
            self.method,
            self.boundary,
            self.fill_value,
            self.dtype,
        )


def upsample_step(
    meta: ArrayMeta,
    factor: PerDim,
    dims: Sequence[str] | str | None,
    method: str,
    boundary: BoundaryLike,
    fill_value: complex,
    dtype: object,
) -> SpreadingStep:
    """Several cells in the place of each."""
    method = read_method(method)
    factors = factors_of(meta, factor, dims)
    finer = {dim: by for dim, by in factors.items() if by > 1}
    along = tuple(factors.get(dim, 1) for dim in meta.dims)
    boundaries = Boundaries.parse(tuple(factors), boundary, fill_value, "edge")
    operation: Operation
    if method == "nearest":
        boundaries = Boundaries(())
        numbers = numbers_of(meta.dtype, np.ones(1, int), 0, dtype)
        target = numbers.source if dtype is None else numbers.target
        operation = Repeated(along, numbers.source, target)
        windows = {dim: Spreading.of(by, by) for dim, by in finer.items()}
    else:
        numbers = numbers_of(meta.dtype, np.ones(1), 0, dtype)
        if "constant" in dict(boundaries.kinds).values():
            boundaries.check_fill(numbers.source)
        target = numbers.target
        operation = Interpolated(along, numbers.compute, target)
        windows = {dim: line_window(by) for dim, by in finer.items()}
    geometry = Geometry(tuple(windows.items()))
    return spreading_step("upsample", meta, operation, target, (geometry, boundaries))


def factors_of(
    meta: ArrayMeta, factor: PerDim, dims: Sequence[str] | str | None
) -> dict[str, int]:
    """Cells in the place of each, by dimension in the array's order.

    Raises
    ------
    KindError
        If no dimension has one.
    """
    names = () if dims is None else dims
    if dims is None and not isinstance(factor, Mapping):
        names = meta.dims
    found = {
        dim: check_size(f"factor along {dim!r}", by)
        for dim, by in values_by_dim("factor", factor, names, meta).items()
    }
    if not found:
        raise KindError("factor", "no dimension", "a factor for at least one")
    return found
