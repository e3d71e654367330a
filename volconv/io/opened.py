"""Opening a Zarr input: an array by itself, a level of an image, or a variable."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zarr

from volconv.coordinates import array_meta
from volconv.errors import InputError, did_you_mean
from volconv.files import is_url, near_path, reading
from volconv.io.bucket import Bucket
from volconv.io.images import (
    BROKEN,
    level_above,
    member,
    named_by,
    own_dims,
    readable,
    with_scales,
)
from volconv.io.in_place import decoding_in_place
from volconv.io.objects import is_object_url, normal_url
from volconv.io.ome import Level, level_of, level_paths
from volconv.io.stored import Stored, told_of_decoding
from volconv.io.whole_blosc import checking_blosc

if TYPE_CHECKING:
    from volconv.io.source import ZarrSource

__all__ = ["opened"]


@lru_cache(maxsize=8)
def opened(source: ZarrSource) -> Stored:
    """The array of a source; kept, so that the tasks of a process share it."""
    with reading(f"{source.key}.path", source.path):
        found = found_in(source, opened_node(source))
    if 0 in (found.meta.chunks or ()):
        raise InputError(
            f"{source.key} {source.path!r}",
            f"{found.name!r} in chunks of {list(found.meta.chunks or ())} cells",
            "chunks of at least one cell",
        )
    return replace(found, meta=replace(found.meta, is_remote=is_url(source.path)))


def found_in(source: ZarrSource, node: zarr.Array[Any] | zarr.Group) -> Stored:
    """The array that a source names in what is at its path.

    Raises
    ------
    InputError
        If the variable is not there.
    """
    if not isinstance(node, zarr.Array):
        return stored_level(source, node) or variable_of(source, node)
    if source.variable not in (None, node.basename):
        raise InputError(
            f"{source.key}.variable of {source.path!r}",
            repr(source.variable),
            "none, for the path is that of an array by itself",
            "leave it out",
        )
    return stored_array(source, node, level_above(source.path, node.shape))


def variable_of(source: ZarrSource, group: zarr.Group) -> Stored:
    """A variable of a group, as xarray reads it, which is imported for it."""
    from volconv.io.variables import stored_variable

    return stored_variable(source, group)


def opened_node(source: ZarrSource) -> zarr.Array[Any] | zarr.Group:
    """The group or array at a source's path.

    Raises
    ------
    InputError
        If nothing is there, or nothing that Zarr can open.
    """
    path = source.path
    if not is_url(path) and not Path(path).exists():
        raise InputError(
            f"{source.key}.path",
            f"{path!r}, which is not there",
            "a Zarr store",
            near_path(Path(path), Path.is_dir),
        )
    if not is_url(path) and Path(path).is_file():
        raise InputError(
            f"{source.key}.path",
            f"{path!r}, which is a file",
            "a Zarr store, which is a folder",
            "unzip it"
            if Path(path).suffix == ".zip"
            else "make a store of it first, as docs/inputs.md has it: "
            "xarray.open_dataset(path, chunks={}).to_zarr(store)",
        )
    store = readable(path)
    try:
        with decoding_in_place(), checking_blosc():
            node = zarr.open(store, mode="r")
            dict(node.attrs)  # which are not looked at as they are read
            return node
    except (*BROKEN, OSError, ImportError) as error:
        raise InputError(
            f"{source.key}.path",
            f"{path!r}, which Zarr cannot open ({why_not(path, error)})",
            "a Zarr group or array, of format 2 or 3",
        ) from error


def why_not(path: str, error: Exception) -> str:
    """Why nothing is opened at a path; Zarr misses a group where the bucket is missing."""
    if isinstance(error, FileNotFoundError) and is_object_url(path):
        try:
            next(Bucket(normal_url(path)).items(), None)
        except OSError as said:
            return said.strerror or str(said)
    return f"{type(error).__name__}: {error}"


def stored_level(source: ZarrSource, group: zarr.Group) -> Stored | None:
    """A level of the image that a group is: the one that is named, or the finest.

    None where it is no image, or where xarray reads more from it: what the user names is
    another array, or the level has coordinates as arrays, or names that the image has not.

    Raises
    ------
    InputError
        If the user names nothing that is there.
    """
    attrs = dict(group.attrs)
    paths = level_paths(attrs)
    if not paths:
        return None
    key = paths[0] if source.variable is None else source.variable
    array = member(group, key)
    if array is None and source.variable is not None:
        raise InputError(
            f"{source.key}.variable of {source.path!r}",
            repr(key),
            f"one of the image's levels {', '.join(paths)}",
            did_you_mean(key, paths),
        )
    if key not in paths or not isinstance(array, zarr.Array):
        return None
    level = level_of(attrs, key, array.shape)
    names = own_dims(array) or (level.names if level else ())
    beside = key.rpartition("/")[0]
    has_coords = any(member(group, f"{beside}/{name}".strip("/")) for name in names)
    if has_coords or (level and level.note and own_dims(array)):
        return None
    return replace(stored_array(source, array, level), key=key)


def stored_array(
    source: ZarrSource, array: zarr.Array[Any], level: Level | None
) -> Stored:
    """An array by itself: names of dims from the user, from its metadata or its image's.

    It has coordinates where it is a level of an image that says them.

    Raises
    ------
    InputError
        If its dimensions have no names.
    """
    named = named_by(level, source.dims or own_dims(array), array.shape)
    if len(named.dims) != array.ndim:
        raise InputError(
            f"{source.key} {source.path!r}",
            f"dims {list(named.dims)} for an array of {array.ndim} dimensions",
            "a name for each dimension",
            f"say {source.key}.dims: [{', '.join('tczyx'[-array.ndim :])}]",
        )
    attrs = {k: v for k, v in dict(array.attrs).items() if k != "_ARRAY_DIMENSIONS"}
    meta = array_meta(
        named.dims, array.shape, array.dtype, named.coords, array.chunks, attrs
    )
    meta = told_of_decoding(meta, array, is_remote=is_url(source.path))
    return Stored(
        array,
        with_scales(meta, named.level),
        array.basename or "data",
        attrs,
        named.coords,
        notes=named.notes,
        level=named.level,
    )
