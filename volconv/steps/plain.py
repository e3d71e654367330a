"""Cells in memory as plain arrays of NumPy: what an array is beside its values is seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.errors import KindError, NumberError

__all__ = ["of_another_library", "plain_cells"]


def plain_cells(found: Any) -> NDArray[Any]:
    """The cells of an array, or of a chunk: NaN where they are masked, as in xarray.

    Parameters
    ----------
    found : ndarray
        A chunk may be masked though nothing says so before it is computed.

    Raises
    ------
    KindError
        If it is an array of another library, which would lose what it is.
    NumberError
        If cells are masked of a dtype that has no NaN.
    """
    if not isinstance(found, np.ndarray | np.generic):
        raise of_another_library(found)
    if not np.ma.is_masked(found):
        return np.asarray(found)
    if found.dtype.kind not in "fc":
        raise NumberError(
            "data",
            f"masked cells of dtype {found.dtype}",
            "floats, whose masked cells are NaN",
            "fill them: data.copy(data=dask.array.ma.filled(data.data, …))",
        )
    return np.ma.filled(found, np.nan)


def of_another_library(found: object) -> KindError:
    """The error of an array that would lose what it is."""
    return KindError(
        "data",
        f"an array of {type(found).__module__}.{type(found).__name__}",
        "one of NumPy or Dask",
        "turn it into one: data.as_numpy()",
    )
