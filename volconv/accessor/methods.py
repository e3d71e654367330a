"""What every class of methods has: the object that they are methods of."""

from __future__ import annotations

from typing import Generic, TypeVar

import xarray as xr

__all__ = ["Labelled", "Methods"]

Labelled = TypeVar("Labelled", xr.DataArray, xr.Dataset)


class Methods(Generic[Labelled]):
    """Methods of a DataArray or a Dataset.

    Parameters
    ----------
    data : DataArray or Dataset
        The object.
    """

    def __init__(self, data: Labelled) -> None:
        self.data: Labelled = data
