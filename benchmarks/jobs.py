"""What is computed from store to store: as a configuration, and over blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks import volumes
from benchmarks.volumes import Array

__all__ = ["JOBS", "SIGMA", "Job"]

SIGMA = 2.0


@dataclass(frozen=True)
class Job:
    """What is computed.

    Parameters
    ----------
    steps : str
        The steps of a configuration.
    by_blocks : callable
        The same over a Dask array, as it is written today.
    kernel : ndarray, optional
        Its kernel, where it is one.
    """

    steps: str
    by_blocks: Callable[[Array], Array] | None = None
    kernel: Array | None = None


def correlated(kernel: Array, stride: int = 1) -> Callable[[Array], Array]:
    """scipy.ndimage under map_overlap, every output computed, then every s-th taken."""

    def run(data: Array) -> Array:
        from scipy import ndimage

        found = data.map_overlap(
            ndimage.correlate,
            depth=kernel.shape[0] // 2,
            boundary=0.0,
            weights=kernel,
            mode="constant",
            dtype="f4",
            meta=np.empty((0, 0, 0), "f4"),
        )
        if stride == 1:
            return found
        found = found[(slice(None, None, stride),) * 3]
        return found.rechunk(volumes.CHUNK)

    return run


def smoothed(sigma: float) -> Callable[[Array], Array]:
    """scipy.ndimage.gaussian_filter under map_overlap."""

    def run(data: Array) -> Array:
        from scipy import ndimage

        return data.map_overlap(
            ndimage.gaussian_filter,
            depth=int(4 * sigma + 0.5),
            boundary="nearest",
            sigma=sigma,
            mode="nearest",
            dtype="f4",
            meta=np.empty((0, 0, 0), "f4"),
        )

    return run


def halved(data: Array) -> Array:
    """Means of 2³ by dask.array.coarsen."""
    import dask.array as da

    found = da.coarsen(np.mean, data, dict.fromkeys(range(3), 2))
    return found.rechunk(volumes.CHUNK)


def correlation(size: int, stride: int = 1) -> Job:
    """A kernel that is no product of factors."""
    kernel = np.random.default_rng(size).random((size,) * 3).astype("f4")
    step = f"- correlate: {{kernel: {kernel.tolist()}, dims: [z, y, x], padding: same"
    step += f", stride: {stride}}}"
    return Job(step, correlated(kernel, stride), kernel)


JOBS = {
    "k3s1": correlation(3),
    "k3s2": correlation(3, 2),
    "k7s1": correlation(7),
    "g2": Job(
        f"- gaussian: {{sigma: {SIGMA}, dims: [z, y, x], boundary: edge}}",
        smoothed(SIGMA),
    ),
    "mean2": Job("- mean_pool: {size: {z: 2, y: 2, x: 2}}", halved),
    "mean3": Job(
        "- mean_pool: {size: {z: 3}, stride: 1, padding: same, count_padding: false}"
    ),
    "fused": Job(
        "- gaussian: {sigma: 1, dims: [z, y, x], boundary: edge}\n"
        "  - gradient_magnitude: {dims: [z, y, x]}\n"
        "  - mean_pool: {size: {z: 2, y: 2, x: 2}}",
    ),
    "smooth": Job(
        "- gaussian: {sigma: 1, dims: [z, y, x], boundary: edge}", smoothed(1.0)
    ),
}
