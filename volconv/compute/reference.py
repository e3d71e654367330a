"""The definition: nested loops, slow, the oracle of every test."""

from __future__ import annotations

import itertools
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
) -> Reference:
    """Cross-correlation by the definition; see `volconv.compute.correlation`."""
    del source_dtype
    return Reference(weights.astype(compute_dtype), stride, dilation)


@dataclass(frozen=True, eq=False)
class Reference:
    """``out[k] = Σ_j w[j] x[k s + j d]`` over the taps whose weight is not zero."""

    weights: NDArray[Any]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        """Write every output of a padded block, the taps in the order of their index."""
        taps = [
            (index, weight)
            for index, weight in np.ndenumerate(self.weights)
            if weight != 0
        ]
        scalar = out.dtype.type
        with np.errstate(all="ignore"):
            for output in itertools.product(*(range(size) for size in out.shape)):
                total = scalar(0)
                for index, weight in taps:
                    cell = tuple(
                        k * s + j * d
                        for k, s, j, d in zip(
                            output, self.stride, index, self.dilation, strict=True
                        )
                    )
                    total = total + weight * block[cell].astype(out.dtype)
                out[output] = total
