"""Strides: against torch.conv3d, and against the same kernel at stride 1."""

import numpy as np
import pytest

import volconv
from benchmarks import peers
from benchmarks.cases import labelled, prepared
from volconv.kernels import Kernel

STRIDES = [1, 2, 3, 4]


def torch_peer(cells, kernel, stride):
    if not peers.has("torch") or (stride == 1 and kernel.shape[0] > 5):
        return {}
    return {"torch.conv3d": peers.torch_conv(cells, kernel, stride)}


def same_job(race, cells, kernel, stride, name):
    data, padding = labelled(cells), kernel.shape[0] // 2
    race(
        name,
        lambda: (
            volconv.correlate(
                data, kernel, stride=stride, padding=padding, engine="direct"
            ).values
        ),
        torch_peer(cells, kernel, stride),
    )


@pytest.mark.benchmark(group="strides, the same job")
@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("size", [3, 5, 7])
def test_same_job(race, cases, size, stride):
    name = f"correlate {size}^3, stride {stride}"
    same_job(race, cases.volume(), cases.kernel(size), stride, name)


@pytest.mark.benchmark(group="strides, the engine alone")
@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("size", [3, 5, 7])
def test_engine_alone(race, cases, size, stride):
    cells, kernel = cases.volume(), cases.kernel(size)
    taps = Kernel(("z", "y", "x"), (kernel,))
    ours = prepared(np.pad(cells, size // 2), taps, stride)
    race(
        f"engine alone {size}^3, stride {stride}",
        ours,
        torch_peer(cells, kernel, stride),
    )


@pytest.mark.benchmark(group="strides, the same job on the larger volume")
@pytest.mark.parametrize("stride", STRIDES[1:])
@pytest.mark.parametrize("size", [3, 5])
def test_same_job_larger(race, cases, size, stride):
    name = f"correlate {size}^3, stride {stride}, larger"
    same_job(race, cases.volume(is_large=True), cases.kernel(size), stride, name)


@pytest.mark.benchmark(group="strides, along x alone")
@pytest.mark.parametrize("stride", STRIDES)
def test_along_x(race, cases, stride):
    data, kernel = labelled(cases.volume()), cases.kernel(3)
    race(
        f"correlate 3^3, stride {stride} along x",
        lambda: volconv.correlate(data, kernel, stride={"x": stride}).values,
        {
            "ours, stride 1": lambda: volconv.correlate(data, kernel).values[
                ..., ::stride
            ]
        },
    )
