"""CF bounds: the cells of coordinates, and those of the outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from volconv.coordinates.longitude import (
    goes_one_way,
    turn_of,
    unrolled,
    whole_turns,
)
from volconv.coordinates.values import can_interpolate, values_at
from volconv.geometry import Centres

__all__ = ["BOUNDS", "bounds_at", "bounds_names", "bounds_owners"]

BOUNDS = ("bounds", "climatology")
"""Attributes that name the cells of a coordinate."""


def bounds_names(dataset: xr.Dataset) -> list[str]:
    """Names of the CF bounds variables of a dataset's variables, those that it has."""
    return list(bounds_owners(dataset))


def bounds_owners(dataset: xr.Dataset) -> dict[str, str]:
    """The CF bounds variables that a dataset has, with the name of what each bounds."""
    named = {
        place.get(key): str(name)
        for name, variable in dataset.variables.items()
        for place in (variable.attrs, variable.encoding)
        for key in BOUNDS
    }
    return {str(name): named[name] for name in dataset.variables if name in named}


def bounds_at(
    bounds: xr.Variable, dim: str, centres: Centres, owner: xr.Variable | None
) -> xr.Variable | None:
    """Cells of the outputs, from the input's: ``c(k) - s/2 … c(k) + s/2``.

    Parameters
    ----------
    bounds : Variable
        The input's cells.
    dim : str
        The dimension that the windows move along.
    centres : Centres
        Positions of the outputs.
    owner : Variable, optional
        The outputs' coordinate; None where it is dropped.

    Returns
    -------
    Variable, optional
        None where the input's cells do not touch one another, so that there is no place
        between them.
    """
    values = bounds.values
    is_pair = bounds.ndim == 2 and bounds.dims[0] == dim and values.shape[1] == 2
    if owner is None or not is_pair or not can_interpolate(values):
        return None
    turn = turn_of(owner.attrs)
    if not are_touching(values[:-1, 1], values[1:, 0], turn):
        return None
    edges: Any = np.concatenate([values[:, 0], values[-1:, 1]])
    if turn is not None and not goes_one_way(edges):
        edges = unrolled(edges, turn)
    moved = values_at(edges, centres.edges(), 0)
    pairs = np.stack([moved[:-1], moved[1:]], axis=1)
    if turn is not None and owner.dims == (dim,):
        middles = pairs.mean(axis=1)
        pairs = pairs + whole_turns(owner.values - middles, turn)[:, None]
    keep = {"units", "calendar", "dtype"} if values.dtype.kind in "mMO" else set()
    encoding = {key: item for key, item in bounds.encoding.items() if key in keep}
    return xr.Variable(bounds.dims, pairs, bounds.attrs, encoding)


def are_touching(upper: NDArray[Any], lower: NDArray[Any], turn: float | None) -> bool:
    """Whether each cell begins where the one before it ends."""
    if turn is not None:
        upper = upper + whole_turns(lower - upper, turn)
    if upper.dtype.kind == "f":
        return bool(np.allclose(upper, lower))
    return bool((upper == lower).all())
