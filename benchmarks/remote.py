"""What a run takes whose chunks come from far away: an S3 server that answers late.

    python -m benchmarks.remote --delay 0 50 --chunk 64 --edge 512

Starts the S3 server of the tests in a process of its own, and before it a way to it on
which each request waits so many milliseconds. A volume of float32 lies there and in a
folder. `volconv run` computes 3³ over it with two threads, in a process of its own: from
folder to folder, from the server to a folder, and from server to server. The server's own
CPU time is told beside: where it takes as long as the run, it is what was measured.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import zarr
from zarr.codecs import ZstdCodec

from tests.servers import environment, flaky, s3_client, s3_server

BUCKET = "bench"


def serve(delay: float, way: Connection) -> None:
    """The endpoints of a server, at once and late, until one asks for its CPU time."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with s3_server() as endpoint, flaky(endpoint, lambda *_: time.sleep(delay)) as late:
        way.send((endpoint, late))
        while way.recv():
            used = resource.getrusage(resource.RUSAGE_SELF)
            way.send(used.ru_utime + used.ru_stime)


def make(path: Path, edge: int, chunk: int, shard: int) -> None:
    """Noise over waves, as a scanner's; chunks of Zstandard."""
    array = zarr.create_array(
        path,
        shape=(edge,) * 3,
        chunks=(chunk,) * 3,
        shards=(shard,) * 3 if shard else None,
        dtype="f4",
        compressors=[ZstdCodec(level=1)],
        dimension_names=("z", "y", "x"),
    )
    side = shard or chunk
    noise = np.random.default_rng(0).integers(0, 60, (side,) * 3).astype("f4")
    for index in np.ndindex(*[edge // side] * 3):
        place = tuple(slice(at * side, (at + 1) * side) for at in index)
        array[place] = noise + sum(index)


def upload(folder: Path, endpoint: str) -> None:
    """A folder's files as objects."""
    client = s3_client(endpoint)
    client.create_bucket(Bucket=BUCKET)
    for file in folder.rglob("*"):
        if file.is_file():
            key = str(file.relative_to(folder.parent))
            client.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())


def ran(
    folder: Path, source: str, out: str, endpoint: str, words: Sequence[str]
) -> str:
    """A run in a process of its own, and what it took."""
    shutil.rmtree(folder / "out.zarr", ignore_errors=True)
    weights = [[[1, 2, 1], [2, 4, 2], [1, 2, 1]], [[2, 4, 2], [4, 8, 4], [2, 4, 2]]]
    weights.append(weights[0])
    (folder / "config.yaml").write_text(
        f"version: 1\ninput: {{path: {source}}}\nsteps:\n"
        f"  - correlate: {{kernel: {weights}, dims: [z, y, x], boundary: edge}}\n"
        f"output: {{path: {out}}}\n"
    )
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "volconv",
            "run",
            "config.yaml",
            "--threads",
            "2",
            *words,
        ],
        cwd=folder,
        env={**os.environ, **environment(endpoint)},
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{time.perf_counter() - began:6.1f} s, {cpu:5.1f} s of CPU"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, nargs="+", default=[0, 50])
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--chunk", type=int, default=64)
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--memory", default="600MiB")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        make(folder / "in.zarr", given.edge, given.chunk, given.shard)
        words = ["--memory", given.memory]
        for _ in range(given.rounds):
            print("folder to folder:", ran(folder, "in.zarr", "out.zarr", "", words))
        for delay in given.delay:
            mine, theirs = multiprocessing.Pipe()
            server = multiprocessing.Process(target=serve, args=(delay / 1000, theirs))
            server.start()
            endpoint, late = mine.recv()
            upload(folder / "in.zarr", endpoint)
            for number in range(given.rounds):
                for out in ("out.zarr", f"s3://{BUCKET}/out{number}.zarr"):
                    mine.send(True)
                    before = mine.recv()
                    took = ran(folder, f"s3://{BUCKET}/in.zarr", out, late, words)
                    mine.send(True)
                    where = "server" if out.startswith("s3") else "folder"
                    print(
                        f"{delay:.0f} ms, server to {where}: {took}; "
                        f"server's CPU {mine.recv() - before:.1f} s",
                        flush=True,
                    )
            mine.send(False)
            server.join()


if __name__ == "__main__":
    main()
