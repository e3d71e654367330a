"""A variable of a Zarr group with its coordinates, read through xarray."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
import zarr

from volconv.coordinates import array_meta, bounds_names, grid_mappings
from volconv.errors import InputError, did_you_mean
from volconv.files import is_url, is_web_url
from volconv.io.decoded import decoded, forget_default_fill
from volconv.io.images import BROKEN, readable, with_scales
from volconv.io.in_place import decoding_in_place
from volconv.io.ome import level_of
from volconv.io.stored import Stored, told_of_decoding
from volconv.io.whole_blosc import checking_blosc

if TYPE_CHECKING:
    from volconv.io.source import ZarrSource

__all__ = ["stored_variable"]


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
    if level is not None and level.names != array.dims:
        level = None
    cells = as_stored(group, name, array.variable)
    if cells is not None:
        meta = told_of_decoding(meta, cells, is_remote=is_url(source.path))
    return Stored(
        array.variable if cells is None else cells,
        with_scales(meta, level),
        str(name),
        array.attrs,
        coords,
        dataset.attrs,
        str(name),
        level=level,
    )


def as_stored(
    group: zarr.Group, name: Hashable, variable: xr.Variable
) -> zarr.Array[Any] | None:
    """The array of a variable that is decoded to what it is; None where it is another.

    Of an array Zarr reads a chunk with no copy more.
    """
    with decoding_in_place(), checking_blosc():
        array = group[str(name)]
    if not isinstance(array, zarr.Array):
        return None
    encoding = variable.encoding
    fills = [encoding.get(key, np.nan) for key in ("_FillValue", "missing_value")]
    is_plain = (
        array.dtype == variable.dtype
        and variable.dtype.kind in "biufc"
        and not {"scale_factor", "add_offset"} & encoding.keys()
        and all(np.isnan(fill).all() for fill in fills)
    )
    return array if is_plain else None


def without_arrays(source: ZarrSource, group: zarr.Group) -> InputError:
    """The error of a group that holds groups, or nothing."""
    try:
        inner = sorted(name for name, _ in group.groups())
    except BROKEN:
        inner = []
    if is_web_url(source.path) and not inner:
        return InputError(
            f"{source.key} {source.path!r}",
            "a group of which the server lists no arrays",
            "a group whose consolidated metadata names them, or one array",
            f"zarr.consolidate_metadata(store) where the store lies, or "
            f"{source.key}.path: {source.path}/{source.variable or 'NAME'}",
        )
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
