"""Coordinates where there are none: xarray is not imported for them.

With pandas it takes a process about as long as all else that a run imports, and 45 MiB;
an array by itself has nothing for it to read.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Coords", "NoCoords"]


@dataclass(frozen=True)
class NoCoords:
    """What stands for a Dataset without variables.

    Examples
    --------
    >>> "x" in NoCoords().variables
    False
    """

    variables: Mapping[Hashable, xr.Variable] = field(default_factory=dict)


Coords: TypeAlias = "xr.Dataset | NoCoords"
