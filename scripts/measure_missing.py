"""What leaving missing cells out costs: CPU time over that of the plain step.

One thread, a volume of 128 cells cubed in float32:
``OMP_NUM_THREADS=1 python scripts/measure_missing.py``
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import xarray as xr

import volconv

DIMS = ("z", "y", "x")


def volumes(size: int) -> dict[str, xr.DataArray]:
    """A volume without gaps, and with gaps of some kinds."""
    rng = np.random.default_rng(0)
    whole = xr.DataArray(rng.random((size,) * 3, dtype="float32"), dims=DIMS)
    land = np.zeros((size, size), bool)
    land[: size // 3, size // 4 : size // 2] = True
    noise = rng.random(whole.shape)
    return {
        "nothing missing": whole,
        "1 cell in 100 000": whole.where(noise > 1e-5),
        "land, the same in each layer": whole.where(~xr.DataArray(land, dims=DIMS[1:])),
        "3 cells in 10": whole.where(noise > 0.3),
    }


def jobs() -> dict[str, Callable[..., xr.DataArray]]:
    """Steps to be measured."""
    dense = np.random.default_rng(1).random((9, 9, 9))
    layer = {"y": 1.5, "x": 1.5}
    return {
        "gaussian, sigma 1.5": lambda data, **more: volconv.gaussian(data, 1.5, **more),
        "gaussian of each layer": lambda data, **more: volconv.gaussian(
            data, layer, **more
        ),
        "box of 3³": lambda data, **more: volconv.box(data, 3, **more),
        "3³ dense taps": lambda data, **more: volconv.correlate(
            data, dense[:3, :3, :3], **more
        ),
        "9³ dense taps": lambda data, **more: volconv.correlate(data, dense, **more),
    }


def cpu_time(job: Callable[[], object], times: int) -> float:
    """Seconds of the quickest of some calls."""
    job()
    found = []
    for _ in range(times):
        begun = time.process_time()
        job()
        found.append(time.process_time() - begun)
    return min(found)


def main() -> None:
    """Print a table, a line for each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=128, help="cells along each axis")
    parser.add_argument("--times", type=int, default=9, help="calls of each")
    given = parser.parse_args()
    data = volumes(given.size)
    area = xr.DataArray(np.linspace(0.5, 1, given.size), dims="y")
    whole = data["nothing missing"]
    print(f"| step | plain | {' | '.join(data)} | areas |")
    for name, job in jobs().items():
        calls = [partial(job, whole)]
        calls += [partial(job, each, skipna=True) for each in data.values()]
        calls.append(partial(job, whole, weights=area))
        plain, *others = (cpu_time(call, given.times) for call in calls)
        ratios = " | ".join(f"{seconds / plain:.2f}" for seconds in others)
        print(f"| {name} | {plain * 1e3:.1f} ms | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
