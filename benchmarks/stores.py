"""From store to store: whole processes, side by side with what people write today.

    python -m benchmarks.stores --gib 2.5 --rounds 3

Makes a volume of float32 noise over waves in chunks of 128³, Zstandard level 1, as a CT
compresses (to about 0.4), and runs each contestant in a process of its own, in turn. The
floor reads every chunk of the input once and writes every chunk of that job's output
once, with the same library, codec and threads, and computes nothing. What counts are the
ratios of medians: of wall time, of CPU time, of peak memory.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import ZstdCodec

THREADS = 2
CHUNK = 128
SIGMA = 2.0

Array = Any


@dataclass(frozen=True)
class Job:
    """What is computed.

    Parameters
    ----------
    steps : str
        The steps of a configuration.
    by_blocks : callable
        The same over a Dask array, as it is written today.
    """

    steps: str
    by_blocks: Callable[[Array], Array]


def weights(size: int) -> Array:
    """A kernel that is no product of factors."""
    return np.random.default_rng(size).random((size,) * 3).astype("f4")


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
        return found.rechunk(CHUNK)

    return run


def smoothed(data: Array) -> Array:
    """scipy.ndimage.gaussian_filter under map_overlap."""
    from scipy import ndimage

    return data.map_overlap(
        ndimage.gaussian_filter,
        depth=int(4 * SIGMA + 0.5),
        boundary="nearest",
        sigma=SIGMA,
        mode="nearest",
        dtype="f4",
        meta=np.empty((0, 0, 0), "f4"),
    )


def halved(data: Array) -> Array:
    """Means of 2³ by dask.array.coarsen."""
    import dask.array as da

    return da.coarsen(np.mean, data, dict.fromkeys(range(3), 2)).rechunk(CHUNK)


def kernel_text(size: int) -> str:
    """A kernel in a configuration."""
    return str(weights(size).tolist())


JOBS = {
    "k3s1": Job(
        f"- correlate: {{kernel: {kernel_text(3)}, dims: [z, y, x], padding: same}}",
        correlated(weights(3)),
    ),
    "k3s2": Job(
        f"- correlate: {{kernel: {kernel_text(3)}, dims: [z, y, x], padding: same, "
        "stride: 2}",
        correlated(weights(3), 2),
    ),
    "k7s1": Job(
        f"- correlate: {{kernel: {kernel_text(7)}, dims: [z, y, x], padding: same}}",
        correlated(weights(7)),
    ),
    "g2": Job(
        f"- gaussian: {{sigma: {SIGMA}, dims: [z, y, x], boundary: edge}}", smoothed
    ),
    "mean2": Job("- mean_pool: {size: {z: 2, y: 2, x: 2}}", halved),
    "fused": Job(
        "- gaussian: {sigma: 1, dims: [z, y, x], boundary: edge}\n"
        "  - gradient_magnitude: {dims: [z, y, x]}\n"
        "  - mean_pool: {size: {z: 2, y: 2, x: 2}}",
        halved,
    ),
    "smooth": Job("- gaussian: {sigma: 1, dims: [z, y, x], boundary: edge}", smoothed),
}


def run_volconv(source: Path, out: Path, job: Job, memory: str, *more: str) -> None:
    """`volconv run` of the job."""
    config = out.with_suffix(".yaml")
    config.write_text(
        f"version: 1\ninput: {{path: {source}}}\nsteps:\n  {job.steps}\n"
        f"output: {{path: {out}, chunks: {{z: {CHUNK}, y: {CHUNK}, x: {CHUNK}}}}}\n"
    )
    from volconv.cli.main import main

    words = ["volconv", "run", str(config), "--threads", str(THREADS)]
    sys.argv = [*words, "--memory", memory, *more]
    main()


def run_smooth(source: Path, out: Path, job: Job, memory: str) -> None:
    """`volconv run` of the first of the fused steps alone."""
    del job
    run_volconv(source, out, JOBS["smooth"], memory)


def run_dask(source: Path, out: Path, job: Job) -> None:
    """The job over a Dask array, from Zarr to Zarr."""
    import dask
    import dask.array as da

    with dask.config.set(scheduler="threads", num_workers=THREADS):
        found = job.by_blocks(da.from_zarr(source))
        target = target_like(out, found.shape)
        da.store(found, target, lock=False)


def run_dask_image(source: Path, out: Path, job: Job) -> None:
    """dask-image's filter of the same name."""
    import dask
    import dask.array as da
    from dask_image import ndfilters

    data = da.from_zarr(source)
    if "gaussian" in job.steps:
        found = ndfilters.gaussian_filter(data, SIGMA, mode="nearest")
    else:
        found = ndfilters.correlate(data, weights(3), mode="constant")
    with dask.config.set(scheduler="threads", num_workers=THREADS):
        da.store(found.astype("f4"), target_like(out, found.shape), lock=False)


def run_coarsen(source: Path, out: Path, job: Job) -> None:
    """Xarray's coarsen."""
    import dask
    import dask.array as da
    import xarray as xr

    del job
    data = xr.DataArray(da.from_zarr(source), dims=("z", "y", "x"))
    found = data.coarsen(z=2, y=2, x=2).mean().data.rechunk(CHUNK)
    with dask.config.set(scheduler="threads", num_workers=THREADS):
        da.store(found, target_like(out, found.shape), lock=False)


def run_tensorstore(source: Path, out: Path, job: Job) -> None:
    """TensorStore's own downsampling."""
    import tensorstore as ts

    del job
    context = ts.Context({"data_copy_concurrency": {"limit": THREADS}})
    data = ts.open(
        {"driver": "zarr3", "kvstore": f"file://{source}"}, context=context
    ).result()
    halves = ts.downsample(data, [2, 2, 2], "mean")
    target_like(out, halves.shape)
    into = ts.open({"driver": "zarr3", "kvstore": f"file://{out}"}).result()
    for box in boxes(halves.shape):
        into[box].write(halves[box]).result()


def run_floor(source: Path, out: Path, job: Job) -> None:
    """Read every chunk once, write every chunk of the job's output once."""
    del job
    data = zarr.open_array(source, mode="r")
    (array,) = out.with_name(out.name.replace("floor", "volconv")).glob("*/zarr.json")
    result = zarr.open_array(array.parent, mode="r")[:]
    target = target_like(out, result.shape)
    began, used = time.perf_counter(), cpu_seconds()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda box: data[box].shape, boxes(data.shape)))
        list(
            pool.map(
                lambda box: target.__setitem__(box, result[box]), boxes(result.shape)
            )
        )
    print(f"took {time.perf_counter() - began} {cpu_seconds() - used}", flush=True)


def cpu_seconds() -> float:
    """CPU seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def target_like(out: Path, shape: Sequence[int]) -> Array:
    """An array to write to, as `volconv run` makes its own."""
    return zarr.create_array(
        out,
        shape=tuple(shape),
        chunks=(CHUNK,) * 3,
        dtype="f4",
        fill_value=0,
        compressors=[ZstdCodec(level=1, checksum=True)],
        config={"write_empty_chunks": True},
    )


def boxes(shape: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """The chunks of a shape."""
    return itertools.product(
        *([slice(at, min(at + CHUNK, n)) for at in range(0, n, CHUNK)] for n in shape)
    )


CONTESTANTS: dict[str, Callable[..., None]] = {
    "volconv": run_volconv,
    "no-fuse": lambda *given: run_volconv(*given, "--no-fuse"),
    "smooth-alone": run_smooth,
    "floor": run_floor,
    "dask+scipy": run_dask,
    "dask-image": run_dask_image,
    "coarsen": run_coarsen,
    "tensorstore": run_tensorstore,
}

OWN = ("volconv", "no-fuse", "smooth-alone")
"""Contestants that are told how much memory they may take."""

ENTRIES = {
    "k3s1": ("volconv", "floor", "dask+scipy", "dask-image"),
    "k3s2": ("volconv", "floor", "dask+scipy"),
    "k7s1": ("volconv", "floor", "dask+scipy"),
    "g2": ("volconv", "floor", "dask+scipy", "dask-image"),
    "mean2": ("volconv", "floor", "dask+scipy", "coarsen", "tensorstore"),
    "fused": ("volconv", "no-fuse", "smooth-alone"),
    "smooth": ("volconv", "floor"),
}


def make_volume(path: Path, gib: float) -> None:
    """Noise over waves, whole numbers as of a scanner."""
    planes = max(1, round(gib * 2**30 / (CHUNK * 1024 * 1024 * 4)))
    shape = (planes * CHUNK, 1024, 1024) if gib >= 0.5 else (256, 256, 256)
    array = zarr.create_array(
        path,
        shape=shape,
        chunks=(CHUNK,) * 3,
        dtype="f4",
        fill_value=0,
        compressors=[ZstdCodec(level=1)],
        dimension_names=("z", "y", "x"),
    )
    noise = np.random.default_rng(0).integers(0, 60, (CHUNK,) * 3).astype("f4")
    for box in boxes(shape):
        z, y, x = (np.arange(side.start, side.stop) for side in box)
        waves = np.add.outer(
            np.add.outer(np.sin(z / 40), np.cos(y / 30)), np.sin(x / 50)
        )
        array[box] = np.rint(300 * waves) + np.roll(noise, int(z[0] + y[0] + x[0]) // 7)


@dataclass(frozen=True)
class Taken:
    """What a process took."""

    wall: float
    cpu: float
    mib: float


def timed(name: str, job: str, folder: Path, memory: str) -> Taken:
    """Run a contestant in a process of its own."""
    out = folder / f"{job}-{name}.zarr"
    for left in (out, out.with_name(out.name + ".partial")):
        shutil.rmtree(left, ignore_errors=True)
    words = [sys.executable, "-m", "benchmarks.stores", "--one", name, job]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*words, "--folder", str(folder), "--memory", memory],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    if status:
        message = f"{name} {job} failed: {text[-500:]}"
        raise SystemExit(message)
    taken = Taken(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    for line in text.splitlines():
        if line.startswith("took "):
            _, own, used = line.split()
            return Taken(float(own), float(used), taken.mib)
    return taken


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def main() -> None:
    """Race the contestants."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=2.5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", default="k3s1,k3s2,k7s1,g2,mean2")
    parser.add_argument("--memory", default="")
    parser.add_argument("--folder", type=Path, default=Path("bench-stores"))
    parser.add_argument("--without", default="", help="contestants to leave out")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    source = given.folder / "volume.zarr"
    if given.one:
        name, job = given.one
        out = given.folder / f"{job}-{name}.zarr"
        more = [given.memory] if name in OWN else []
        CONTESTANTS[name](source.absolute(), out.absolute(), JOBS[job], *more)
        return
    if not source.exists():
        given.folder.mkdir(parents=True, exist_ok=True)
        make_volume(source, given.gib)
    memory = given.memory or f"{int(given.gib * 1024 / 4) + 160}MiB"
    for job in given.jobs.split(","):
        names = [n for n in ENTRIES[job] if n not in given.without.split(",")]
        taken: dict[str, list[Taken]] = {name: [] for name in names}
        for _ in range(given.rounds):
            for name in names:
                taken[name].append(timed(name, job, given.folder, memory))
        report(job, taken)


def report(job: str, taken: dict[str, list[Taken]]) -> None:
    """Print a table of a job."""
    own = taken["volconv"]
    print(
        f"{job:<12}{'wall s':>8}{'CPU s':>8}{'MiB':>7}   "
        "ratios to volconv: wall, CPU, memory"
    )
    for name, each in taken.items():
        wall, cpu, mib = (
            median([getattr(t, k) for t in each]) for k in ("wall", "cpu", "mib")
        )
        ratios = [
            median(
                [getattr(t, k) / getattr(o, k) for t, o in zip(each, own, strict=True)]
            )
            for k in ("wall", "cpu", "mib")
        ]
        print(
            f"  {name:<10}{wall:8.2f}{cpu:8.2f}{mib:7.0f}   "
            + "  ".join(f"{ratio:5.2f}" for ratio in ratios),
            flush=True,
        )


if __name__ == "__main__":
    main()
