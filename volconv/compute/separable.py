"""The separable engine: one pass of one factor along each axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute import direct
from volconv.compute.shapes import out_shape

__all__ = ["prepare"]


def prepare(
    factors: Sequence[NDArray[Any]],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    source_dtype: str,
    compute_dtype: str,
) -> Separable:
    """Cross-correlation by passes; see `volconv.compute.correlation`.

    Parameters
    ----------
    factors : sequence of ndarray
        One for each pass, with as many axes as the block and taps along one of them.
    """
    passes: list[tuple[NDArray[Any], tuple[int, ...]]] = []
    left = list(stride)
    for factor in factors:
        axis = next((i for i, size in enumerate(factor.shape) if size > 1), None)
        steps = [1] * len(stride)
        if axis is not None:
            steps[axis], left[axis] = left[axis], 1
        passes.append((factor, tuple(steps)))
    # strides of axes without taps are taken by the first pass: the rest sees less
    first, own = passes[0]
    passes[0] = (first, tuple(s * rest for s, rest in zip(own, left, strict=True)))
    return Separable(
        [
            direct.prepare(factor, strides, dilation, source_dtype, compute_dtype)
            for factor, strides in passes
        ]
    )


class Separable:
    """Passes one after the other, each with its axis's stride."""

    def __init__(self, passes: Sequence[direct.Direct]) -> None:
        self.passes = passes

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        """Write every output of a padded block."""
        for one in self.passes[:-1]:
            shape = out_shape(block.shape, one.weights.shape, one.stride, one.dilation)
            between = np.empty(shape, dtype=out.dtype)
            one(block, between)
            block = between
        self.passes[-1](block, out)
