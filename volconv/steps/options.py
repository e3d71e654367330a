"""How windows move over an array: what a user says, and what it comes to there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from volconv.boundary import Boundaries, BoundaryLike, check_closes, check_turns
from volconv.compute import checked_dtype
from volconv.geometry import Geometry, LabelLike, PaddingLike, PerDim, labels_by_dim
from volconv.meta import ArrayMeta
from volconv.steps.missing import Missing

__all__ = ["WindowOptions", "windows_of"]


@dataclass(frozen=True)
class WindowOptions:
    """How a kernel moves over an array, as a user says it.

    The fields are the keywords of `volconv.correlate`, which explains them, and
    `default_padding` and `default_boundary`, for dimensions that `padding` and
    `boundary` leave out. `missing` is for builders whose weights may be rescaled; None
    where missing cells spread.
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
    label: LabelLike = "center"
    missing: Missing | None = None


def windows_of(
    meta: ArrayMeta, sizes: Mapping[str, int], options: WindowOptions
) -> tuple[Geometry, Boundaries]:
    """Windows of some sizes over an array, and what their padded cells hold.

    Parameters
    ----------
    meta : ArrayMeta
        The input.
    sizes : mapping of str to int
        Cells of the window along each of its dimensions.
    options : WindowOptions
        What the user says of stride, padding and the rest.

    Raises
    ------
    VolconvError
        The child that names what is wrong.
    """
    geometry = Geometry.parse(
        meta,
        sizes,
        stride=options.stride,
        padding=options.padding,
        dilation=options.dilation,
        default_padding=options.default_padding,
    )
    geometry = replace(geometry, labels=labels_by_dim(options.label, geometry.dims))
    boundaries = Boundaries.parse(
        geometry.dims, options.boundary, options.fill_value, options.default_boundary
    )
    check_turns(meta, geometry, boundaries)
    check_closes(meta, geometry, boundaries)
    if "constant" not in dict(boundaries.kinds).values():
        return geometry, replace(boundaries, fill_value=0)
    boundaries.check_fill(checked_dtype("data", meta.dtype).name)
    return geometry, boundaries
