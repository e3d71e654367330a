"""The keywords of missing cells, at the door of the public functions."""

from __future__ import annotations

import xarray as xr

from volconv.coordinates import are_same_cells
from volconv.errors import DimError, KindError
from volconv.steps.missing import (
    ArrayWeights,
    Missing,
    missing_options,
    scaled_weights,
)

__all__ = ["missing_of", "weights_dims"]


def missing_of(
    data: xr.DataArray | xr.Dataset,
    skipna: bool,
    min_weight: float,
    weights: xr.DataArray | None,
) -> Missing | None:
    """How missing cells of some data are treated; None where they spread.

    Raises
    ------
    KindError
        If a keyword is of a wrong kind.
    NumberError
        If weights are negative or infinite, or `min_weight` is no share.
    DimError
        If the weights lie along other labels than the data.
    """
    found = None if weights is None else array_weights(data, weights)
    return missing_options(skipna, min_weight, found)


def array_weights(data: xr.DataArray | xr.Dataset, weights: object) -> ArrayWeights:
    """The cell weights in memory, checked."""
    if not isinstance(weights, xr.DataArray):
        raise KindError(
            "weights",
            f"{type(weights).__module__}.{type(weights).__name__}",
            "a DataArray, whose dims say where it goes",
            "wrap it: xr.DataArray(values, dims=[…])",
        )
    if weights.chunks is not None:
        raise KindError(
            "weights",
            "a Dask array",
            "weights in memory",
            "call .load() on them first, or store them and use volconv run",
        )
    if not weights.ndim:
        raise DimError("weights", "no dimensions", "at least one of the data's")
    check_labels(data, weights)
    values = scaled_weights(weights.values)
    return ArrayWeights(tuple(map(str, weights.dims)), values)


def check_labels(data: xr.DataArray | xr.Dataset, weights: xr.DataArray) -> None:
    """Refuse weights of other cells than the data's, where both name theirs.

    Raises
    ------
    DimError
        Naming the dimension.
    """
    for dim in weights.dims:
        both = dim in data.indexes and dim in weights.indexes
        same_size = both and data.sizes[dim] == weights.sizes[dim]
        if same_size and not are_same_cells(data[dim].values, weights[dim].values):
            raise DimError(
                f"weights along {dim!r}",
                "other coordinates than the data's",
                "the same cells in the same order",
                "take weights.reindex_like(data), or drop the weights' coordinate",
            )


def weights_dims(weights: xr.DataArray | None) -> tuple[str, ...]:
    """Dimensions that weights name: variables without them have no such weights."""
    return () if weights is None else tuple(str(dim) for dim in weights.dims)
