"""What functions that are not ours return, checked before it is taken."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.errors import KindError

__all__ = ["returned"]


def returned(
    where: str, found: object, shape: tuple[int, ...], given: str, how: str = ""
) -> NDArray[Any]:
    """What a function returns as an array, if it is one value for each that was given.

    Parameters
    ----------
    where : str
        The function, for errors.
    found : array_like
        What it returns.
    shape : tuple of int
        What its shape is to be.
    given, how : str
        What the function was given, and how it comes to that shape.

    Raises
    ------
    KindError
        If its shape is another one, or some of it is masked.
    """
    is_plain = type(found) is np.ndarray  # for which numpy.ma is not imported
    if not is_plain and np.ma.is_masked(found):
        raise KindError(
            where, "a masked array", "a value for each", "fill it there: .filled(…)"
        )
    values = np.asarray(found)
    if values.shape != shape:
        raise KindError(
            where, f"shape {values.shape} for {given}", f"shape {shape}{how}"
        )
    return values
