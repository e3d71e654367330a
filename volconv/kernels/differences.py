"""Kernels that take differences of neighbouring cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from volconv.kernels.kernel import Kernel

__all__ = ["central_difference", "laplace", "sobel"]


def central_difference(dim: str, spacing: float = 1.0) -> Kernel:
    """``(x[i+1] - x[i-1]) / 2 h`` along one dimension.

    Parameters
    ----------
    dim : str
        The dimension.
    spacing : float
        Distance h of neighbouring cells; negative where the coordinate descends.

    Examples
    --------
    >>> central_difference("x", 2.0).weights
    array([-0.25,  0.  ,  0.25])
    """
    half = 0.5 / spacing
    return Kernel((dim,), (np.array([-half, 0.0, half]),))


def laplace(spacings: Mapping[str, float | int]) -> Kernel:
    """Sum of ``(x[i-1] - 2 x[i] + x[i+1]) / h²`` over some dimensions.

    Parameters
    ----------
    spacings : mapping of str to number
        Distance h of neighbouring cells along each dimension; integers where all are 1
        make integer weights.

    Examples
    --------
    >>> laplace({"y": 1, "x": 1}).weights
    array([[ 0,  1,  0],
           [ 1, -4,  1],
           [ 0,  1,  0]])
    """
    cells = all(isinstance(spacing, int) for spacing in spacings.values())
    weights = np.zeros((3,) * len(spacings), dtype="int64" if cells else "float64")
    centre = (1,) * len(spacings)
    for axis, spacing in enumerate(spacings.values()):
        weight = 1 if cells else 1 / (spacing * spacing)
        for step in (0, 2):
            weights[(*centre[:axis], step, *centre[axis + 1 :])] += weight
        weights[centre] -= 2 * weight
    return Kernel(tuple(spacings), (weights,))


def sobel(dim: str, dims: Sequence[str], *, whole: bool = True) -> Kernel:
    """``-1 0 1`` along one dimension, times ``1 2 1`` along each other.

    Parameters
    ----------
    dim : str
        The dimension of the difference.
    dims : sequence of str
        All dimensions of the kernel.
    whole : bool
        Whether the weights are integers.

    Examples
    --------
    >>> sobel("x", ["y", "x"]).weights
    array([[-1,  0,  1],
           [-2,  0,  2],
           [-1,  0,  1]])
    """
    dtype = "int64" if whole else "float64"
    factors = [
        np.array([-1, 0, 1] if one == dim else [1, 2, 1], dtype=dtype) for one in dims
    ]
    return Kernel(tuple(dims), (reduce(np.multiply.outer, factors),))
