"""The public functions: parse at the door, resolve a step, carry it out.

A DataArray that is backed by Dask stays lazy, any other is computed now. A Dataset is
taken variable by variable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import xarray as xr

from volconv.boundary import BoundaryLike
from volconv.coordinates import (
    array_meta,
    bounds_names,
    output_attrs,
    output_coords,
)
from volconv.errors import DimError, KindError, VolconvError, did_you_mean
from volconv.geometry import Centres, Geometry, PaddingLike, PerDim
from volconv.kernels import LengthLike
from volconv.meta import ArrayMeta
from volconv.steps import Step, WindowOptions, compute_cells
from volconv.steps.box import box_step
from volconv.steps.correlate import convolve_step, correlate_step
from volconv.steps.gaussian import gaussian_step

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

__all__ = ["box", "convolve", "correlate", "gaussian"]

Labelled = TypeVar("Labelled", xr.DataArray, xr.Dataset)
Dims = str | Sequence[str]
Resolve = Callable[[ArrayMeta], Step]

SMOOTHING = ("same", "symmetric")
"""Padding and boundary of `gaussian` and `box` for dimensions that a mapping leaves out."""


def correlate(
    data: Labelled,
    kernel: ArrayLike | xr.DataArray,
    *,
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    boundary: BoundaryLike = "constant",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Cross-correlation of labelled data with a kernel, which is not flipped.

    Parameters
    ----------
    data : DataArray or Dataset
        Values of any shape: integers, floats, complex numbers or booleans. Dimensions
        that the kernel lacks are carried along.
    kernel : array_like or DataArray
        Weights. A DataArray's dims say where it goes. A weight of exactly zero takes no
        part, and lets no NaN through.
    dims : str or sequence of str, optional
        Dimensions of the kernel's axes, in their order; by default the data's, where
        the kernel has as many.
    stride : int or {dim: int}
        Cells from one output to the next.
    padding : int, (int, int), str, or {dim: one of them}
        Cells added before and after: an integer for both, a pair, or ``"valid"``,
        ``"same"``, ``"same_upper"``, ``"same_lower"``, ``"full"``.
    dilation : int or {dim: int}
        Cells from one tap to the next.
    boundary : str or {dim: str}
        What padded cells hold: ``"constant"`` (`fill_value`), ``"edge"``,
        ``"reflect"``, ``"symmetric"`` or ``"wrap"``, as in `numpy.pad`.
    fill_value : number
        For ``"constant"``; the data's dtype must be able to hold it.
    dtype : dtype, optional
        Of the result: values are rounded half to even, and saturated at an integer
        dtype's ends. By default floats keep theirs; integers under float weights become
        float32 or float64, under integer weights an integer dtype that holds every sum.
    engine : str
        ``"auto"``, ``"direct"``, ``"separable"`` or ``"reference"``.
    keep_attrs : bool, optional
        Whether attributes are kept; by default xarray's own option says.

    Returns
    -------
    DataArray or Dataset
        ``floor((n + a + b - e) / s) + 1`` values along each dimension of the kernel, for
        n cells padded by a and b, span ``e = d (f - 1) + 1`` and stride s (Dumoulin &
        Visin 2016); coordinates are those of the windows' centres. Lazy where `data` is
        backed by Dask. The bits do not depend on chunks.

    Raises
    ------
    VolconvError
        The child that names what is wrong: `GeometryError`, `DimError`,
        `BoundaryError`, `KernelError`, `NumberError` or `KindError`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> row = xr.DataArray(np.arange(6.0), {"x": np.arange(6) * 10.0}, "x")
    >>> halved = correlate(row, [0.5, 0.5], stride=2)
    >>> halved.values, halved.x.values
    (array([0.5, 2.5, 4.5]), array([ 5., 25., 45.]))
    """
    options = WindowOptions(
        stride, padding, dilation, boundary, fill_value, dtype, engine
    )
    return apply(
        data,
        lambda meta: correlate_step(meta, kernel, dims, options),
        kernel_names(data, kernel, dims),
        keep_attrs,
    )


def convolve(
    data: Labelled,
    kernel: ArrayLike | xr.DataArray,
    *,
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: PaddingLike = "valid",
    dilation: PerDim = 1,
    boundary: BoundaryLike = "constant",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Convolution of labelled data: `correlate` with the kernel flipped, nothing else.

    Parameters
    ----------
    data, kernel, dims, stride, padding, dilation, boundary, fill_value, dtype, engine, \
keep_attrs
        As for `correlate`.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import xarray as xr
    >>> row = xr.DataArray([0.0, 0.0, 1.0, 0.0, 0.0], dims="x")
    >>> convolve(row, [1, 2, 3], padding="same").values
    array([0., 1., 2., 3., 0.])
    """
    options = WindowOptions(
        stride, padding, dilation, boundary, fill_value, dtype, engine
    )
    return apply(
        data,
        lambda meta: convolve_step(meta, kernel, dims, options),
        kernel_names(data, kernel, dims),
        keep_attrs,
    )


def gaussian(
    data: Labelled,
    sigma: LengthLike,
    *,
    dims: Dims | None = None,
    truncate: float = 4.0,
    stride: PerDim = 1,
    padding: PaddingLike = "same",
    boundary: BoundaryLike = "symmetric",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Labelled data smoothed by Gaussian weights that sum to 1.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    sigma : float, str, or {dim: float or str}
        Standard deviation: a number counts cells; a text such as ``"1.2 mm"`` is divided
        by the spacing of each dimension's coordinate, whose ``units`` say its unit.
    dims : str or sequence of str, optional
        Dimensions that one `sigma` for all goes to: by default all, or, for a text,
        those whose unit is of its kind.
    truncate : float
        Standard deviations from the centre to the last tap.
    stride, padding, boundary, fill_value, dtype, engine, keep_attrs
        As for `correlate`; the defaults of padding and boundary make the result that of
        `scipy.ndimage.gaussian_filter`.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`.

    Raises
    ------
    UnitError
        If a unit is unknown or missing, or cells are not evenly spaced.
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> row = xr.DataArray(np.eye(5)[2], {"x": ("x", np.arange(5) * 0.5)}, "x")
    >>> row.x.attrs["units"] = "mm"
    >>> gaussian(row, "0.5 mm", truncate=1).values.round(3)
    array([0.   , 0.274, 0.452, 0.274, 0.   ])
    """
    options = WindowOptions(
        stride, padding, 1, boundary, fill_value, dtype, engine, *SMOOTHING
    )
    return apply(
        data,
        lambda meta: gaussian_step(meta, sigma, dims, truncate, options),
        value_names(sigma, dims),
        keep_attrs,
    )


def box(
    data: Labelled,
    size: PerDim,
    *,
    dims: Dims | None = None,
    stride: PerDim = 1,
    padding: PaddingLike = "same",
    dilation: PerDim = 1,
    boundary: BoundaryLike = "symmetric",
    fill_value: complex = 0,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    keep_attrs: bool | None = None,
) -> Labelled:
    """Mean of the cells under a box.

    Parameters
    ----------
    data : DataArray or Dataset
        As for `correlate`.
    size : int or {dim: int}
        Cells of the box along each dimension.
    dims : str or sequence of str, optional
        Dimensions that one `size` for all goes to; by default all.
    stride, padding, dilation, boundary, fill_value, dtype, engine, keep_attrs
        As for `correlate`; with ``padding="valid"`` and a stride of the box's size, the
        means of blocks.

    Returns
    -------
    DataArray or Dataset
        As for `correlate`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> row = xr.DataArray(np.arange(6.0), {"x": np.arange(6)}, "x")
    >>> box(row, 3, stride=3, padding="valid").values
    array([1., 4.])
    """
    options = WindowOptions(
        stride, padding, dilation, boundary, fill_value, dtype, engine, *SMOOTHING
    )
    return apply(
        data,
        lambda meta: box_step(meta, size, dims, options),
        value_names(size, dims),
        keep_attrs,
    )


def apply(
    data: Labelled,
    resolve: Resolve,
    named: Collection[str],
    keep_attrs: bool | None,
) -> Labelled:
    """A step over a DataArray, or over each variable of a Dataset that has its dims.

    Parameters
    ----------
    data : DataArray or Dataset
        The input.
    resolve : callable
        Makes the step for an array's metadata.
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
        return apply_to_dataset(data, resolve, named, keep)
    raise KindError(
        "data",
        f"{type(data).__module__}.{type(data).__name__}",
        "an xarray DataArray or Dataset",
        "wrap it: xr.DataArray(values, dims=[…])",
    )


def keeps_attrs(keep_attrs: bool | None) -> bool:
    """The user's word on attributes, or else xarray's option, which keeps by default."""
    if keep_attrs is not None:
        return keep_attrs
    return xr.get_options()["keep_attrs"] is not False


def apply_to_array(array: xr.DataArray, resolve: Resolve, keep: bool) -> xr.DataArray:
    """A step over one array."""
    coords = array.coords.to_dataset()
    step = resolve(array_meta(array.dims, array.shape, array.dtype, coords))
    moved = output_coords(coords, step.geometry, step.source.sizes)
    variable = carried_out(step, array, keep)
    result = xr.DataArray(variable, coords=moved.coords, name=array.name)
    result.encoding = variable.encoding
    return result


def apply_to_dataset(
    dataset: xr.Dataset, resolve: Resolve, named: Collection[str], keep: bool
) -> xr.Dataset:
    """A step over each variable that has the named dimensions; the others pass."""
    for dim in named:
        if dim not in dataset.dims:
            known = [str(name) for name in dataset.dims]
            raise DimError(
                "dims",
                repr(dim),
                f"dimensions of the Dataset ({', '.join(known)})",
                did_you_mean(dim, known),
            )
    bounds = [name for name in bounds_names(dataset) if name in dataset.data_vars]
    labels = dataset.set_coords(bounds)
    coords = labels.coords.to_dataset()
    steps = {
        name: step_of_variable(str(name), array, resolve)
        for name, array in labels.data_vars.items()
        if array.ndim and set(named) <= set(array.dims)
    }
    if not steps:
        raise DimError(
            "dims", str(list(named)), "a variable that has all of these dimensions"
        )
    geometry = merged_geometry(steps.values())
    sizes = {str(dim): size for dim, size in labels.sizes.items()}
    variables = {}
    for name, array in labels.data_vars.items():
        if name in steps:
            variables[name] = carried_out(steps[name], array, keep)
        else:
            check_passes(str(name), array, geometry, sizes)
            variables[name] = array.variable
    moved = output_coords(coords, geometry, sizes)
    record = output_attrs(dataset.attrs, list(steps.values())[:1], keep_attrs=keep)
    result = xr.Dataset(variables, coords=moved.coords, attrs=record)
    return result.reset_coords([name for name in bounds if name in result.coords])


def step_of_variable(name: str, array: xr.DataArray, resolve: Resolve) -> Step:
    """The step of one variable of a Dataset; errors name the variable."""
    coords = array.coords.to_dataset()
    try:
        return resolve(array_meta(array.dims, array.shape, array.dtype, coords))
    except VolconvError as error:
        error.where = f"variable {name!r}, {error.where}"
        raise


def merged_geometry(steps: Iterable[Step]) -> Geometry:
    """The windows of all dimensions that some step of a Dataset has."""
    windows = {dim: window for step in steps for dim, window in step.geometry}
    return Geometry(tuple(windows.items()))


def check_passes(
    name: str, array: xr.DataArray, geometry: Geometry, sizes: Mapping[str, int]
) -> None:
    """Refuse to pass a variable through whose coordinates would move under it.

    Raises
    ------
    DimError
        Naming the variable and the dimension.
    """
    for dim, window in geometry:
        if dim in array.dims and not Centres.of(window, sizes[dim]).are_all_cells:
            raise DimError(
                f"variable {name!r}",
                f"dims {list(array.dims)}, of which the windows move {dim!r}",
                "all of the kernel's dimensions, or none that moves",
                f"leave it out: dataset.drop_vars({name!r})",
            )


def carried_out(step: Step, array: xr.DataArray, keep: bool) -> xr.Variable:
    """The step's output: lazy for a Dask array, else computed now."""
    if is_lazy(array):
        from volconv.lazy import lazy_step

        values: Any = lazy_step(step, array.data)
    else:
        values = compute_cells(step, np.asarray(array.values))
    attrs = output_attrs(array.attrs, [step], keep_attrs=keep)
    return xr.Variable(array.dims, values, attrs, value_free(array.encoding))


def is_lazy(array: xr.DataArray) -> bool:
    """Whether the array is backed by Dask.

    Raises
    ------
    KindError
        If its chunks have unknown sizes.
    """
    if array.chunks is None or not hasattr(array.data, "__dask_graph__"):
        return False
    if any(math.isnan(size) for sizes in array.chunks for size in sizes):
        raise KindError(
            "data",
            "a Dask array with chunks of unknown size",
            "known chunks",
            "call .data.compute_chunk_sizes() first",
        )
    return True


def value_free(encoding: Mapping[Any, Any]) -> dict[Any, Any]:
    """The encoding that is true of any values: where the grid mapping stands."""
    return {key: encoding[key] for key in ("grid_mapping",) if key in encoding}


def kernel_names(data: object, kernel: object, dims: Dims | None) -> tuple[str, ...]:
    """Dimensions that a kernel and `dims` name; a Dataset needs them named.

    Raises
    ------
    DimError
        If a Dataset is given with a kernel that has no names.
    """
    own = getattr(kernel, "dims", None)
    if own is not None:
        return tuple(str(dim) for dim in own)
    if dims is None and isinstance(data, xr.Dataset):
        raise DimError(
            "dims",
            "none",
            "one dimension for each axis of the kernel, where data is a Dataset",
            "say dims=[…], or pass the kernel as a DataArray",
        )
    return value_names(None, dims)


def value_names(value: object, dims: Dims | None) -> tuple[str, ...]:
    """Dimensions that a per-dimension value and `dims` name."""
    if isinstance(value, Mapping):
        return tuple(value)
    if dims is None:
        return ()
    return (dims,) if isinstance(dims, str) else tuple(dims)
