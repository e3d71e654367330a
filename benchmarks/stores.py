"""From store to store: whole processes, side by side with what people write today.

    python -m benchmarks.stores --gib 2.5 --rounds 3

Makes a volume of float32 noise over waves in chunks of 128³, Zstandard level 1, as a CT
compresses (to about 0.4), and runs each contestant in a process of its own, in turn, ours
with the memory of a quarter of the volume beside what the interpreter takes. The
floor reads every chunk of the input once and writes every chunk of that job's output
once, with the same library, codec and threads, and computes nothing. Starting a process
and importing what it needs is in everybody's figures. What counts are the
ratios of medians: of wall time, of CPU time, of peak memory. Results are compared.

A virtual machine may have to ask its host for each page of memory that it has not used of
late, which takes 2.5 s a GiB on some: as long as all the rest of a run, in one run, and
nothing in the next. With ``--fill GIB`` the system's memory is filled before each run with
so many GiB of an empty file, in pages that it takes back where others need them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contestants import (
    CONTESTANTS,
    OWN,
    differ,
    entries,
    input_of,
    out_of,
    own_command,
)
from benchmarks.jobs import JOBS
from benchmarks.volumes import make_volume, shape_of

ALIKE = 2e-6
"""Most that results may differ by, as a share of the largest value."""

LEAST = 400
"""MiB that a process of ours may take at least: two tasks need as much."""


@dataclass(frozen=True)
class Taken:
    """What a process took."""

    wall: float
    cpu: float
    mib: float


def timed(name: str, job: str, folder: Path, memory: str) -> Taken:
    """Run a contestant in a process of its own."""
    words = command_of(name, job, folder, memory)
    began = time.perf_counter()
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    if status:
        message = f"{name} {job} failed: {text[-500:]}"
        raise SystemExit(message)
    cpu = usage.ru_utime + usage.ru_stime
    for line in text.splitlines():
        if line.startswith("spared "):
            _, spared, used = line.split()
            wall, cpu = wall - float(spared), cpu - float(used)
    return Taken(wall, cpu, usage.ru_maxrss / 1024)


def command_of(name: str, job: str, folder: Path, memory: str) -> list[str]:
    """What runs a contestant."""
    if name in OWN:
        return own_command(name, job, folder, memory)
    words = [sys.executable, "-m", "benchmarks.stores", "--folder", str(folder)]
    return [*words, "--one", name, job]


def race(job: str, folder: Path, given: argparse.Namespace) -> None:
    """Run the contestants of a job in turn, report what they took, compare results."""
    from volconv.plan.stage import PLAIN_PROCESS  # no other contestant imports us

    gib = given.gib
    place = folder.absolute() / f"{gib:g}GiB"
    source = input_of(place)
    if not source.exists():
        place.mkdir(parents=True, exist_ok=True)
        make_volume(source, shape_of(gib))
    quarter = gib * 2**30 / 4 + PLAIN_PROCESS
    memory = given.memory or f"{max(LEAST, int(quarter / 2**20))}MiB"
    names = [name for name in entries(job) if name not in given.without.split(",")]
    taken: dict[str, list[Taken]] = {name: [] for name in names}
    for _ in range(given.rounds):
        for name in names:
            remove(out_of(name, job, place))
            settle(source, place / "empty", given.fill)
            taken[name].append(timed(name, job, place, memory))
    report(f"{job}, {gib:g} GiB", taken)
    for name, share in differ(job, place).items():
        if share > ALIKE:
            message = f"{name} {job}: another result, by {share:.1e} of the largest"
            raise SystemExit(message)


def remove(out: Path) -> None:
    """Remove what an earlier run has left."""
    for left in (out, out.with_name(out.name + ".partial"), out.with_suffix(".work")):
        shutil.rmtree(left, ignore_errors=True)


def settle(source: Path, empty: Path, fill: float) -> None:
    """Have what others wrote on the disk, and the input in the system's memory."""
    os.sync()
    if fill:
        with empty.open("ab") as file:  # pages that are there already stay
            file.truncate(int(fill * 2**30))
        read(empty)
    for path in source.rglob("*"):
        if path.is_file():
            read(path)


def read(path: Path) -> None:
    """Read a file, into memory that is used again."""
    piece = bytearray(8 << 20)
    with path.open("rb", buffering=0) as file:
        while file.readinto(piece):
            pass


def report(title: str, taken: dict[str, list[Taken]]) -> None:
    """Print a table of a job."""
    own = taken["volconv"]
    print(
        f"{title:<16}{'wall s':>8}{'CPU s':>8}{'MiB':>7}   "
        "ratios to volconv: wall, CPU, memory"
    )
    for name, each in taken.items():
        wall, cpu, mib = (
            statistics.median([getattr(t, k) for t in each])
            for k in ("wall", "cpu", "mib")
        )
        ratios = [ratio(each, own, key) for key in ("wall", "cpu", "mib")]
        print(
            f"  {name:<14}{wall:8.2f}{cpu:8.2f}{mib:7.0f}   "
            + "  ".join(f"{one:5.2f}" for one in ratios),
            flush=True,
        )


def ratio(each: Sequence[Taken], own: Sequence[Taken], key: str) -> float:
    """What a contestant took over what ours took, the median of the rounds."""
    pairs = zip(each, own, strict=True)
    ratios: list[float] = [getattr(t, key) / getattr(o, key) for t, o in pairs]
    return statistics.median(ratios)


def main() -> None:
    """Race the contestants."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=2.5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", default="k3s1,k3s2,k7s1,g2,mean2,mean3")
    parser.add_argument("--memory", default="")
    parser.add_argument("--folder", type=Path, default=Path("bench-stores"))
    parser.add_argument("--fill", type=float, default=0.0, help="GiB of memory to fill")
    parser.add_argument("--without", default="", help="contestants to leave out")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        name, job = given.one
        compete(name, job, given.folder)
        return
    for job in given.jobs.split(","):
        race(job, given.folder, given)


def compete(name: str, job: str, folder: Path) -> None:
    """Be one contestant, none of ours."""
    CONTESTANTS[name](input_of(folder), out_of(name, job, folder), JOBS[job])


if __name__ == "__main__":
    main()
