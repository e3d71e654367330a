"""Plain arrays, of NumPy: others would lose what they are beside their values."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.errors import KindError, NumberError

__all__ = ["check_plain", "plain_cells"]


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
    if not isinstance(found, np.generic):
        check_plain("data", found)
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


def check_plain(where: str, found: Any) -> None:
    """Refuse an array of another library, and one of Dask with chunks of another.

    Parameters
    ----------
    where : str
        What the array is, as an error says it.
    found : ndarray or dask array
        The array. Dask is not imported: before someone has, none can be of it.

    Raises
    ------
    KindError
    """
    dask = sys.modules.get("dask.array")
    is_lazy = dask is not None and isinstance(found, dask.Array)
    held = found._meta if is_lazy else found
    if not isinstance(held, np.ndarray):
        raise KindError(
            where,
            f"an array of {type(held).__module__}.{type(held).__name__}",
            "one of NumPy or Dask",
            "turn it into one: data.as_numpy()",
        )
