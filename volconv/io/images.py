"""Arrays that are levels of OME-Zarr images: the group that says so, and coordinates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import clear_frames
from typing import Any

import numpy as np
import zarr
from zarr.abc.store import Store

from volconv.coordinates import Coords, NoCoords
from volconv.files import is_url, is_web_url, require_packages
from volconv.io.bucket import input_store
from volconv.io.objects import is_object_url, normal_url
from volconv.io.ome import Level, level_of
from volconv.meta import ArrayMeta

__all__ = [
    "BROKEN",
    "Named",
    "level_above",
    "member",
    "named_by",
    "own_dims",
    "readable",
    "with_scales",
]

BROKEN = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What Zarr and xarray raise for metadata that are none."""

NO_GROUP = (FileNotFoundError, NotADirectoryError, PermissionError)
"""What Zarr raises where no group is, or none that may be read."""


def readable(path: str) -> str | Store:
    """What Zarr and xarray open for a path or URL.

    Raises
    ------
    KindError
        If the library is missing that reaches the URL.
    """
    if is_web_url(path):
        require_packages(path, "the URL of a web server", "aiohttp", "fsspec")
        from volconv.io.web import web_store

        return web_store(path)
    return input_store(normal_url(path)) if is_object_url(path) else path


def member(group: zarr.Group, key: str) -> zarr.Array[Any] | zarr.Group | None:
    """What a group has at a key; None where nothing is that Zarr can open."""
    try:
        return group.get(key)
    except BROKEN:
        return None


def own_dims(array: zarr.Array[Any]) -> tuple[str, ...]:
    """Names of dimensions that an array's metadata give; none if one has no name."""
    own: Any = getattr(array.metadata, "dimension_names", None)
    own = own or array.attrs.get("_ARRAY_DIMENSIONS") or ()
    return () if None in own else tuple(own)


def level_above(path: str, shape: tuple[int, ...]) -> Level | None:
    """What the groups that hold an array say of it as a level; None if none does.

    Parameters
    ----------
    path : str
        The array's folder or URL. Groups are looked at from the innermost on, as far as
        there are groups.
    shape : tuple of int
        The array's cells.
    """
    for above, below in folders_above(path):
        try:
            group = zarr.open_group(readable(above), mode="r", use_consolidated=False)
            attrs = dict(group.attrs)
        except Exception as error:
            # stores of every kind; the array itself can be read without
            clear_frames(error.__traceback__)  # they hold it, and all that callers have
            if isinstance(error, NO_GROUP):
                return None
            reason = (
                f"what lies above it cannot be read ({type(error).__name__}: {error})"
            )
            return Level(note=reason)
        level = level_of(attrs, below, shape)
        if level is not None:
            return level
    return None


def folders_above(path: str) -> Iterator[tuple[str, str]]:
    """Folders or URLs that hold a path, the innermost first, and the path below each."""
    if is_url(path):
        scheme, _, rest = path.partition("://")
        root, *parts = rest.rstrip("/").split("/")
        for count in reversed(range(len(parts))):
            yield (
                f"{scheme}://{'/'.join([root, *parts[:count]])}",
                "/".join(parts[count:]),
            )
        return
    for above in Path(path).absolute().parents:
        yield str(above), Path(path).absolute().relative_to(above).as_posix()


@dataclass(frozen=True)
class Named:
    """Names of an array's dimensions, their coordinates, and what is to be said of them."""

    dims: tuple[str, ...]
    coords: Coords
    notes: tuple[str, ...] = ()
    level: Level | None = None


def named_by(
    level: Level | None, dims: tuple[str, ...], shape: tuple[int, ...]
) -> Named:
    """Names and coordinates of an array by itself.

    Parameters
    ----------
    level : Level or None
        What an image says of it.
    dims : tuple of str
        The names that the user or the array gives; they count, if there are any.
    shape : tuple of int
        Cells.
    """
    none = NoCoords()
    if level is None:
        return Named(dims, none)
    note = level.note
    if level.axes and dims and dims != level.names:
        note = f"its dims are {list(dims)} and the image's axes {list(level.names)}"
    if note:
        said = f"a level of an OME-Zarr image, read without coordinates: {note}"
        return Named(dims or level.names, none, (said,))
    return Named(level.names, level_coords(level, shape), level=level)


def level_coords(level: Level, shape: tuple[int, ...]) -> Coords:
    """Centres of a level's cells, as coordinates with their units; labels of channels."""
    found: dict[str, tuple[str, Any, Mapping[str, str]]] = {}
    for axis, size in zip(level.axes, shape, strict=True):
        if axis.labels:
            found[axis.name] = axis.name, np.array(axis.labels), {}
        elif axis.is_placed and axis.scale is not None:
            centres = axis.translation + axis.scale * np.arange(size)
            units = {"units": axis.unit} if axis.unit else {}
            found[axis.name] = axis.name, centres, units
    if not found:
        return NoCoords()
    import xarray as xr

    return xr.Dataset(coords=found)


def with_scales(meta: ArrayMeta, level: Level | None) -> ArrayMeta:
    """An array's metadata, spacings of single cells from the scales of its level.

    They have no neighbours to be so far away; lengths in units need them.
    """
    if level is None:
        return meta
    axes = zip(meta.axes, level.axes, strict=True)
    return replace(
        meta,
        axes=tuple(
            replace(axis, spacing=said.scale, uneven="")
            if axis.size == 1 and said.is_placed
            else axis
            for axis, said in axes
        ),
    )
