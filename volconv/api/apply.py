"""A step, or a pipeline, carried out over a DataArray or a Dataset.

A DataArray that is backed by Dask stays lazy, any other is computed now. A Dataset is
taken variable by variable.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import xarray as xr

from volconv.api.options import refuses_missing_dims
from volconv.api.process import (
    Process,
    all_steps,
    labelled_steps,
    made_by,
    values_of,
)
from volconv.api.step_cache import Resolve, resolved
from volconv.coordinates import (
    array_meta,
    bounds_names,
    check_new_dims,
    declared_attrs,
    grid_mappings,
    new_labels,
    output_attrs,
    output_coords,
    recorded,
    step_coords,
)
from volconv.errors import (
    DimError,
    KindError,
    NumberError,
    VolconvError,
    did_you_mean,
)
from volconv.geometry import Geometry
from volconv.kernels.kernel import as_names
from volconv.meta import ArrayMeta
from volconv.steps import Step
from volconv.steps.missing import check_flag

__all__ = [
    "Dims",
    "Labelled",
    "Resolve",
    "apply",
    "keeps_attrs",
    "value_free",
    "value_names",
]

Labelled = TypeVar("Labelled", xr.DataArray, xr.Dataset)
Dims = str | Sequence[str]


def apply(
    data: Labelled,
    resolve: Resolve,
    named: Collection[str],
    keep_attrs: bool | None,
) -> Labelled:
    """A process over a DataArray, or over each variable of a Dataset that has its dims.

    Parameters
    ----------
    data : DataArray or Dataset
        The input. An empty Dataset is passed through: each group of a DataTree that only
        holds others is one.
    resolve : callable
        Makes the step, or the pipeline, for an array's metadata.
    named : collection of str
        Dimensions that the user named: a Dataset's variable that lacks one is passed
        through.
    keep_attrs : bool, optional
        None for xarray's own option.
    """
    keep = keeps_attrs(keep_attrs)
    if isinstance(data, xr.DataArray):
        return apply_to_array(data, resolve, keep)
    if isinstance(data, xr.Dataset):
        if not data.variables:
            return data.copy()
        return apply_to_dataset(data, resolve, named, keep)
    raise KindError(
        "data",
        f"{type(data).__module__}.{type(data).__name__}",
        "an xarray DataArray or Dataset",
        "take each of its groups: data.map_over_datasets(function)"
        if isinstance(data, xr.DataTree)
        else "wrap it: xr.DataArray(values, dims=[…])",
    )


def keeps_attrs(keep_attrs: bool | None) -> bool:
    """The user's word on attributes, or else xarray's option, which keeps by default.

    Raises
    ------
    KindError
        If it is no truth.
    """
    if keep_attrs is not None:
        return check_flag("keep_attrs", keep_attrs)
    return xr.get_options()["keep_attrs"] is not False


def apply_to_array(array: xr.DataArray, resolve: Resolve, keep: bool) -> xr.DataArray:
    """A process over one array."""
    coords = array.coords.to_dataset()
    process = resolved(resolve, meta_of(array, coords))
    for step in labelled_steps(process):
        coords = step_coords(coords, step)
    variable = carried_out(process, array, keep)
    result = xr.DataArray(variable, coords=coords.coords, name=array.name)
    result.encoding = variable.encoding
    return result


def apply_to_dataset(
    dataset: xr.Dataset, resolve: Resolve, named: Collection[str], keep: bool
) -> xr.Dataset:
    """A process over each variable that has the named dimensions; the others pass."""
    for dim in named:
        if dim not in dataset.dims:
            known = [str(name) for name in dataset.dims]
            raise DimError(
                "dims",
                repr(dim),
                f"dimensions of the Dataset ({', '.join(known)})",
                did_you_mean(dim, known),
            )
    apart = of_coordinates(dataset)
    labels = dataset.set_coords(apart)
    processes = {
        name: process_of_variable(str(name), array, resolve)
        for name, array in labels.data_vars.items()
        if array.ndim and set(named) <= set(array.dims)
    }
    if not processes:
        if not named:
            raise DimError(
                "data", "a Dataset", "one with a variable that has a dimension"
            )
        raise DimError(
            "dims", str(list(named)), "a variable that has all of these dimensions"
        )
    passing = {
        str(name): array
        for name, array in labels.data_vars.items()
        if name not in processes
    }
    coords = moved_coords(labels, list(processes.values()), passing, named)
    variables = {
        name: carried_out(processes[name], array, keep)
        if name in processes
        else array.variable
        for name, array in labels.data_vars.items()
    }
    first = next(iter(processes.values()))
    record = recorded(dataset.attrs, all_steps(first), keep_attrs=keep)
    result = xr.Dataset(variables, coords=coords.coords, attrs=record)
    return result.reset_coords([name for name in apart if name in result.coords])


def of_coordinates(dataset: xr.Dataset) -> list[Hashable]:
    """Variables that say more of coordinates: CF bounds, and grid mappings."""
    found = set(bounds_names(dataset))
    for array in dataset.data_vars.values():
        found.update(grid_mappings(array.encoding | array.attrs, dataset))
    return [name for name in dataset.data_vars if name in found]


def moved_coords(
    labels: xr.Dataset,
    processes: Sequence[Process],
    passing: Mapping[str, xr.DataArray],
    named: Collection[str],
) -> xr.Dataset:
    """Coordinates of a Dataset whose variables the same process goes over.

    Parameters
    ----------
    labels : Dataset
        With its bounds as coordinates.
    processes : sequence of Process
        Of the variables that are not passed through; all of one length.
    passing : mapping of str to DataArray
        The others, which must not lie along what moves.
    named : collection of str
        Dimensions that the user named.
    """
    coords = labels.coords.to_dataset()
    sizes = {str(dim): size for dim, size in labels.sizes.items()}
    check_new_dims(labels, labelled_steps(processes[0])[0])
    paths = [labelled_steps(process) for process in processes]
    for stage in zip(*paths, strict=True):
        geometry = merged_geometry(stage)
        for name, array in passing.items():
            check_passes(name, array, geometry, sizes, named)
        coords = output_coords(coords, geometry, sizes)
        coords = coords.assign_coords(new_labels(stage[0]))
        for step in stage:
            sizes |= step.target.sizes
    return coords


def process_of_variable(name: str, array: xr.DataArray, resolve: Resolve) -> Process:
    """What is carried out over one variable of a Dataset; errors name the variable."""
    coords = array.coords.to_dataset()
    try:
        return resolved(resolve, meta_of(array, coords))
    except VolconvError as error:
        if isinstance(error, NumberError) and error.where == "data":
            error.fix = f"{error.fix or 'cast it'}, or {leaving_out(name)}"
        error.where = f"variable {name!r}, {error.where}"
        raise


def leaving_out(name: str) -> str:
    """The mend that a Dataset's variable may always have."""
    return f"leave it out: dataset.drop_vars({name!r})"


def meta_of(array: xr.DataArray, coords: xr.Dataset) -> ArrayMeta:
    """What an array says of itself, its coordinates given."""
    return array_meta(array.dims, array.shape, array.dtype, coords, attrs=array.attrs)


def merged_geometry(steps: Iterable[Step]) -> Geometry:
    """The windows of all dimensions that some step of a Dataset has."""
    all_of = [step.geometry for step in steps]
    windows = {dim: window for geometry in all_of for dim, window in geometry}
    labels = {dim: label for geometry in all_of for dim, label in geometry.labels}
    return Geometry(tuple(windows.items()), tuple(labels.items()))


def check_passes(
    name: str,
    array: xr.DataArray,
    geometry: Geometry,
    sizes: Mapping[str, int],
    named: Collection[str],
) -> None:
    """Refuse to pass a variable through whose coordinates would move under it.

    And any that has dimensions, where the user's options say so.

    Raises
    ------
    DimError
        Naming the variable and the dimension.
    """
    leave_out = leaving_out(name)
    if array.ndim and refuses_missing_dims():
        raise DimError(
            f"variable {name!r}",
            f"dims {list(array.dims)}",
            f"{list(named)} among them, where missing_dims is 'raise'",
            leave_out,
        )
    for dim in geometry.dims:
        if dim in array.dims and geometry.moves(dim, sizes[dim]):
            raise DimError(
                f"variable {name!r}",
                f"dims {list(array.dims)}, of which the windows move {dim!r}",
                "all of the kernel's dimensions, or none that moves",
                leave_out,
            )


def carried_out(process: Process, array: xr.DataArray, keep: bool) -> xr.Variable:
    """The result, with what it says of itself."""
    made = made_by(process)
    attrs = output_attrs(array.attrs, all_steps(process), keep_attrs=keep)
    attrs |= declared_attrs(made.missing)
    values = values_of(process, array.variable)
    return xr.Variable(made.dims, values, attrs, value_free(array.encoding))


def value_free(encoding: Mapping[Any, Any]) -> dict[Any, Any]:
    """The encoding that is true of any values: where the grid mapping stands."""
    return {key: encoding[key] for key in ("grid_mapping",) if key in encoding}


def value_names(value: object, dims: Dims | None) -> tuple[str, ...]:
    """Dimensions that a per-dimension value and `dims` name."""
    names = () if dims is None else as_names(dims)
    return tuple(value) if isinstance(value, Mapping) else names
