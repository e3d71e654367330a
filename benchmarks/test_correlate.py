"""Dense kernels: the job a user has, and the arithmetic alone."""

import numpy as np
import pytest

import volconv
from benchmarks import peers
from benchmarks.cases import labelled, prepared
from volconv.kernels import Kernel

SIZES = [3, 5, 7, 9, 11, 15, 31]


def same(cells, kernel, **options):
    data = labelled(cells)
    return lambda: volconv.correlate(data, kernel, padding="same", **options).values


@pytest.mark.benchmark(group="correlate, the same job")
@pytest.mark.parametrize("size", SIZES)
def test_same_job(race, cases, size):
    cells, kernel = cases.volume(), cases.kernel(size)
    ours = same(cells, kernel)
    work = 2 * kernel.size * cells.size if size < 9 else 0
    race(f"correlate {size}^3", ours, peers.correlators(cells, kernel), work=work)


@pytest.mark.benchmark(group="correlate, sides that are no multiple of a vector")
@pytest.mark.parametrize("size", [3, 5])
def test_odd_sides(race, cases, size):
    cells, kernel = cases.volume()[:-1, :-3, :-5].copy(), cases.kernel(size)
    others = {"scipy.ndimage": peers.correlators(cells, kernel)["scipy.ndimage"]}
    race(f"correlate {size}^3, odd sides", same(cells, kernel), others)


@pytest.mark.benchmark(group="correlate, the engine alone")
@pytest.mark.parametrize("threads", [1, 2], ids=["one", "two"])
@pytest.mark.parametrize(
    ("size", "dtype"),
    [(size, "float32") for size in SIZES] + [(size, "float64") for size in SIZES[:4]],
)
def test_engine_alone(race, cases, size, dtype, threads):
    cells, kernel = cases.volume(dtype, is_large=size == 3), cases.kernel(size, dtype)
    taps = Kernel(("z", "y", "x"), (kernel,))
    ours = prepared(np.pad(cells, size // 2), taps, 1, threads)
    work = 2 * kernel.size * cells.size if size < 9 else 0
    race(
        f"engine alone {size}^3 {dtype}, threads: {threads}",
        ours,
        {},
        work=work,
        scalar="float" if dtype == "float32" else "double",
        threads=threads,
        warm=True,
    )


@pytest.mark.benchmark(group="correlate, dtypes")
@pytest.mark.parametrize("dtype", ["float64", "int16", "uint8"])
@pytest.mark.parametrize("size", [3, 5, 7])
def test_other_dtypes(race, cases, size, dtype):
    wide = "float64" if dtype == "float64" else "float32"
    cells, kernel = cases.volume(dtype), cases.kernel(size, wide)
    others = peers.correlators(cells, kernel) if size < 7 else {}
    others["ours, float32"] = same(cells.astype("f4"), kernel)
    race(f"correlate {size}^3 {dtype}", same(cells, kernel), others)
