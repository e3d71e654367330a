"""Coordinates of a step's output, from those of its input, with their names.

Each coordinate follows its windows along each dimension that it has: 1-D, curvilinear
and non-index coordinates alike. CF bounds become the outputs' own cells. What cannot be
interpolated (strings, objects, the levels of a multi-index) stays where every output
lies on a cell, and is dropped elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from volconv.coordinates.values import can_interpolate, values_at
from volconv.errors import DimError
from volconv.geometry import Centres, Geometry, Mix, Share
from volconv.steps import Step

__all__ = [
    "bounds_names",
    "check_new_dims",
    "grid_mappings",
    "new_labels",
    "output_coords",
    "step_coords",
]

STORAGE = frozenset(
    {
        *("chunks", "preferred_chunks", "chunksizes", "original_shape", "contiguous"),
        *("shards", "compressors", "compressor", "filters", "serializer", "source"),
        *(
            "zlib",
            "complevel",
            "shuffle",
            "fletcher32",
            "compression",
            "compression_opts",
        ),
        *("szip", "zstd", "bzip2", "blosc", "endian", "least_significant_digit"),
    }
)
"""Encoding that speaks of how the input was stored, not of what its values mean."""


def step_coords(coords: xr.Dataset, step: Step) -> xr.Dataset:
    """Coordinates of a step's output, from those of its input: see `output_coords`.

    Raises
    ------
    DimError
        If a coordinate has the name of a dimension that the step makes.
    """
    check_new_dims(coords, step)
    moved = output_coords(coords, step.geometry, step.source.sizes)
    return moved.assign_coords(new_labels(step))


def new_labels(step: Step) -> dict[str, NDArray[Any]]:
    """Coordinates of the dimensions that a step makes."""
    return dict(getattr(step, "labels", {}))


def check_new_dims(dataset: xr.Dataset, step: Step) -> None:
    """Refuse names of new dimensions that a dataset has already.

    Raises
    ------
    DimError
    """
    taken = {*dataset.dims, *dataset.variables}
    for dim in step.geometry.new_dims:
        if dim in taken:
            raise DimError(
                "dim",
                f"{dim!r}, which the data have already",
                "a new name",
                "choose another name for the new dimension",
            )


def output_coords(
    coords: xr.Dataset, geometry: Geometry, sizes: Mapping[str, int]
) -> xr.Dataset:
    """Coordinates at the centres of the windows.

    Parameters
    ----------
    coords : Dataset
        The input's coordinates, with their CF bounds, as coordinates of a Dataset
        without data variables.
    geometry : Geometry
        The windows.
    sizes : mapping of str to int
        The input's cells along each of its dimensions.

    Returns
    -------
    Dataset
        Coordinates of the same names; without those that could not follow.
    """
    for dim, window in geometry:
        if dim in geometry.new_dims or isinstance(window, Share):
            continue
        if isinstance(window, Mix):
            along = [name for name, one in coords.variables.items() if dim in one.dims]
            coords = coords.drop_vars(along)
            continue
        centres = Centres.of(window, sizes[dim])
        if not centres.are_all_cells:
            coords = coords_along(coords, dim, centres)
    for name in coords.variables:
        variable = coords.variables[name]
        variable.encoding = storage_free(variable.encoding)
    return coords


def coords_along(coords: xr.Dataset, dim: str, centres: Centres) -> xr.Dataset:
    """Coordinates moved along one dimension."""
    bounds = {
        name: bounds_at(coords.variables[name], dim, centres)
        for name in bounds_names(coords)
        if dim in coords[name].dims
    }
    others = coords.drop_vars(list(bounds))
    if centres.are_cells:
        moved = others.isel({dim: centres.slice}, missing_dims="ignore")
    else:
        moved = interpolated(others, dim, centres)
    kept = {name: found for name, found in bounds.items() if found is not None}
    moved = moved.assign_coords(kept)
    for name in set(bounds) - set(kept):
        for variable in moved.variables.values():
            for where in (variable.attrs, variable.encoding):
                if where.get("bounds") == name:
                    del where["bounds"]
    return moved


def interpolated(coords: xr.Dataset, dim: str, centres: Centres) -> xr.Dataset:
    """Coordinates at positions between or beyond cells; those that cannot are left out."""
    along = [name for name in coords.variables if dim in coords.variables[name].dims]
    levels = {
        name
        for index, names in coords.xindexes.group_by_index()
        if len(names) > 1
        for name in names
    }
    found = {}
    for name in along:
        variable = coords.variables[name]
        if name not in levels and can_interpolate(variable.dtype, centres.cells):
            found[name] = variable_at(variable, dim, centres)
    return coords.drop_vars(along).assign_coords(found)


def variable_at(variable: xr.Variable, dim: str, centres: Centres) -> xr.Variable:
    """A variable's values at positions along one of its dimensions."""
    axis = variable.dims.index(dim)
    data = variable.data if variable.chunks is not None else variable.values
    values = values_at(data, centres, axis)
    keep = {"units", "calendar", "bounds", "grid_mapping", "coordinates"}
    encoding = {key: item for key, item in variable.encoding.items() if key in keep}
    return xr.Variable(variable.dims, values, variable.attrs, encoding)


def bounds_names(dataset: xr.Dataset) -> list[str]:
    """Names of the CF bounds variables of a dataset's variables, those that it has."""
    named = {
        place.get("bounds")
        for variable in dataset.variables.values()
        for place in (variable.attrs, variable.encoding)
    }
    return [str(name) for name in dataset.variables if name in named]


def grid_mappings(attrs: Mapping[Any, Any], dataset: xr.Dataset) -> list[str]:
    """Names of the CF grid mapping variables that attributes name, those there are."""
    named = str(attrs.get("grid_mapping", "")).replace(":", " ").split()
    return [name for name in named if name in dataset.variables]


def bounds_at(bounds: xr.Variable, dim: str, centres: Centres) -> xr.Variable | None:
    """Cells of the outputs, from the input's: ``c(k) - s/2 … c(k) + s/2``.

    None where the input's cells do not touch one another, so that there is no place
    between them.
    """
    values = bounds.values
    is_pair = bounds.ndim == 2 and bounds.dims[0] == dim and values.shape[1] == 2
    if not is_pair or values.dtype.kind not in "iufmM":
        return None
    upper, lower = values[:-1, 1], values[1:, 0]
    touching = (
        np.allclose(upper, lower)
        if values.dtype.kind == "f"
        else (upper == lower).all()
    )
    if not touching:
        return None
    edges: Any = np.concatenate([values[:, 0], values[-1:, 1]])
    moved = values_at(edges, centres.edges(), 0)
    pairs = np.stack([moved[:-1], moved[1:]], axis=1)
    keep = {"units", "calendar"}
    encoding = {key: item for key, item in bounds.encoding.items() if key in keep}
    return xr.Variable(bounds.dims, pairs, bounds.attrs, encoding)


def storage_free(encoding: Mapping[Any, Any]) -> dict[Any, Any]:
    """The encoding without what speaks of how the input was stored."""
    return {key: value for key, value in encoding.items() if key not in STORAGE}
