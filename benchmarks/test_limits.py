"""The machine's limits, and what a fresh process costs."""

import os
import subprocess
import sys

import pytest

from benchmarks.limits import TRIAD_CELLS, multiply_adds, triad

WORK = 2e9

FRESH = """
import numpy as np
from volconv.compute.compiled.direct import engine as direct
kernel = np.random.default_rng(0).standard_normal((7, 7, 7))
correlator = direct.prepare(kernel, (1,) * 3, (1,) * 3, "float32", "float32")
correlator(np.ones((70,) * 3, "float32"), np.empty((64,) * 3, "float32"))
"""


@pytest.mark.benchmark(group="limits")
@pytest.mark.parametrize("scalar", ["float", "double"])
def test_multiply_adds(benchmark, scalar):
    benchmark(multiply_adds(scalar, WORK))
    benchmark.extra_info["work"] = f"{WORK:.0e} operations, {scalar}"


@pytest.mark.benchmark(group="limits")
def test_triad(benchmark):
    benchmark(triad())
    benchmark.extra_info["work"] = f"{12 * TRIAD_CELLS} bytes, read and written"


def fresh(text, env):
    subprocess.run([sys.executable, "-c", text], check=True, env=env)


@pytest.mark.benchmark(group="a fresh process")
@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("python", "pass"),
        ("numpy", "import numpy"),
        ("xarray", "import xarray"),
        ("volconv", "import volconv"),
        ("engine, compiled, 7^3 over 64^3", FRESH),
    ],
)
def test_fresh_process(benchmark, what, text, tmp_path):
    # a user's Python has compiled its modules before, and so has this one
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    warm, rounds = (0, 1) if benchmark.disabled else (1, 15)
    benchmark.pedantic(
        fresh, (text, env), rounds=rounds, iterations=1, warmup_rounds=warm
    )
    benchmark.extra_info["work"] = what
