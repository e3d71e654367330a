"""Who computes a job from store to store: `volconv run`, and what people write today.

Each takes the input's path, a path that is not there yet, and the job. One whose library
is not installed is left out.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import zarr

from benchmarks import volumes
from benchmarks.jobs import JOBS, SIGMA, Job
from benchmarks.peers import has
from benchmarks.volumes import Array, boxes, target_like, written

__all__ = [
    "APART",
    "CONTESTANTS",
    "OWN",
    "THREADS",
    "cpu_seconds",
    "differ",
    "entries",
    "input_of",
    "out_of",
    "own_command",
]

THREADS = 2


def own_command(name: str, job: str, folder: Path, memory: str) -> list[str]:
    """`volconv run` of the job, or of the first of the fused steps alone."""
    out, side = out_of(name, job, folder), volumes.CHUNK
    steps = JOBS["smooth" if name == "smooth-alone" else job].steps
    config = out.with_suffix(".yaml")
    config.write_text(
        f"version: 1\ninput: {{path: {input_of(folder)}}}\nsteps:\n  {steps}\n"
        f"output: {{path: {out}, chunks: {{z: {side}, y: {side}, x: {side}}}}}\n"
    )
    words = [sys.executable, "-m", "volconv", "run", str(config), "--memory", memory]
    return [*words, "--threads", str(THREADS), *OWN[name]]


def input_of(folder: Path) -> Path:
    """The volume of all jobs."""
    return folder / "volume.zarr"


def out_of(name: str, job: str, folder: Path) -> Path:
    """Where a contestant writes."""
    return folder / f"{job}-{name}.zarr"


def stored_by_dask(found: Array, out: Path) -> None:
    """A Dask array into a store, by as many threads as the others have."""
    import dask
    import dask.array as da

    with dask.config.set(scheduler="threads", num_workers=THREADS):
        da.store(found, target_like(out, found.shape), lock=False)


def run_dask(source: Path, out: Path, job: Job) -> None:
    """The job over a Dask array."""
    import dask.array as da

    assert job.by_blocks is not None
    stored_by_dask(job.by_blocks(da.from_zarr(source)), out)


def run_dask_image(source: Path, out: Path, job: Job) -> None:
    """dask-image's filter of the same name."""
    import dask.array as da
    from dask_image import ndfilters

    data = da.from_zarr(source)
    if job.kernel is None:
        found = ndfilters.gaussian_filter(data, SIGMA, mode="nearest")
    else:
        found = ndfilters.correlate(data, job.kernel, mode="constant")
    stored_by_dask(found.astype("f4"), out)


def labelled(source: Path) -> Array:
    """The input as a DataArray over Dask."""
    import dask.array as da
    import xarray as xr

    return xr.DataArray(da.from_zarr(source), dims=("z", "y", "x"))


def run_coarsen(source: Path, out: Path, job: Job) -> None:
    """Xarray's coarsen."""
    del job
    found = labelled(source).coarsen(z=2, y=2, x=2).mean()
    stored_by_dask(found.data.rechunk(volumes.CHUNK), out)


def run_rolling(source: Path, out: Path, job: Job) -> None:
    """Xarray's rolling, over the cells of each window that are there."""
    del job
    found = labelled(source).rolling(z=3, center=True, min_periods=1).mean()
    stored_by_dask(found.data.rechunk(volumes.CHUNK).astype("f4"), out)


def run_cubed(source: Path, out: Path, job: Job) -> None:
    """Cubed: scipy.ndimage under its map_overlap, or means of blocks."""
    import cubed

    spec = cubed.Spec(
        str(out.with_suffix(".work")),
        allowed_mem="4GB",
        executor_name="threads",
        executor_options={"max_workers": THREADS},
    )
    data = cubed.from_zarr(str(source), spec=spec)
    if job.kernel is None:
        half = tuple(tuple(n // 2 for n in sizes) for sizes in data.chunks)
        found = cubed.map_blocks(halved_block, data, dtype="f4", chunks=half)
        found = found.rechunk((volumes.CHUNK,) * 3)
    else:
        found = cubed.map_overlap(
            correlated_block,
            data,
            dtype="f4",
            chunks=data.chunks,
            depth=len(job.kernel) // 2,
            boundary=0.0,
            kernel=job.kernel,
        )
    cubed.store([found], [target_like(out, found.shape)])


def halved_block(block: Array) -> Array:
    """Means of 2³ of a block of even sides."""
    z, y, x = (n // 2 for n in block.shape)
    return block.reshape(z, 2, y, 2, x, 2).mean((1, 3, 5), dtype="f4")


def correlated_block(block: Array, kernel: Array) -> Array:
    """Outputs of a block that has its halo."""
    from scipy import ndimage

    inner = (slice(len(kernel) // 2, -(len(kernel) // 2)),) * 3
    return ndimage.correlate(block, kernel, mode="constant")[inner]


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
    """Read every chunk once, write every chunk of the job's output once.

    What it takes to load what is written is told, and is not counted.
    """
    del job
    data = zarr.open_array(source, mode="r")
    began, used = time.perf_counter(), cpu_seconds()
    result = written(out.with_name(out.name.replace("floor", "volconv")))[:]
    spared = time.perf_counter() - began, cpu_seconds() - used
    target = target_like(out, result.shape)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda box: data[box].shape, boxes(data.shape)))
        list(
            pool.map(
                lambda box: target.__setitem__(box, result[box]), boxes(result.shape)
            )
        )
    print("spared", *spared, flush=True)


def cpu_seconds() -> float:
    """CPU seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


CONTESTANTS: dict[str, Callable[..., None]] = {
    "floor": run_floor,
    "dask+scipy": run_dask,
    "dask-image": run_dask_image,
    "coarsen": run_coarsen,
    "rolling": run_rolling,
    "cubed": run_cubed,
    "tensorstore": run_tensorstore,
}

NEEDS = {"dask-image": "dask_image", "cubed": "cubed", "tensorstore": "tensorstore"}
"""What a contestant imports that may not be installed."""

OWN: dict[str, tuple[str, ...]] = {
    "volconv": (),
    "no-fuse": ("--no-fuse",),
    "smooth-alone": (),
}
"""Contestants that are `volconv run`, told how much memory they may take, and more."""

APART = ("floor", "smooth-alone")
"""Contestants that do not write the job's result."""

ENTRIES = {
    "k3s1": ("volconv", "floor", "dask+scipy", "dask-image", "cubed"),
    "k3s2": ("volconv", "floor", "dask+scipy"),
    "k7s1": ("volconv", "floor", "dask+scipy", "dask-image", "cubed"),
    "g2": ("volconv", "floor", "dask+scipy", "dask-image"),
    "mean2": ("volconv", "floor", "dask+scipy", "coarsen", "cubed", "tensorstore"),
    "mean3": ("volconv", "floor", "rolling"),
    "fused": ("volconv", "no-fuse", "smooth-alone"),
    "smooth": ("volconv", "floor", "dask+scipy"),
}


def entries(job: str) -> list[str]:
    """The contestants of a job that are installed, ours first."""
    return [name for name in ENTRIES[job] if has(NEEDS.get(name, "numpy"))]


def differ(job: str, folder: Path) -> dict[str, float]:
    """Largest difference of each contestant's result from ours, as a share of ours.

    Sums of float32 in another order differ by some roundings, each 1.2e-7 of them.
    """
    own = written(out_of("volconv", job, folder))
    found = {}
    for name in entries(job)[1:]:
        out = out_of(name, job, folder)
        if name in APART or not out.exists():
            continue
        other = written(out)
        most = max(
            float(np.abs(own[box] - other[box]).max()) for box in boxes(own.shape)
        )
        found[name] = most / max(float(np.abs(own[b]).max()) for b in boxes(own.shape))
    return found
