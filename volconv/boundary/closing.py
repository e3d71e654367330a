"""Whether a longitude closes: what the boundary ``wrap`` asks of its axis."""

from __future__ import annotations

from volconv.boundary.boundaries import Boundaries
from volconv.errors import BoundaryError
from volconv.geometry import Geometry
from volconv.meta import ArrayMeta, Axis

__all__ = ["check_closes", "closes", "unclosed"]

NEAR = 0.05
"""Share of a cell by which a circle may fail to close: longitudes in float32 do by 1e-3,
those rounded to two decimals by 4e-2, a cell that is stored twice by 1."""


def closes(axis: Axis) -> bool | None:
    """Whether an axis goes once around; None where it is no longitude.

    Examples
    --------
    >>> closes(Axis("lon", 360, 1.0, "degrees_east", around=1.0))
    True
    """
    return None if axis.around is None else abs(surplus(axis)) <= NEAR


def surplus(axis: Axis) -> float:
    """Cells that a longitude has above those of a circle; below zero, cells it lacks."""
    around = axis.around or 1.0
    return axis.size * (around - 1) / around


def check_closes(meta: ArrayMeta, geometry: Geometry, boundaries: Boundaries) -> None:
    """Refuse to wrap padded cells around a longitude that does not close.

    Raises
    ------
    BoundaryError
        Saying by how much.
    """
    for dim, window in geometry:
        axis = meta.axis(dim)
        is_padded = max(window.padding) > 0
        if boundaries[dim] == "wrap" and is_padded and closes(axis) is False:
            raise unclosed(f"boundary along {dim!r}", axis, "'wrap' over ")


def unclosed(where: str, axis: Axis, asked: str = "") -> BoundaryError:
    """The error of a longitude that does not close, saying by how much.

    Parameters
    ----------
    where : str
        The argument at fault.
    axis : Axis
        The longitude.
    asked : str
        What was asked of it.
    """
    return BoundaryError(
        where,
        f"{asked}{axis.size} longitudes, {share_text(axis)}",
        "cells that close a circle: 360 degrees in all",
        mend(axis),
    )


def share_text(axis: Axis) -> str:
    """What an axis covers of a circle, and how much is missing or too much."""
    degrees = 360 * (axis.around or 0)
    far = "more" if degrees > 360 else "fewer"
    return f"which cover {degrees:.7g} degrees, {abs(degrees - 360):.4g} {far}"


def mend(axis: Axis) -> str:
    """What to do about an axis that does not close."""
    if abs(surplus(axis) - 1) <= NEAR:
        return (
            f"leave out the last one, which repeats the first: "
            f"crop {{{axis.dim}: [0, {axis.size - 1}]}}"
        )
    return (
        "another boundary, such as 'edge'; or, where a step before this one has lost "
        "cells, padding: same and a stride that divides their number"
    )
