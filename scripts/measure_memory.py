"""What runs take of the machine's memory, over what their plans say.

Draws inputs, steps, outputs, limits and threads, runs them one by one, and prints for
each the planned peak over the measured one, the least first: below 1 a plan was not kept.
Some seconds a run: ``python scripts/measure_memory.py FOLDER --runs 90``
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import zarr
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

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


def planned(words: list[str], folder: Path) -> tuple[str, int]:
    """A limit that is accepted, and bytes that are planned then."""
    limit = words[-1]
    while True:
        command = [sys.executable, "-m", "volconv", "plan", "config.json", "--json"]
        command += [*words[:-1], limit]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return limit, int(json.loads(done.stdout)["memory"]["peak"])
        offered = re.search(r"--memory (\d+MiB)", done.stderr)
        if offered is None or offered[1] == limit:
            raise SystemExit(done.stderr)
        limit = offered[1]


def measured(words: list[str], folder: Path) -> int:
    """Bytes that a run takes at most."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], capture_output=True, check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    command = [sys.executable, "-m", "volconv", "run", "config.json", *words]
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return 1024 * int(done.stdout)


def main() -> None:
    """Print a table, the worst first."""
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
    rows = []
    for drawn in rng.choice(len(every), given.runs, replace=False):
        name, steps, output, most, threads = every[drawn]
        for old in given.folder.glob("*.zarr*"):
            shutil.rmtree(old)
        config = {
            "version": 1,
            "input": {"path": name},
            "steps": STEPS[steps],
            "output": {"path": "out.zarr", **OUTPUTS[output]},
        }
        (given.folder / "config.json").write_text(json.dumps(config))
        words = ["--threads", str(threads), "--memory", f"{most}MiB"]
        words[-1], said = planned(words, given.folder)
        taken = measured(words, given.folder)
        job = f"{name}, {steps}, {output}, {words[-1]}, {threads} threads"
        rows.append((said / taken, said, taken, job))
        print(f"{len(rows)} of {given.runs}: {job}", file=sys.stderr)
    for ratio, said, taken, job in sorted(rows):
        print(f"{ratio:.2f}  {said / 2**20:5.0f} {taken / 2**20:5.0f} MiB  {job}")


if __name__ == "__main__":
    main()
