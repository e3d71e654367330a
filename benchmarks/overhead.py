"""What a run costs beside its cells: many tiny chunks, each one a block.

    python -m benchmarks.overhead --blocks 1000 10000 100000 --only own
    python -m benchmarks.overhead --blocks 10000 --only stores

**own**: `run_plan` over cells that come from nowhere and go nowhere (`benchmarks.hollow`):
what it takes to take turns, to hold chunks, to put blocks together, to compute next to
nothing, and to keep the journal, in microseconds of CPU for each block; by how much memory
grows over the run beyond what was planned to be held; and how long it was planned.

**stores**: a volume of so many chunks of 8³ float32, `volconv run` of a step of single
cells and of a 3³ kernel over it, on two threads; and as the floor a loop of zarr-python,
which reads each chunk and writes it, on two threads too. "One chunk a block" is a run
that is kept from larger blocks, "as planned" one that may choose: it puts chunks together.

Each is run once over few chunks before, so that nothing is imported or compiled on the way.
"""

from __future__ import annotations

import argparse
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import zarr

from benchmarks import volumes
from benchmarks.contestants import THREADS, cpu_seconds
from benchmarks.hollow import Made, blocks_of_one_chunk, grown, nothing_kept
from volconv.config import parse_config
from volconv.run.limits import Limits
from volconv.run.prepare import Prepared, prepare
from volconv.run.runner import run_plan

SIDE = 8
"""Cells of a chunk along each axis."""

FEW = 8
"""Chunks of what is run before."""

STEPS = {"abs": "- abs", "k3": "- box: {size: 3, boundary: edge}"}

OWN_STEPS = {
    **STEPS,
    "three fused": "- gaussian: {sigma: 1, dims: [z, y, x], boundary: edge}\n"
    "  - gradient_magnitude: {dims: [z, y, x]}\n"
    "  - box: {size: 3, boundary: edge}",
}
"""Steps of runs whose cells come from nowhere."""

ROOM = 2**30
"""Bytes for such a run: enough to decode each chunk once."""


@dataclass(frozen=True)
class Taken:
    """What so many chunks took."""

    wall: float
    cpu: float
    blocks: int
    planning: float = 0.0


def shape_of(blocks: int) -> tuple[int, int, int]:
    """Cells along each axis of about so many chunks, as near a cube as they may be."""
    edge = max(1, round(blocks ** (1 / 3)))
    return SIDE * math.ceil(blocks / edge**2), SIDE * edge, SIDE * edge


def copied(source: Path, out: Path) -> Taken:
    """The floor: each chunk read and written by zarr-python."""
    data = zarr.open_array(source, mode="r")
    target = volumes.target_like(out, data.shape)
    places = list(volumes.boxes(data.shape))
    began, used = time.perf_counter(), cpu_seconds()
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(lambda at: target.__setitem__(at, data[at]), places):
            pass
    return Taken(time.perf_counter() - began, cpu_seconds() - used, len(places))


def ready(source: Path, out: Path, step: str, memory: int) -> Prepared:
    """The plan of a step from store to store."""
    text = (
        f"version: 1\ninput: {{path: {source}}}\nsteps:\n  {step}\n"
        f"output: {{path: {out}, chunks: {{z: {SIDE}, y: {SIDE}, x: {SIDE}}}}}\n"
    )
    return prepare(parse_config(text), Limits(THREADS, memory))


def of_one_chunk(source: Path, out: Path, step: str) -> Prepared:
    """The plan whose blocks are of one chunk."""
    with blocks_of_one_chunk():
        return as_planned(source, out, step)


def as_planned(source: Path, out: Path, step: str) -> Prepared:
    """The plan with as much memory as it likes."""
    return ready(source, out, step, 2**31)


def ran(plan: Callable[..., Prepared], source: Path, out: Path, step: str) -> Taken:
    """A run, and how long it was planned."""
    began = time.perf_counter()
    found = plan(source, out, step)
    planned, used = time.perf_counter(), cpu_seconds()
    run_plan(found.plan, found.source, found.labels)
    wall, cpu = time.perf_counter() - planned, cpu_seconds() - used
    return Taken(wall, cpu, found.plan.blocks, planned - began)


def measured(folder: Path, chunks: int) -> dict[str, Taken]:
    """What each takes over a volume of so many chunks, one after the other."""
    source, out = folder / "volume.zarr", folder / "out.zarr"
    volumes.make_volume(source, shape_of(chunks))
    found = {}

    def once(name: str, call: Callable[..., Taken], *given: object) -> None:
        found[name] = call(*given)
        shutil.rmtree(out)

    once("floor", copied, source, out)
    for step, text in STEPS.items():
        once(f"{step}, one chunk a block", ran, of_one_chunk, source, out, text)
        once(f"{step}, as planned", ran, as_planned, source, out, text)
    shutil.rmtree(source)
    return found


def own(folder: Path, blocks: int, step: str) -> tuple[Taken, int]:
    """What a run takes over cells from nowhere, and bytes by which memory grew."""
    source, out = folder / "volume.zarr", folder / "out.zarr"
    volumes.target_like(source, shape_of(blocks), dims=("z", "y", "x"))
    with blocks_of_one_chunk(), nothing_kept():
        began = time.perf_counter()
        found = ready(source, out, step, ROOM)
        planned, used = time.perf_counter(), cpu_seconds()
        with grown() as growth:
            run_plan(found.plan, Made(str(source)), found.labels)
        wall, cpu = time.perf_counter() - planned, cpu_seconds() - used
    shutil.rmtree(source)
    shutil.rmtree(out)
    (stage,) = found.plan.stages
    taken = Taken(wall, cpu, found.plan.blocks, planned - began)
    return taken, growth.nbytes - stage.cache_bytes


def report_own(folder: Path, blocks: Sequence[int]) -> None:
    """Run those over cells from nowhere, and print a table."""
    print("µs of CPU a block, cells from nowhere")
    print(f"{'':<12}{'blocks':>8}{'wall s':>8}{'µs':>8}{'plan s':>8}{'grown MiB':>11}")
    for name, step in OWN_STEPS.items():
        own(folder, FEW, step)
        for count in blocks:
            taken, nbytes = own(folder, count, step)
            print(
                f"{name:<12}{taken.blocks:8}{taken.wall:8.2f}"
                f"{1e6 * taken.cpu / taken.blocks:8.1f}{taken.planning:8.2f}"
                f"{nbytes / 2**20:11.1f}",
                flush=True,
            )


def report(taken: dict[str, Taken]) -> None:
    """Print a table."""
    floor = taken["floor"]
    print(f"{floor.blocks} chunks of {SIDE}³ float32, {THREADS} threads; µs of a chunk")
    print(
        f"{'':<24}{'blocks':>8}{'wall s':>8}{'CPU s':>8}{'CPU µs':>8}"
        f"{'plan s':>8}   ratios to the floor: wall, CPU"
    )
    for name, one in taken.items():
        each = 1e6 * one.cpu / floor.blocks
        print(
            f"{name:<24}{one.blocks:8}{one.wall:8.2f}{one.cpu:8.2f}{each:8.1f}"
            f"{one.planning:8.2f}   {one.wall / floor.wall:.2f}  "
            f"{one.cpu / floor.cpu:.2f}",
            flush=True,
        )


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, nargs="+", default=[10_000])
    parser.add_argument("--only", choices=("own", "stores"), help="by default both")
    parser.add_argument("--folder", type=Path, help="by default a temporary one")
    given = parser.parse_args()
    volumes.CHUNK = SIDE
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        if given.only != "stores":
            report_own(Path(name), given.blocks)
        if given.only != "own":
            measured(Path(name), FEW)
            for count in given.blocks:
                report(measured(Path(name), count))


if __name__ == "__main__":
    main()
