"""Opening a Zarr input: an array by itself, or a variable of a group, through xarray."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr
import zarr

from volconv.coordinates import array_meta, bounds_names, grid_mappings
from volconv.errors import InputError, did_you_mean
from volconv.files import is_url, near_path
from volconv.io.decoded import decoded, forget_default_fill
from volconv.io.images import (
    BROKEN,
    level_above,
    member,
    named_by,
    own_dims,
    readable,
    with_scales,
)
from volconv.io.ome import Level, level_of, level_paths
from volconv.meta import ArrayMeta

if TYPE_CHECKING:
    from volconv.io.source import ZarrSource

__all__ = ["Stored", "opened"]


@dataclass(frozen=True)
class Stored:
    """An array that is opened and not yet read.

    Parameters
    ----------
    cells : Variable or zarr.Array
        Gives NumPy values for slices.
    meta : ArrayMeta
        Dimensions, dtype, chunks.
    name : str
        The variable's name.
    attrs : mapping
        Its attributes.
    coords : Dataset
        Its coordinates with their CF bounds.
    group_attrs : mapping
        The attributes of its group.
    key : str
        Where it lies below the source's path; empty where the path is its own.
    notes : tuple of str
        What a user should know of how it was taken.
    level : Level, optional
        What an OME-Zarr image says of it, if it is of one.
    """

    cells: xr.Variable | zarr.Array[Any]
    meta: ArrayMeta
    name: str
    attrs: Mapping[Any, Any] = field(default_factory=dict)
    coords: xr.Dataset = field(default_factory=xr.Dataset)
    group_attrs: Mapping[Any, Any] = field(default_factory=dict)
    key: str = ""
    notes: tuple[str, ...] = ()
    level: Level | None = None


@lru_cache(maxsize=8)
def opened(source: ZarrSource) -> Stored:
    """The array of a source; kept, so that the tasks of a process share it."""
    node = opened_node(source)
    if isinstance(node, zarr.Array):
        found = stored_array(source, node, level_above(source.path, node.shape))
    else:
        found = stored_level(source, node) or stored_variable(source, node)
    return replace(found, meta=replace(found.meta, is_remote=is_url(source.path)))


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
    try:
        return zarr.open(readable(path), mode="r")
    except (*BROKEN, OSError, ImportError) as error:
        raise InputError(
            f"{source.key}.path",
            f"{path!r}, which Zarr cannot open ({type(error).__name__}: {error})",
            "a Zarr group or array, of format 2 or 3",
        ) from error


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
    chunks = tuple(
        min(chunk, size) for chunk, size in zip(array.chunks, array.shape, strict=True)
    )
    meta = array_meta(named.dims, array.shape, array.dtype, named.coords, chunks, attrs)
    return Stored(
        array,
        with_scales(meta, named.level),
        array.basename or "data",
        attrs,
        named.coords,
        notes=named.notes,
        level=named.level,
    )


def stored_variable(source: ZarrSource, group: zarr.Group) -> Stored:
    """A variable of a group, decoded as xarray decodes it, with its coordinates."""
    dataset = opened_dataset(source, group)
    if not dataset.variables:
        raise without_arrays(source, group)
    bounds = bounds_names(dataset)
    dataset = dataset.set_coords([n for n in bounds if n in dataset.data_vars])
    name = chosen_variable(source, dataset)
    array = dataset[name]
    if source.dims is not None and source.dims != array.dims:
        raise InputError(
            f"{source.key}.dims",
            str(list(source.dims)),
            f"the dimensions of {name!r}, {list(array.dims)}",
            f"leave {source.key}.dims out: the store names them itself",
        )
    stored = array.encoding.get("preferred_chunks") or {}
    chunks = tuple(int(stored.get(dim, size)) for dim, size in array.sizes.items())
    beside = [
        bound
        for bound in bounds
        if bound in dataset.coords and set(dataset[bound].dims[:1]) <= set(array.dims)
    ]
    beside += grid_mappings(array.attrs, dataset)
    coords = array.coords.to_dataset().assign_coords(
        {each: dataset[each].variable for each in beside}
    )
    meta = array_meta(array.dims, array.shape, array.dtype, coords, chunks, array.attrs)
    level = level_of(dataset.attrs, str(name), array.shape)
    return Stored(
        array.variable,
        meta,
        str(name),
        array.attrs,
        coords,
        dataset.attrs,
        str(name),
        level=level if level and level.names == array.dims else None,
    )


def without_arrays(source: ZarrSource, group: zarr.Group) -> InputError:
    """The error of a group that holds groups, or nothing."""
    try:
        inner = sorted(name for name, _ in group.groups())
    except BROKEN:
        inner = []
    return InputError(
        f"{source.key} {source.path!r}",
        f"a group without arrays; groups in it: {', '.join(inner[:9]) or 'none'}",
        "a group of arrays, or one array",
        f"{source.key}.path: {source.path}/{inner[0]}" if inner else "",
    )


def opened_dataset(source: ZarrSource, group: zarr.Group) -> xr.Dataset:
    """The group as xarray reads it; values stay in the store.

    Raises
    ------
    InputError
        If its arrays have no names of dimensions.
    """
    try:
        raw: xr.Dataset = xr.open_zarr(
            readable(source.path),
            chunks=None,
            consolidated=group.metadata.consolidated_metadata is not None,
            decode_cf=False,
        )
        if group.metadata.zarr_format == 2:
            for variable in raw.variables.values():
                forget_default_fill(variable)
        return decoded(raw)
    except BROKEN as error:
        raise InputError(
            f"{source.key} {source.path!r}",
            f"a group that xarray cannot read ({error})",
            f"arrays with names of dimensions; its arrays are: {array_names(group)}",
            f"give the path of one array, and {source.key}.dims",
        ) from error


def array_names(group: zarr.Group) -> str:
    """Names of a group's arrays, as far as their metadata can be read."""
    try:
        return ", ".join(sorted(name for name, _ in group.arrays())) or "none"
    except BROKEN:
        return "not to be told, for the metadata of one is broken"


def chosen_variable(source: ZarrSource, dataset: xr.Dataset) -> Hashable:
    """The variable that the user names, or the only one that has dimensions.

    Raises
    ------
    InputError
        If it is not there, or there are several.
    """
    names = sorted(str(name) for name, v in dataset.data_vars.items() if v.ndim)
    where = f"{source.key}.variable of {source.path!r}"
    expected = f"one of {', '.join(names) or 'none'}"
    if source.variable is not None:
        if source.variable in dataset.variables:
            return source.variable
        raise InputError(
            where,
            repr(source.variable),
            expected,
            did_you_mean(source.variable, names),
        )
    if len(names) != 1:
        raise InputError(where, "nothing", expected, f"say {source.key}.variable")
    return names[0]
