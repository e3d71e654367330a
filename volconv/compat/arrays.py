"""What comes in and goes out: NumPy, Dask and xarray, and SciPy's `output`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from volconv.api.apply import keeps_attrs, value_free
from volconv.api.process import is_lazy, values_of
from volconv.compat.arguments import BOUNDARIES
from volconv.compute import checked_dtype
from volconv.compute.parts import parts
from volconv.errors import GeometryError, KindError, NumberError
from volconv.meta import ArrayMeta, Axis
from volconv.steps import Step

if TYPE_CHECKING:
    import dask.array as da

__all__ = ["Array", "Cut", "Output", "Root", "Source", "as_dtype", "filtered"]

Array = TypeVar("Array", NDArray[Any], "da.Array", xr.DataArray)
"""What a function takes and returns: the same kind."""

Output = type | np.dtype[Any] | str | NDArray[Any] | xr.DataArray | None
"""SciPy's `output`: a dtype, or an array to fill."""


PART_CELLS = 2**18
"""Cells that are mapped at once: arbitrary, what is made of them stays in the cache."""


@dataclass(frozen=True, eq=False)
class Source:
    """An input without its names.

    Parameters
    ----------
    array : DataArray
        The cells, NumPy's or Dask's, along dimensions named by their position.
    """

    array: xr.DataArray

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the cells."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.array.ndim

    @property
    def meta(self) -> ArrayMeta:
        """What a step is resolved for."""
        sizes = zip(dims_of(self.ndim), self.array.shape, strict=True)
        return ArrayMeta(tuple(Axis(dim, size) for dim, size in sizes), self.dtype.name)

    def holding(self, value: complex) -> Source:
        """The cells, as floats where their own dtype cannot hold a value beyond an edge."""
        kind = self.dtype.kind
        if kind in "biu":
            whole = np.isreal(value) and np.isfinite(value) and value.real % 1 == 0
            limits = np.iinfo(self.dtype) if kind in "iu" else None
            low, high = (limits.min, limits.max) if limits else (0, 1)
            fits = whole and low <= value.real <= high
        else:
            largest = np.finfo(self.dtype).max
            fits = not np.isfinite(value) or abs(value) <= largest
        return self if fits else self.converted("float64")

    def converted(self, dtype: str) -> Source:
        """The same in another dtype, a copy."""
        return Source(self.array.astype(dtype))

    def through(self, step: Step) -> Source:
        """The output of a step that is resolved for the array."""
        return Source(self.array.copy(data=values_of(step, self.array.variable)))

    def mapped(self, function: Callable[[NDArray[Any]], NDArray[Any]]) -> Source:
        """What a function of cells makes of each: by chunks where they are lazy.

        Else by parts, so that what it needs on the way is little.
        """
        dtype = function(np.zeros(1, self.dtype)).dtype
        if is_lazy(self.array):
            values = self.array.data.map_blocks(function, dtype=dtype)
            return Source(self.array.copy(data=values))
        cells, found = self.array.values, np.empty(self.array.shape, dtype)
        for part in parts(cells.shape, PART_CELLS):
            found[part] = function(cells[part])
        return Source(self.array.copy(data=found))


def dims_of(ndim: int) -> tuple[str, ...]:
    """Names for axes that have none."""
    return tuple(f"axis {number}" for number in range(ndim))


def filtered(
    input: Array,
    output: Output,
    make: Callable[[Source, np.dtype[Any]], Source],
    *,
    is_complex: bool = False,
) -> Array:
    """What a filter makes of an array: of the same kind, or in `output`.

    Parameters
    ----------
    input : array_like, dask array or DataArray
        Its coordinates stay those of the result.
    output : dtype or array, optional
        The result's dtype, by default the input's; or an array that is filled.
    make : callable
        Takes the input and the dtype, and returns the result.
    is_complex : bool
        Whether the weights are complex.
    """
    given = opened(input)
    is_complex = is_complex or given.dtype.kind == "c"
    dtype, target = wanted(output, given.array, is_complex=is_complex)
    made = make(given, dtype)
    if target is not None:
        target[...] = made.array.values
        return cast("Array", output)
    values = made.array.data
    if is_lazy(given.array):
        values = values.rechunk(given.array.chunks)
    if not isinstance(input, xr.DataArray):
        return cast("Array", values)
    attrs = input.attrs if keeps_attrs(None) else None
    result = xr.DataArray(values, input.coords, input.dims, input.name, attrs)
    result.encoding = value_free(input.encoding)
    return result


def opened(input: object) -> Source:
    """The cells of an array without its names.

    Raises
    ------
    KindError
        For a Dataset, and for a Dask array whose chunks have unknown sizes.
    NumberError
        For cells that are no numbers, or of more than 64 bits.
    """
    if isinstance(input, xr.Dataset):
        raise KindError(
            "input",
            "a Dataset",
            "a DataArray, a Dask array, or what numpy.asarray takes",
            "call dataset.map(function, …)",
        )
    cells: Any = input.data if isinstance(input, xr.DataArray) else input
    if not hasattr(cells, "__dask_graph__"):
        cells = np.asarray(cells)
    native = checked_dtype("input", cells.dtype)
    if native != cells.dtype:
        cells = cells.astype(native)
    array = xr.DataArray(cells, dims=dims_of(cells.ndim))
    is_lazy(array)  # refuses unknown chunks
    return Source(array)


def wanted(
    output: Output, cells: xr.DataArray, *, is_complex: bool
) -> tuple[np.dtype[Any], NDArray[Any] | xr.DataArray | None]:
    """The dtype of a result, and the array that it goes to.

    Raises
    ------
    NumberError
        For the name of a mode, and for an array that cannot hold complex numbers.
    GeometryError
        For an array of another shape.
    KindError
        For anything else that is no dtype and no array in memory.
    """
    if output is None:
        natural = cells.dtype
        return np.promote_types(natural, np.complex64) if is_complex else natural, None
    if isinstance(output, (np.ndarray, xr.DataArray)) and not is_dask(output):
        if output.shape != cells.shape:
            raise GeometryError("output", f"shape {output.shape}", f"{cells.shape}")
        if is_complex and output.dtype.kind != "c":
            raise NumberError("output", f"{output.dtype.name}", "a complex dtype")
        if not np.asarray(output).flags.writeable:
            raise KindError("output", "an array that is read only", "one to fill")
        return output.dtype.newbyteorder("="), output
    dtype = named_dtype(output)
    if is_complex and dtype.kind != "c":
        warnings.warn(
            "promoting specified output dtype to complex", UserWarning, stacklevel=4
        )
        dtype = np.promote_types(dtype, np.complex64)
    return dtype, None


def is_dask(array: object) -> bool:
    """Whether an array is Dask's, or a DataArray over one."""
    return hasattr(getattr(array, "data", array), "__dask_graph__")


def named_dtype(output: object) -> np.dtype[Any]:
    """The dtype that `output` names."""
    if isinstance(output, str) and output in BOUNDARIES:
        raise NumberError(
            "output",
            repr(output),
            "a dtype, or an array to fill",
            f"say mode={output!r}: SciPy's third argument is not the mode, as it is in "
            "dask_image.ndfilters",
        )
    if isinstance(output, (type, np.dtype, str)):
        try:
            return np.dtype(output).newbyteorder("=")
        except TypeError:
            pass
    raise KindError(
        "output",
        f"{output!r}"[:60],
        "a dtype, or a NumPy array or DataArray in memory",
        "leave it out: a lazy result needs no memory yet",
    )


def as_dtype(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Values in another dtype, always a copy: fractions are cut off, integers wrap.

    So does C where a value is in the dtype's range, and SciPy with it.

    Examples
    --------
    >>> as_dtype(np.array([1.9, -1.9, 257.0]), np.dtype("uint8"))
    array([  1, 255,   1], dtype=uint8)
    """
    if values.dtype.kind == "c" and dtype.kind != "c":
        values = values.real
    if values.dtype.kind != "f" or dtype.kind not in "biu":
        with np.errstate(over="ignore"):
            return values.astype(dtype)
    with np.errstate(invalid="ignore"):
        if dtype == np.uint64:
            above = np.where(values < 0, 0, values).astype(dtype)
            return np.where(values < 0, values.astype(np.int64).astype(dtype), above)
        return values.astype(np.int64).astype(dtype)


@dataclass(frozen=True)
class Cut:
    """Values over a number, in a dtype: see `as_dtype`."""

    dtype: np.dtype[Any]
    divisor: int = 1

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        """A copy of the values."""
        if self.divisor == 1:
            return as_dtype(values, self.dtype)
        return as_dtype(np.divide(values, self.divisor, dtype=float), self.dtype)


@dataclass(frozen=True)
class Root:
    """Square roots in a dtype."""

    dtype: np.dtype[Any]

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        """The roots."""
        with np.errstate(invalid="ignore"):
            return as_dtype(np.sqrt(values), self.dtype)
