"""CF bounds: the cells of coordinates, and those of the outputs."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from volconv.coordinates.encoding import moved_encoding
from volconv.coordinates.longitude import (
    goes_one_way,
    turn_of,
    unrolled,
    whole_turns,
)
from volconv.coordinates.values import can_interpolate, values_at
from volconv.geometry import Centres
from volconv.text import text_of

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["BOUNDS", "bounds_names", "moved_bounds"]

Pairs = tuple[tuple[int, int], ...]

BOUNDS = ("bounds", "climatology")
"""Attributes that name the cells of a coordinate."""


def bounds_names(dataset: xr.Dataset) -> list[str]:
    """Names of the CF bounds variables of a dataset's variables, those that it has."""
    return list(bounds_owners(dataset))


def bounds_owners(dataset: xr.Dataset) -> dict[str, str]:
    """The CF bounds variables that a dataset has, with the name of what each bounds."""
    named = {
        text_of(held, key): str(name)
        for name, variable in dataset.variables.items()
        for held in (variable.attrs, variable.encoding)
        for key in BOUNDS
    }
    return {str(name): named[name] for name in dataset.variables if name in named}


def moved_bounds(
    coords: xr.Dataset, moved: xr.Dataset, dim: str, centres: Centres
) -> dict[str, xr.Variable | None]:
    """Bounds along a dimension as the cells of the outputs: ``c(k) - s/2 … c(k) + s/2``.

    Parameters
    ----------
    coords : Dataset
        The input's coordinates and their bounds.
    moved : Dataset
        The outputs' coordinates, without bounds along the dimension.
    dim : str
        The dimension that the windows move along.
    centres : Centres
        Positions of the outputs.

    Returns
    -------
    dict of str to Variable, optional
        None where the coordinate is dropped, or where the input's cells do not touch one
        another, so that there is no edge between them.

    Notes
    -----
    Lazy ones are computed, once: whether cells touch is in their values.
    """
    owners = {
        name: moved.variables.get(owner)
        for name, owner in bounds_owners(coords).items()
        if dim in coords[name].dims
    }
    known = {name: owner for name, owner in owners.items() if owner is not None}
    held = {name: coords.variables[name].compute() for name in known}
    pairings = {
        name: pairings_of(held[name], dim, owner) for name, owner in known.items()
    }
    found: dict[str, xr.Variable | None] = dict.fromkeys(owners)
    for name, owner in known.items():
        others = [
            own
            for other, own in pairings.items()
            if own and held[other].dims == held[name].dims
        ]
        # a longitude's corners alone may be alike where those of its latitude are not
        common = [one for one in pairings[name] if all(one in own for own in others)]
        for chosen in [*common, *pairings[name]][:1]:
            found[name] = bounds_at(held[name], dim, centres, owner, chosen)
    return found


def pairings_of(bounds: xr.Variable, dim: str, owner: xr.Variable) -> list[Pairs]:
    """Which vertices may lie at the lower and at the upper side of cells along a dim.

    Returns
    -------
    list of tuple of (int, int)
        In each one, every vertex is in one pair, and the upper vertex of each cell is the
        lower one of the next. Empty where no order of the vertices makes that so.
    """
    is_cells = bounds.dims[:-1] == owner.dims
    count = bounds.shape[-1]
    if not is_cells or count not in (2, 4) or not can_interpolate(bounds.values):
        return []
    values = np.moveaxis(bounds.values, bounds.dims.index(dim), 0)
    if count == 4 and len(values) < 2:
        return []
    turn = turn_of(owner.attrs)
    touching = [
        (lower, upper)
        for lower, upper in itertools.permutations(range(count), 2)
        if are_touching(values[:-1, ..., upper], values[1:, ..., lower], turn)
    ]
    return [
        pairs
        for pairs in itertools.combinations(touching, count // 2)
        if len({vertex for pair in pairs for vertex in pair}) == count
    ]


def bounds_at(
    bounds: xr.Variable, dim: str, centres: Centres, owner: xr.Variable, pairs: Pairs
) -> xr.Variable:
    """The cells of outputs, vertex by vertex: see `moved_bounds` and `pairings_of`."""
    values = bounds.values
    axis, turn = bounds.dims.index(dim), turn_of(owner.attrs)
    sides: dict[int, NDArray[Any]] = {}
    for lower, upper in pairs:
        last = np.take(values[..., upper], [-1], axis=axis)
        edges: Any = np.concatenate([values[..., lower], last], axis=axis)
        if turn is not None and edges.ndim == 1 and not goes_one_way(edges):
            edges = unrolled(edges, turn)
        moved = values_at(
            edges, centres.edges(), axis, turn if edges.ndim > 1 else None
        )
        sides[lower] = np.take(moved, range(centres.count), axis=axis)
        sides[upper] = np.take(moved, range(1, centres.count + 1), axis=axis)
    cells = np.stack([sides[vertex] for vertex in sorted(sides)], axis=-1)
    if turn is not None and cells.ndim == 2:
        turns = whole_turns(owner.values - cells.mean(axis=1), turn)
        cells = cells + turns[:, None].astype(cells.dtype)
    encoding = moved_encoding(bounds) if values.dtype.kind in "mMO" else {}
    import xarray as xr

    return xr.Variable(bounds.dims, cells, bounds.attrs, encoding)


def are_touching(upper: NDArray[Any], lower: NDArray[Any], turn: float | None) -> bool:
    """Whether each cell begins where the one before it ends; masked cells do."""
    if turn is not None:
        upper = upper + whole_turns(lower - upper, turn)
    if upper.dtype.kind == "f":
        is_masked = np.isnan(upper) | np.isnan(lower)
        return bool((np.isclose(upper, lower) | is_masked).all())
    return bool((upper == lower).all())
