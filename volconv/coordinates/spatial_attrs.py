"""Attributes that say where cells lie, and are false where outputs lie elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from volconv.geometry import Centres
from volconv.steps import Step
from volconv.steps.memoised import memoised

__all__ = ["NGFF", "RANGES", "lie_elsewhere", "without_positions"]

RANGES = frozenset({"actual_range", "valid_range", "valid_min", "valid_max", "step"})
"""Attributes of a coordinate that are true of its own values only."""

NGFF = frozenset({"multiscales", "ome", "omero"})
"""OME-Zarr's description of a group: its arrays, their scales, how they are shown."""

PLACES = NGFF | {
    *("affine", "transform", "res", "spacing", "origin"),
    *("pixdim", "qform", "sform"),
}
"""Names that rasterio, ITK and NIfTI's readers give to where cells lie. A text of such a
name is something else."""

GDAL = "GeoTransform"
"""Where cells lie as GDAL says it: a text, beside a CRS."""


def lie_elsewhere(steps: Iterable[Step]) -> bool:
    """Whether the outputs of steps are not at the positions of the input's cells."""
    return any(map(moves_cells, steps))


@memoised
def moves_cells(step: Step) -> bool:
    """Whether the outputs of a step are not at the positions of its input's cells."""
    return any(
        not Centres.of(window, step.source.sizes[dim]).are_all_cells
        for dim, window in step.geometry
    )


def without_positions(attrs: Mapping[Any, Any]) -> dict[Any, Any]:
    """Attributes without those that say where cells lie.

    Examples
    --------
    >>> without_positions({"res": (0.5, 0.5), "origin": "a scanner", "units": "K"})
    {'origin': 'a scanner', 'units': 'K'}
    """
    return {
        key: value
        for key, value in attrs.items()
        if key != GDAL and (key not in PLACES or isinstance(value, str))
    }
