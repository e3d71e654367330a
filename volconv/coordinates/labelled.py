"""Coordinates of a step's output, from those of its input, with their names.

Each coordinate follows its windows along each dimension that it has: 1-D, curvilinear
and non-index coordinates alike. CF bounds become the outputs' own cells. What cannot be
interpolated (strings, objects, the levels of a multi-index) stays where every output
lies on a cell, and is dropped elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from volconv.coordinates.bounds import BOUNDS, bounds_names, moved_bounds
from volconv.coordinates.encoding import finer_times, moved_encoding, storage_free
from volconv.coordinates.longitude import turn_of
from volconv.coordinates.spatial_attrs import RANGES, without_positions
from volconv.coordinates.values import can_interpolate, values_at
from volconv.errors import DimError
from volconv.geometry import Centres, Geometry, Mix, Window, even_chunks
from volconv.steps import Step
from volconv.steps.optional import labels_of
from volconv.steps.plain import check_plain
from volconv.text import text_of

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "check_new_dims",
    "grid_mappings",
    "new_labels",
    "output_coords",
    "step_coords",
]


def step_coords(coords: xr.Dataset, step: Step) -> xr.Dataset:
    """Coordinates of a step's output, from those of its input: see `output_coords`.

    Raises
    ------
    DimError
        If a coordinate has the name of a dimension that the step makes.
    """
    check_new_dims(coords, step)
    moved = output_coords(coords, step.geometry, step.source.sizes)
    return with_coords(moved, new_labels(step))


def with_coords(coords: xr.Dataset, more: Mapping[Any, Any]) -> xr.Dataset:
    """Coordinates with some more; themselves for none, as a copy takes xarray long."""
    return coords.assign_coords(more) if more else coords


def new_labels(step: Step) -> dict[str, NDArray[Any]]:
    """Coordinates of the dimensions that a step makes."""
    return dict(labels_of(step))


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
    """Coordinates at the centres of the windows, or at the ends that their labels name.

    Parameters
    ----------
    coords : Dataset
        The input's coordinates, with their CF bounds, as coordinates of a Dataset
        without data variables.
    geometry : Geometry
        The windows and their labels.
    sizes : mapping of str to int
        The input's cells along each of its dimensions.

    Returns
    -------
    Dataset
        Coordinates of the same names; without those that could not follow.

    Raises
    ------
    KindError
        If one that moves is an array of another library: its unit, say, would be lost
        between cells.
    """
    if not coords.variables:
        return coords
    for dim, window in geometry:
        if dim in geometry.new_dims or not geometry.moves(dim, sizes[dim]):
            continue
        along = [name for name, one in coords.variables.items() if dim in one.dims]
        if isinstance(window, Mix):
            coords = coords.drop_vars(along)
        elif along:
            check_arrays({name: coords.variables[name] for name in along})
            positions = geometry.positions(dim, sizes[dim])
            centres = Centres.of(window, sizes[dim])
            moved = coords_along(coords, dim, positions, centres)
            coords = evenly_chunked(moved, coords, dim, window)
        forget_positions(coords)
    for name in coords.variables:
        variable = coords.variables[name]
        variable.encoding = storage_free(variable.encoding)
    return coords


def check_arrays(variables: Mapping[Any, xr.Variable]) -> None:
    """Refuse coordinates that are arrays of another library; those of pandas are none.

    Raises
    ------
    KindError
    """
    for name, variable in variables.items():
        if isinstance(variable.dtype, np.dtype):
            check_plain(f"coordinate {name!r}", variable.data)


def forget_positions(coords: xr.Dataset) -> None:
    """Take from grid mappings and other scalars what they say of where cells lay."""
    for variable in coords.variables.values():
        if variable.ndim == 0:
            variable.attrs = without_positions(variable.attrs)


def coords_along(
    coords: xr.Dataset, dim: str, positions: Centres, centres: Centres
) -> xr.Dataset:
    """Coordinates at positions along one dimension, and bounds around the centres."""
    along = [name for name in bounds_names(coords) if dim in coords[name].dims]
    others = coords.drop_vars(along) if along else coords
    if positions.are_cells:
        moved = others.isel({dim: positions.slice}, missing_dims="ignore")
    else:
        moved = interpolated(others, dim, positions)
    bounds = moved_bounds(coords, moved, dim, centres)
    kept = {name: found for name, found in bounds.items() if found is not None}
    moved = with_coords(moved, kept)
    are_between = kept and centres.edges().first % 2
    for variable in moved.variables.values():
        if dim in variable.dims:
            lost = set(bounds) - set(kept)
            variable.attrs = without_names(variable.attrs, lost, RANGES)
            variable.encoding = without_names(variable.encoding, lost)
            if are_between or not positions.are_whole:
                variable.encoding = finer_times(variable, positions.parts)
    return moved


def evenly_chunked(
    moved: xr.Dataset, coords: xr.Dataset, dim: str, window: Window
) -> xr.Dataset:
    """What was lazy in chunks as its data's are along a dimension: see `even_chunks`.

    Parameters
    ----------
    moved : Dataset
        Coordinates of the outputs.
    coords : Dataset
        Those of the cells.
    dim : str
        The dimension.
    window : Window
        The window along it.
    """
    chunked = {}
    for name, variable in moved.variables.items():
        given = coords.variables[name].chunksizes
        if dim not in given:
            continue
        wanted = even_chunks(given[dim], window, variable.sizes[dim])
        now = variable.chunksizes.get(dim)
        if now is None:  # of bounds and objects the values were needed
            chunked[name] = variable.chunk({**given, dim: wanted or -1})
        elif wanted not in (None, now):
            chunked[name] = variable.chunk({dim: wanted})
    return with_coords(moved, chunked)


def without_names(
    attrs: Mapping[Any, Any], bounds: Collection[str], stale: Collection[str] = ()
) -> dict[Any, Any]:
    """Attributes that name none of some bounds, and are not stale."""
    return {
        key: value
        for key, value in attrs.items()
        if not (key in stale or (key in BOUNDS and text_of(attrs, key) in bounds))
    }


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
        if name in levels or centres.cells == 1:
            continue
        is_numpy = isinstance(variable.dtype, np.dtype)  # or one of pandas
        if is_numpy and can_interpolate(values := values_of(variable)):
            found[name] = variable_at(variable, values, dim, centres)
    return coords.drop_vars(along).assign_coords(found)


def variable_at(
    variable: xr.Variable, values: Any, dim: str, centres: Centres
) -> xr.Variable:
    """A variable with its values at positions along one of its dimensions."""
    axis = variable.dims.index(dim)
    turn = turn_of(variable.attrs)
    moved = values_at(values, centres, axis, turn)
    encoding = moved_encoding(variable, "bounds", "grid_mapping", "coordinates")
    import xarray as xr

    return xr.Variable(variable.dims, moved, variable.attrs, encoding)


def values_of(variable: xr.Variable) -> Any:
    """A variable's values; lazy ones stay so where their dtype says enough of them."""
    is_lazy = variable.chunks is not None and variable.dtype not in (np.uint64, object)
    return variable.data if is_lazy else variable.values


def grid_mappings(attrs: Mapping[Any, Any], dataset: xr.Dataset) -> list[str]:
    """Names of the CF grid mapping variables that attributes name, those there are."""
    named = str(attrs.get("grid_mapping", "")).replace(":", " ").split()
    return [name for name in named if name in dataset.variables]
