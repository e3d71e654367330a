"""What OME-Zarr's metadata say of a level: names of its axes, units, and where it lies.

Of formats 0.4 and 0.5, read from the attributes of the image's group; nothing is opened
here. Cell 0 of an axis has its centre at the translation, cell k at
``translation + scale * k``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Level", "LevelAxis", "level_of", "level_paths"]


@dataclass(frozen=True)
class LevelAxis:
    """An axis of a level.

    Parameters
    ----------
    name : str
        Its name.
    kind : str
        ``space``, ``time``, ``channel`` or another word; empty where nothing says it.
    unit : str
        The unit of scale and translation; empty where there is none.
    scale : float, optional
        Distance from a cell's centre to the next; None where nothing says it.
    translation : float
        Where the centre of cell 0 lies.
    labels : tuple of str
        Names of the channels, or none.
    """

    name: str
    kind: str = ""
    unit: str = ""
    scale: float | None = None
    translation: float = 0.0
    labels: tuple[str, ...] = ()

    @property
    def is_placed(self) -> bool:
        """Whether its cells lie somewhere that their numbers do not say already."""
        if self.scale is None or self.kind == "channel":
            return False
        says_more = self.unit or self.scale != 1 or self.translation != 0
        return self.kind == "space" or bool(says_more)


@dataclass(frozen=True)
class Level:
    """A level of an image.

    Parameters
    ----------
    axes : tuple of LevelAxis
        In the array's order; none where the metadata do not say them.
    note : str
        Why it lies nowhere; empty where all is well.
    """

    axes: tuple[LevelAxis, ...] = ()
    note: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(axis.name for axis in self.axes)


class UnreadError(ValueError):
    """Metadata that say nothing that is understood here, and why."""


def level_paths(attrs: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths of the levels of a group's first image, the finest first; perhaps none.

    Parameters
    ----------
    attrs : mapping
        The group's attributes.

    Examples
    --------
    >>> image = {"datasets": [{"path": "0"}, {"path": "1"}]}
    >>> level_paths({"ome": {"version": "0.5", "multiscales": [image]}})
    ('0', '1')
    >>> level_paths({"title": "no image"})
    ()
    """
    return tuple(paths_of(images_of(attrs)[0])) if images_of(attrs) else ()


def level_of(
    attrs: Mapping[str, Any], path: str, shape: tuple[int, ...]
) -> Level | None:
    """What a group's attributes say of a level; None if they do not name it.

    Parameters
    ----------
    attrs : mapping
        The group's attributes.
    path : str
        The array's path below the group.
    shape : tuple of int
        Its cells.

    Examples
    --------
    >>> image = {
    ...     "axes": [{"name": "x", "type": "space", "unit": "micrometer"}],
    ...     "datasets": [
    ...         {
    ...             "path": "0",
    ...             "coordinateTransformations": [{"type": "scale", "scale": [0.5]}],
    ...         }
    ...     ],
    ...     "coordinateTransformations": [{"type": "translation", "translation": [3]}],
    ... }
    >>> (axis,) = level_of({"multiscales": [image]}, "0", (7,)).axes
    >>> axis.name, axis.unit, axis.scale, axis.translation
    ('x', 'micrometer', 0.5, 3.0)
    """
    named = [image for image in images_of(attrs) if path in paths_of(image)]
    if not named:
        return None
    image = named[0]
    try:
        axes = axes_of(image, channel_labels(attrs), shape)
    except UnreadError as reason:
        return Level(note=str(reason))
    dataset = image["datasets"][paths_of(image).index(path)]
    try:
        own = transformed(axes, dataset.get("coordinateTransformations"))
        if all(axis.scale is None for axis in own):
            return Level(axes, "its coordinateTransformations say no scale")
        return Level(transformed(own, image.get("coordinateTransformations")))
    except UnreadError as reason:
        return Level(axes, str(reason))


def described(attrs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where the metadata lie: under ``ome`` as of format 0.5, before that at the top."""
    ome = attrs.get("ome")
    return ome if isinstance(ome, Mapping) and "multiscales" in ome else attrs


def images_of(attrs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The images that attributes describe and that have levels."""
    found = described(attrs).get("multiscales")
    images = found if isinstance(found, list) else []
    return [image for image in images if isinstance(image, Mapping) and paths_of(image)]


def paths_of(image: Mapping[str, Any]) -> list[str]:
    """Paths of an image's levels, in order; none if one of them has none."""
    datasets = image.get("datasets")
    if not isinstance(datasets, list):
        return []
    paths = [
        each.get("path") if isinstance(each, Mapping) else None for each in datasets
    ]
    named = [path.strip("/") for path in paths if isinstance(path, str)]
    return named if all(named) and len(named) == len(paths) else []


def axes_of(
    image: Mapping[str, Any], labels: tuple[str, ...], shape: tuple[int, ...]
) -> tuple[LevelAxis, ...]:
    """The axes of an image, which lie nowhere yet.

    Raises
    ------
    UnreadError
        If they are not those of an array of that shape.
    """
    given = image.get("axes")
    if not isinstance(given, list):
        raise UnreadError("it has no list of axes")
    axes = tuple(map(axis_of, given))
    names = [axis.name for axis in axes]
    if len(set(names)) != len(names) or "" in names:
        raise UnreadError(f"its axes are called {names}")
    if len(axes) != len(shape):
        raise UnreadError(
            f"it has the axes {names} for an array of {len(shape)} dimensions"
        )
    return tuple(
        replace(axis, labels=labels)
        if axis.kind == "channel" and len(labels) == size
        else axis
        for axis, size in zip(axes, shape, strict=True)
    )


def axis_of(given: object) -> LevelAxis:
    """An axis: a name and more, or, as in format 0.3, a name."""
    said = given if isinstance(given, Mapping) else {"name": given}
    name, kind, unit = (word(said.get(key)) for key in ("name", "type", "unit"))
    usual = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
    return LevelAxis(name, kind or usual.get(name, ""), unit)


def word(value: object) -> str:
    """A text; an empty one for what is none."""
    return value if isinstance(value, str) else ""


def channel_labels(attrs: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the channels for display; none if not each has one of its own."""
    omero = described(attrs).get("omero")
    channels = omero.get("channels") if isinstance(omero, Mapping) else None
    if not isinstance(channels, list):
        return ()
    labels = tuple(
        word(each.get("label")) if isinstance(each, Mapping) else ""
        for each in channels
    )
    return () if "" in labels or len(set(labels)) < len(labels) else labels


def transformed(axes: tuple[LevelAxis, ...], given: object) -> tuple[LevelAxis, ...]:
    """Axes after transformations, one after the other.

    Raises
    ------
    UnreadError
        If one is no scale, translation or identity of as many numbers as axes.
    """
    listed = given if isinstance(given, list) else [] if given is None else [given]
    for item in listed:
        each = item if isinstance(item, Mapping) else {}
        kind = each.get("type")
        if kind == "identity":
            continue
        if kind not in ("scale", "translation"):
            raise UnreadError(f"a coordinateTransformation of it is of type {kind!r}")
        numbers = numbers_of(kind, each.get(kind), len(axes))
        pairs = zip(axes, numbers, strict=True)
        if kind == "scale":
            axes = tuple(scaled(axis, number) for axis, number in pairs)
        else:
            axes = tuple(
                replace(axis, translation=axis.translation + number)
                for axis, number in pairs
            )
    return axes


def scaled(axis: LevelAxis, factor: float) -> LevelAxis:
    """An axis with all of its places multiplied."""
    scale = factor if axis.scale is None else factor * axis.scale
    return replace(axis, scale=scale, translation=factor * axis.translation)


def numbers_of(kind: str, given: object, count: int) -> list[float]:
    """The numbers of a transformation, one for each axis.

    Raises
    ------
    UnreadError
        If they are others.
    """
    numbers = given if isinstance(given, list) else []
    are_numbers = all(
        isinstance(each, int | float)
        and not isinstance(each, bool)
        and abs(each) <= sys.float_info.max
        and (each or kind == "translation")
        for each in numbers
    )
    if len(numbers) != count or not are_numbers:
        raise UnreadError(f"a {kind} of it is {given!r} for {count} axes")
    return [float(each) for each in numbers]
