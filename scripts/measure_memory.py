"""What runs take of the machine's memory, over what their plans say.

Draws inputs, steps, outputs, limits and threads, runs them one by one, and prints for
each the planned peak over the measured one, and the least of all in the end: below 1 a plan
was not kept.
Some seconds a run: ``python scripts/measure_memory.py FOLDER --runs 60``
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import zarr
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

from volconv.text import parse_bytes

VOLUMES = {
    "float32": ((384, 512, 512), 128, 0, "f4", ZstdCodec(level=1)),
    "ragged": ((300, 450, 530), 128, 0, "f4", ZstdCodec(level=1)),
    "small chunks": ((384, 512, 512), 64, 0, "u2", ZstdCodec(level=1)),
    "float64": ((256, 512, 512), 128, 0, "f8", ZstdCodec(level=1)),
    "shards": ((512, 512, 512), 64, 256, "f4", ZstdCodec(level=1)),
    "blosc": ((384, 512, 512), 128, 0, "f4", BloscCodec()),
    "gzip": ((384, 384, 384), 96, 0, "f4", GzipCodec(level=1)),
}
"""Shape, sides of chunks and of shards, dtype and codec of each input."""

SMOOTH = {"gaussian": {"sigma": 2, "boundary": "edge"}}
SLOPE = {"gradient_magnitude": {"boundary": "edge"}}
HALVE = {"box": {"size": 2, "stride": 2, "padding": "valid"}}
STEPS = {
    "box": [{"box": {"size": 3, "boundary": "edge"}}],
    "gaussian": [SMOOTH],
    "mean": [HALVE],
    "smooth and few": [{"gaussian": {"sigma": 4, "stride": 4, "boundary": "edge"}}],
    "three steps": [SMOOTH, SLOPE, HALVE],
    "one saved": [{"gaussian": {**SMOOTH["gaussian"], "save": "saved.zarr"}}, SLOPE],
    "abs": ["abs"],
}
OUTPUTS: dict[str, dict[str, object]] = {
    "zstd": {},
    "blosc": {"codec": "blosc"},
    "gzip": {"codec": {"gzip": {"level": 1}}},
    "none": {"codec": "none"},
    "shards": {"chunks": dict.fromkeys("zyx", 64), "shards": dict.fromkeys("zyx", 128)},
    "small": {"chunks": {"z": 32, "y": 64, "x": 64}},
    "uint8": {"dtype": "uint8"},
}
LIMITS = (200, 260, 340, 500, 800)
"""MiB; the least that fits, where one does not."""


def make(path: Path, name: str) -> None:
    """Store a volume of noise."""
    shape, chunk, shard, dtype, codec = VOLUMES[name]
    rng = np.random.default_rng(1)
    array = zarr.create_array(
        path,
        shape=shape,
        chunks=(chunk,) * 3,
        shards=(shard,) * 3 if shard else None,
        dtype=dtype,
        compressors=[codec],
        dimension_names=("z", "y", "x"),
    )
    step = shard or chunk
    for z in range(0, shape[0], step):
        cells = 200 * rng.random((min(step, shape[0] - z), *shape[1:]), "f4")
        array[z : z + step] = cells.astype(dtype)


def said_and_measured(folder: Path, *words: str) -> tuple[int, int]:
    """Bytes that `volconv run` says it takes at most, and its peak resident memory.

    A process stands between: the peak of a child counts what its parent has taken.

    Raises
    ------
    RuntimeError
        If the run does not end well, with what it says.
    """
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
        "sys.exit(done.returncode)\n"
    )
    command = [sys.executable, "-m", "volconv", "run", *words]
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    *page, peak = done.stdout.splitlines()
    if done.returncode or not any(line.startswith("done ") for line in page):
        raise RuntimeError(done.stderr[-1000:])
    (line,) = [line for line in page if line.startswith("memory ")]
    said = line.removeprefix("memory").split(" at most")[0].strip()
    return parse_bytes("memory", said), 1024 * int(peak)


def accepted(folder: Path, limit: str, *words: str) -> tuple[str, int, int]:
    """A limit, or the least that fits, with what a run says and takes then."""
    try:
        return limit, *said_and_measured(folder, *words, "--memory", limit)
    except RuntimeError as refusal:
        offered = re.search(r"--memory (\d+MiB)", str(refusal))
        if offered is None or offered[1] == limit:
            raise
    return accepted(folder, offered[1], *words)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for 4 GB of inputs, made once")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.folder.mkdir(exist_ok=True)
    for name in VOLUMES:
        if not (given.folder / name).exists():
            make(given.folder / name, name)
    every = list(itertools.product(VOLUMES, STEPS, OUTPUTS, LIMITS, (1, 2, 3)))
    rng = np.random.default_rng(given.seed)
    least = math.inf
    for drawn in rng.choice(len(every), given.runs, replace=False):
        name, steps, output, most, threads = every[drawn]
        config = {
            "version": 1,
            "input": {"path": str((given.folder / name).resolve())},
            "steps": STEPS[steps],
            "output": {"path": "out.zarr", **OUTPUTS[output]},
        }
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            (Path(folder) / "config.json").write_text(json.dumps(config))
            words = "config.json", "--threads", str(threads)
            limit, said, taken = accepted(Path(folder), f"{most}MiB", *words)
        job = f"{name}, {steps}, {output}, {limit}, {threads} threads"
        least = min(least, said / taken)
        sizes = f"{said / 2**20:5.0f} {taken / 2**20:5.0f} MiB"
        print(f"{said / taken:.2f}  {sizes}  {job}", flush=True)
    print(f"{least:.2f}  the least")


if __name__ == "__main__":
    main()
