"""Separable kernels: gaussian and box."""

import numpy as np
import pytest

import volconv
from benchmarks import peers
from benchmarks.cases import DIMS, labelled, prepared
from volconv.kernels import box, gaussian

SIGMAS = [1, 2, 4, 8]
SIZES = [3, 7, 15, 31]


def kernel_of(sigma):
    kernel = gaussian(dict.fromkeys(DIMS, sigma))
    return kernel, kernel.factors[0]


def padded(cells, factor):
    return np.pad(cells, len(factor) // 2, mode="symmetric")


@pytest.mark.benchmark(group="gaussian, the same job")
@pytest.mark.parametrize("sigma", SIGMAS)
def test_same_job(race, cases, sigma):
    cells, (_, factor) = cases.volume(), kernel_of(sigma)
    data = labelled(cells)
    race(
        f"gaussian, sigma {sigma}",
        lambda: volconv.gaussian(data, sigma).values,
        peers.smoothers(cells, factor, sigma),
    )


@pytest.mark.benchmark(group="gaussian, the engine alone")
@pytest.mark.parametrize("threads", [1, 2], ids=["one", "two"])
@pytest.mark.parametrize("sigma", SIGMAS)
def test_engine_alone(race, cases, sigma, threads):
    cells, (kernel, factor) = cases.volume(), kernel_of(sigma)
    race(
        f"engine alone, gaussian, sigma {sigma}, threads: {threads}",
        prepared(padded(cells, factor), kernel, 1, threads),
        peers.smoothers(cells, factor, sigma),
        work=6 * len(factor) * cells.size,
        threads=threads,
    )


@pytest.mark.benchmark(group="box, the same job")
@pytest.mark.parametrize("size", SIZES)
def test_box(race, cases, size):
    cells = cases.volume()
    data = labelled(cells)
    race(
        f"box {size}^3",
        lambda: volconv.box(data, size).values,
        peers.boxes(cells, size),
    )


@pytest.mark.benchmark(group="box, the engine alone")
@pytest.mark.parametrize("threads", [1, 2], ids=["one", "two"])
@pytest.mark.parametrize("size", SIZES)
def test_box_alone(race, cases, size, threads):
    cells, kernel = cases.volume(), box(dict.fromkeys(DIMS, size))
    race(
        f"engine alone, box {size}^3, threads: {threads}",
        prepared(padded(cells, kernel.factors[0]), kernel, 1, threads),
        peers.boxes(cells, size),
        threads=threads,
    )
