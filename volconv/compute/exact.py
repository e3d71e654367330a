"""Exact sums in NumPy: for integers, whose sums no float arithmetic may round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["prepare"]


def prepare(
    weights: NDArray[Any],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    source_dtype: np.dtype[Any],
    compute_dtype: str,
) -> Exact:
    """Cross-correlation by shifted slices; see `volconv.compute.correlation`."""
    del source_dtype
    return Exact(weights.astype(compute_dtype), stride, dilation)


@dataclass(frozen=True, eq=False)
class Exact:
    """Sum over the taps of a weight times the block, shifted and strided.

    Each output's taps are added in the order of their index, in the arithmetic's dtype.
    """

    weights: NDArray[Any]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        """Write every output of a padded block."""
        out[...] = 0
        product = np.empty_like(out)
        with np.errstate(all="ignore"):
            for index, weight in np.ndenumerate(self.weights):
                if weight == 0:
                    continue
                cells = tuple(
                    slice(j * d, j * d + (size - 1) * s + 1, s)
                    for j, d, s, size in zip(
                        index, self.dilation, self.stride, out.shape, strict=True
                    )
                )
                np.multiply(
                    block[cells], weight, out=product, dtype=out.dtype, casting="unsafe"
                )
                np.add(out, product, out=out)
