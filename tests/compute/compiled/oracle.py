"""The definition of a correlation, by nested loops over taps."""

import numpy as np


def output_shape(shape, size, stride, dilation):
    return tuple(
        (n - d * (f - 1) - 1) // s + 1
        for n, f, s, d in zip(shape, size, stride, dilation, strict=True)
    )


def correlate(block, weights, stride, dilation, dtype=np.float64):
    """Sum over non-zero taps in float64."""
    block = np.asarray(block).astype(dtype)
    m = output_shape(block.shape, weights.shape, stride, dilation)
    out = np.zeros(m, dtype)
    for index in np.ndindex(weights.shape):
        if weights[index] == 0:
            continue
        cells = tuple(
            slice(j * d, j * d + (k - 1) * s + 1, s)
            for j, d, k, s in zip(index, dilation, m, stride, strict=True)
        )
        out += weights[index] * block[cells]
    return out
