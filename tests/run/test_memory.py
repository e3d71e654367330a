"""Memory of tasks and of runs, measured, against what the plan says before."""

import contextlib
import gc
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import psutil
import pytest
import zarr

from scripts.measure_memory import said_and_measured
from tests.run.conftest import prepared
from volconv.compute import aligned_empty
from volconv.compute.compiled.llvm import jit
from volconv.plan.memory import AT_ONCE, COMPILER
from volconv.plan.search import Search
from volconv.plan.sweep import Tiling
from volconv.run import memory, tiles
from volconv.run.folder import FolderTarget
from volconv.run.runner import begin, run_plan
from volconv.run.stages import stage_runs
from volconv.run.task import Worker
from volconv.text import parse_bytes

HEAD = """
version: 1
input: {path: in.zarr}
steps:
"""
SMOOTH = "  - gaussian: {sigma: 1.5, boundary: edge}\n"
HALVE = "  - box: {size: 2, stride: 2, padding: valid}\n"
SLOPES = """
  - gaussian: {sigma: 1, name: smooth}
  - correlate: {kernel: [-1, 0, 1], dims: y, padding: same, boundary: edge, name: dy}
  - correlate:
      {kernel: [-1, 0, 1], dims: x, padding: same, boundary: edge, from: smooth, name: dx}
  - multiply: {from: [dy, dy], name: yy}
  - multiply: {from: [dx, dx], name: xx}
  - add: {from: [yy, xx]}
"""
SUMS = """
  - correlate:
      {kernel: [[1, 2], [3, 4]], dims: [y, x], stride: {z: 1, y: 2, x: 2}}
"""
FINER = HALVE + "  - upsample: {factor: 2, method: linear}\n"
BESIDE = """
  - box: {size: 3, name: smooth}
  - upsample: {factor: {x: 2}, method: linear, from: input}
  - max_pool: {size: {x: 2}, name: coarse}
  - concat: {from: [smooth, coarse, input], dim: y}
"""
CASES = [
    # scratch of the compiled engines, and of padding, is told by its bound, which such
    # small blocks do not come near
    ("float32", SMOOTH, "", 4.0),
    ("float64", SMOOTH + HALVE, "", 4.0),
    ("int16", SMOOTH, ", dtype: int16", 4.0),
    ("float32", SLOPES, "", 2.3),
    ("complex64", SMOOTH, "", 4.0),
    ("uint8", SUMS, "", 1.5),
    ("float32", FINER, "", 4.0),
    ("uint8", "  - upsample: {factor: {y: 2, x: 2}}\n", "", 4.0),
    ("int16", BESIDE, "", 4.0),
    # magnitudes in float64, for sums that may not fit: here all do
    ("int32", SUMS, "", 4.0),
    ("int64", "  - add: {from: [input, input, input]}\n", "", 1.5),
    *(
        ("float32", "  - abs\n", more, 2.5)
        for more in (
            "",
            ", codec: none",
            ", codec: blosc",
            ", codec: {gzip: {level: 1}}",
            ", shards: {z: 64, y: 64, x: 64}",
        )
    ),
]
SLACK = 1.5e6
"""Bytes of the interpreter's own small things, about."""


def volume_of(folder, dtype, cells=128, chunk=32):
    """A volume of noise in chunks, without names: its dims are given."""
    rng = np.random.default_rng(1)
    shape = (cells,) * 3
    array = zarr.create_array(
        folder / "in.zarr",
        shape=shape,
        chunks=(chunk,) * 3,
        dtype=dtype,
        dimension_names=("z", "y", "x"),
    )
    for z in range(0, cells, chunk):
        slab = 100 * rng.random((min(chunk, cells - z), cells, cells))
        array[z : z + chunk] = slab.astype(dtype)


def text_of(steps, more="", chunk=32):
    chunks = "{" + ", ".join(f"{dim}: {chunk}" for dim in "zyx") + "}"
    return f"{HEAD}{steps}output: {{path: out.zarr, chunks: {chunks}{more}}}\n"


def peak_of_blocks(folder, ready):
    """The most that blocks of a plan's only stage hold at once, one by one."""
    plan = ready.plan
    target = FolderTarget(folder / "out.zarr")
    target.partial.mkdir()
    targets = {plan.pipeline.last: target}
    begin(targets, plan, ready.labels)
    (run,) = stage_runs(plan, ready.source, targets)
    work = run.work("threads")
    first = Worker(work, threads=1)
    first.run(0)  # compiles, and opens the stores
    first.close()
    tracemalloc.start()
    worker = Worker(work, threads=1)
    with zarr.config.set({"async.concurrency": AT_ONCE}):  # as a crew does
        for turn in range(run.stage.grid.total):
            gc.collect()  # what it has not come to is in what the allocator keeps
            worker.run(turn)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    worker.close()
    return run.stage, peak


COARSE = "  - gaussian: {sigma: 2, stride: 4, padding: valid}\n"


def test_a_tile_and_the_result_take_what_is_said(tmp_path, monkeypatch):
    """On one thread: one result, and one tile's memory."""
    monkeypatch.setattr(memory, "lasting", allocated)
    monkeypatch.setattr(tiles, "lasting", allocated)
    monkeypatch.setattr(Search, "tilings", lambda *_: ([Tiling((2, 2, 2))], []))
    volume_of(tmp_path, "float32")
    ready = prepared(tmp_path, text_of(COARSE), workers=1)
    stage, peak = peak_of_blocks(tmp_path, ready)
    kept = "kept by the allocator"
    said = sum(part.nbytes for part in stage.memory.own if part.name != kept)
    said += stage.shared_bytes
    assert peak <= said + SLACK
    assert said <= 4 * peak


def allocated(nbytes):
    return aligned_empty((nbytes,), np.dtype("u1"))


@pytest.mark.parametrize(("dtype", "steps", "more", "most"), CASES)
def test_a_task_takes_what_its_parts_say_and_no_small_share_of_it(
    tmp_path, monkeypatch, dtype, steps, more, most
):
    # tracemalloc sees what is allocated, and not what comes from the machine itself
    monkeypatch.setattr(memory, "lasting", allocated)
    volume_of(tmp_path, dtype)
    ready = prepared(tmp_path, text_of(steps, more), workers=1)
    stage, peak = peak_of_blocks(tmp_path, ready)
    kept = "kept by the allocator"  # which is not asked for
    said = sum(part.nbytes for part in stage.memory.own if part.name != kept)
    assert peak <= said + SLACK
    assert said <= most * peak


COARSEST = "  - gaussian: {sigma: 4, stride: 4, boundary: edge}\n"
RUNS = {
    "threads share the tiles of one block": (440, 88, COARSEST, 110, "380MiB"),
    "threads have blocks of their own": (440, 88, SMOOTH + HALVE, 44, "420MiB"),
    "boxes reach into eight chunks of 21 MB": (352, 176, SMOOTH, 88, "370MiB"),
    "one stage after the other": (440, 110, 2 * SMOOTH, 110, "300MiB", "--no-fuse"),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_takes_what_its_plan_says(tmp_path, name):
    """Volumes of 170 and 340 MB, and two threads.

    What compiling takes is not taken where all is compiled before chunks are held.
    """
    cells, chunk, steps, stored, limit, *more = RUNS[name]
    volume_of(tmp_path, "float32", cells=cells, chunk=chunk)
    text = text_of(steps, chunk=stored)
    (tmp_path / "config.yaml").write_text(text)
    room = {"workers": 2, "memory": parse_bytes("--memory", limit)}
    stage = prepared(tmp_path, text, fuse=not more, **room).plan.largest
    words = "--threads", "2", "--memory", limit, *more
    said, measured = said_and_measured(tmp_path, "config.yaml", *words)
    assert measured <= said
    assert said - stage.bytes_compiling <= 1.3 * measured


UNCOMPILED = """
  - cast: {dtype: int16}
  - abs
  - mode_pool: {size: 2, stride: 1, padding: same, boundary: wrap}
  - median_pool: {size: 3, stride: 1, padding: same, boundary: reflect, name: middle}
  - max_pool: {size: 2, from: input, padding: 1}
  - upsample: {factor: 2, method: linear}
  - upsample: {factor: {y: 2}}
  - pad: {padding: 1}
  - crop: {region: {z: [1, 5], y: [0, 7], x: [2, 9]}, name: high}
  - crop: {region: {z: [1, 5], y: [0, 7], x: [2, 9]}, from: middle, name: low}
  - add: {from: [high, low]}
  - concat: {from: [low, high], dim: y}
  - softmax: {channel: z}
  - prelu: {weight: 0.5, channel: z}
"""


def test_the_compiler_is_planned_for_where_it_is_needed(folder, monkeypatch):
    def compiled(*_):
        raise AssertionError

    monkeypatch.setattr(jit, "address", compiled)
    ready = prepared(folder, text_of(UNCOMPILED, chunk=4))
    assert not ready.plan.largest.bytes_compiling
    run_plan(ready.plan, ready.source, ready.labels)
    other = prepared(folder, text_of(UNCOMPILED + SMOOTH, chunk=4))
    assert other.plan.largest.bytes_compiling > COMPILER / 2


def test_processes_together_take_no_more_than_they_may(tmp_path):
    """The command itself, those that it starts, and whatever watches them."""
    volume_of(tmp_path, "float32", cells=192, chunk=64)
    (tmp_path / "config.yaml").write_text(text_of(2 * SMOOTH, chunk=64))
    command = [sys.executable, "-m", "volconv", "run", "config.yaml", "--threads", "2"]
    command += ["--on", "processes", "--memory", "480MiB"]
    most = there = 0
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as begun:
        whole = psutil.Process(begun.pid)
        while begun.poll() is None:
            taken = 0
            with contextlib.suppress(psutil.Error):
                beside = whole.children(recursive=True)
                for process in (whole, *beside):
                    with contextlib.suppress(psutil.Error):
                        taken += process.memory_full_info().pss
                there = max(there, len(beside))
            most = max(most, taken)
            time.sleep(0.02)
        said = begun.stdout.read().decode()
    assert begun.returncode == 0, said
    assert "2 tasks at once, what they share, and the own 90.0 MiB of each of 3" in said
    assert there >= 2
    assert 200 * 2**20 < most <= 480 * 2**20


NETWORK = """
version: 1
input: {path: in.zarr}
steps:
  - conv: {weight: FIRST, padding: 1}
  - relu: {name: fine}
  - max_pool: {size: {z: 2, y: 2, x: 2}}
  - conv: {weight: SECOND, padding: 1}
  - conv_transpose: {weight: THIRD, stride: 2, name: up}
  - concat: {from: [fine, up], dim: channel}
  - conv: {weight: LAST, padding: 1}
output: {path: out.zarr}
"""


def test_a_network_s_run_takes_what_its_plan_says(tmp_path):
    """Results of eight channels, one of them held for a branch, and two threads."""
    random = np.random.default_rng(2)
    array = zarr.create_array(
        tmp_path / "in.zarr",
        shape=(1, 160, 160, 160),
        chunks=(1, 80, 80, 80),
        dtype="float32",
        dimension_names=("channel", "z", "y", "x"),
    )
    for z in range(0, 160, 80):
        array[:, z : z + 80] = random.random((1, 80, 160, 160), "float32")
    text = NETWORK
    for name, shape in {
        "FIRST": (8, 1, 3, 3, 3),
        "SECOND": (8, 8, 3, 3, 3),
        "THIRD": (8, 8, 2, 2, 2),
        "LAST": (1, 16, 3, 3, 3),
    }.items():
        weights = random.standard_normal(shape).round(2)
        text = text.replace(name, str(weights.tolist()))
    (tmp_path / "config.yaml").write_text(text)
    said, measured = said_and_measured(
        tmp_path, "config.yaml", "--threads", "2", "--memory", "450MiB"
    )
    assert measured <= said
    assert said <= 1.4 * measured
