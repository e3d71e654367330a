"""OME-Zarr's metadata of an output: what its coordinates say, for viewers of images."""

from __future__ import annotations

import math
from fractions import Fraction

from volconv.coordinates import Coords
from volconv.coordinates.spacing import spaced_axis
from volconv.io.ome import Level, LevelAxis
from volconv.meta import ArrayMeta, Axis

__all__ = ["VERSION", "image_attributes"]

VERSION = "0.5"
"""Of the format; that of Zarr 3."""

FINEST = 64
"""Largest number of outputs in a cell that a scale is taken to be a fraction by."""


def image_attributes(
    level: Level | None, meta: ArrayMeta, coords: Coords, variable: str
) -> dict[str, object]:
    """Attributes that make a group an image of one level; none where it is no image.

    An image has two or three axes of space, before them at most one channel, and before
    that at most time; it lies evenly spaced along each.

    Parameters
    ----------
    level : Level or None
        What the input's image says of it, if the input is of one.
    meta : ArrayMeta
        The output.
    coords : Dataset
        Its coordinates.
    variable : str
        Its name in the group.
    """
    if level is None:
        return {}
    known = {axis.name: axis for axis in level.axes}
    axes = [
        placed(known.get(axis.dim) or LevelAxis(axis.dim, "channel"), axis, coords)
        for axis in meta.own.axes
    ]
    found = [axis for axis in axes if axis is not None]
    if len(found) < len(axes) or not is_image([axis.kind for axis in found]):
        return {}
    places = [
        {"type": "scale", "scale": [axis.scale for axis in found]},
        {"type": "translation", "translation": [axis.translation for axis in found]},
    ]
    image = {
        "name": variable,
        "axes": [
            {"name": axis.name, "type": axis.kind}
            | ({"unit": axis.unit} if axis.unit else {})
            for axis in found
        ],
        "datasets": [{"path": variable, "coordinateTransformations": places}],
    }
    return {"ome": {"version": VERSION, "multiscales": [image]}}


def is_image(kinds: list[str]) -> bool:
    """Whether axes of some kinds, in this order, are those of an image.

    Examples
    --------
    >>> is_image(["time", "channel", "space", "space"]), is_image(["space", "channel"])
    (True, False)
    """
    space = kinds.count("space")
    before = kinds[: len(kinds) - space]
    if space not in (2, 3) or "space" in before:
        return False
    return len(before[before[:1] == ["time"] :]) <= 1 and "time" not in before[1:]


def placed(known: LevelAxis, axis: Axis, coords: Coords) -> LevelAxis | None:
    """An axis where the output's coordinate lies; None where no scale can say it."""
    variable = coords.variables.get(axis.dim)
    if variable is None or known.kind == "channel":
        is_lost = known.is_placed or known.kind == "space"
        return None if is_lost else LevelAxis(known.name, known.kind, scale=1.0)
    if variable.dims != (axis.dim,) or variable.dtype.kind not in "iuf":
        return None
    spacing = spaced_axis(axis.dim, variable).spacing or (
        axis.spacing if axis.size == 1 else None
    )
    if not spacing:
        return None
    return LevelAxis(
        known.name,
        known.kind,
        str(variable.attrs.get("units", "")),
        without_noise(spacing, known.scale),
        float(variable.values[0]),
    )


def without_noise(spacing: float, scale: float | None) -> float:
    """A spacing as a fraction of the scale that it comes from, if it is one.

    Examples
    --------
    >>> without_noise(0.32500000000000284, 0.1625), without_noise(0.4, 0.1625)
    (0.325, 0.4)
    """
    if not scale:
        return spacing
    found = float(Fraction(spacing / scale).limit_denominator(FINEST)) * scale
    return found if math.isclose(found, spacing, rel_tol=1e-9) else spacing
