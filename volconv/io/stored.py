"""An array that is opened and not yet read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import zarr

from volconv.coordinates import Coords, NoCoords
from volconv.io.ome import Level
from volconv.meta import ArrayMeta

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Stored"]


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
    coords: Coords = field(default_factory=NoCoords)
    group_attrs: Mapping[Any, Any] = field(default_factory=dict)
    key: str = ""
    notes: tuple[str, ...] = ()
    level: Level | None = None
