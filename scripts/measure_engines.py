"""The constants of the choice among engines, measured on this machine.

Prints them as they stand in volconv/compute/choose.py and fft_lengths.py, with the
machine's name, and each as a multiple of a tap of the direct engine: only ratios count
there. All is measured in turn, many times over, and the best times are taken.
"""

from __future__ import annotations

import argparse
import math
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from volconv.compute.compiled.direct import engine as direct
from volconv.compute.compiled.fft.tilecode import TileCode
from volconv.compute.compiled.separable import engine as separable
from volconv.compute.fft_lengths import CACHED
from volconv.compute.fft_tiles import Run, Tiling

SIDE = 64
SMALLEST_TILE = 16
CACHED_TILES = (32, 40, 48)
SPILLED_TILES = (64, 80)
Job = tuple[Callable[[], object], int]


def jobs() -> dict[str, Job]:
    """What is timed, and how many outputs, or cells of tiles, it makes."""
    rng = np.random.default_rng(0)
    out = np.empty((SIDE,) * 3, np.float32)
    found: dict[str, Job] = {}

    def block(taps: int) -> np.ndarray:
        return rng.standard_normal((SIDE + taps - 1,) * 3).astype(np.float32)

    taps = direct.prepare(rng.random((7,) * 3), (1,) * 3, (1,) * 3, "f4", "f4")
    cells = block(7)
    found["direct"] = partial(taps, cells, out), out.size
    for count in (9, 33):
        passes = separable.prepare(
            [rng.random(count)] * 3, (1,) * 3, (1,) * 3, "f4", "f4"
        )
        wide = block(count)
        # passes along planes and rows make the halo of those to come, too
        more = 1 + (count - 1) / SIDE
        made = int(out.size * (more**2 + more + 1))
        found[f"passes {count}"] = partial(passes, wide, out), made
    for side in (SMALLEST_TILE, *CACHED_TILES, *SPILLED_TILES):
        found |= tile_jobs(side, rng)
    return found


def tile_jobs(side: int, rng: np.random.Generator) -> dict[str, Job]:
    """Two tiles along each axis, moved alone and transformed."""
    weights = rng.random((9,) * 3)
    tiling = Tiling.of(weights, (1,) * 3, np.dtype(np.float32))
    code = TileCode("float", (side,) * 3, (True,) * 3)
    tiling = replace(tiling, code=code)
    spectrum = tiling.spectrum(weights)
    half = side - 8
    out = np.empty((2 * half,) * 3, np.float32)
    cells = rng.standard_normal((side + half,) * 3).astype(np.float32)
    # tiles of zeros need no transform
    zeros = np.zeros_like(cells)

    def run(block: np.ndarray) -> object:
        return Run(tiling, spectrum).volume(block, out)

    return {
        f"move {side}": (lambda: run(zeros), 8 * side**3),
        f"tile {side}": (lambda: run(cells), 8 * side**3),
    }


def measured(work: Mapping[str, Job], rounds: int) -> dict[str, float]:
    """Nanoseconds of each for an output or a cell."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds + 1):
        for name, (call, count) in work.items():
            start = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - start) / count * 1e9)
    # the first call compiles
    return {name: min(values[1:]) for name, values in times.items()}


def constants(cost: Mapping[str, float]) -> dict[str, float]:
    """The constants of the cost model."""
    separable_tap = (cost["passes 33"] - cost["passes 9"]) / (33 - 9)
    move = statistics.mean(cost[f"move {side}"] for side in SPILLED_TILES)

    def doubling(side: int) -> float:
        return (cost[f"tile {side}"] - cost[f"move {side}"]) / math.log2(side**3)

    transform = statistics.mean(doubling(side) for side in CACHED_TILES)
    spilled = statistics.mean(doubling(side) for side in SPILLED_TILES)
    return {
        "DIRECT_TAP": cost["direct"] / 7**3,
        "SEPARABLE_TAP": separable_tap,
        "SEPARABLE_PASS": cost["passes 9"] - 9 * separable_tap,
        "TRANSFORM": transform,
        "MOVE": move,
        "PAIR": (cost[f"move {SMALLEST_TILE}"] - move) * 2 * SMALLEST_TILE**3,
        "SPILLED": spilled / transform,
    }


def machine() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="of each measurement")
    rounds = parser.parse_args().rounds
    found = constants(measured(jobs(), rounds))
    print(f"# {machine()}, {time.strftime('%Y-%m')}, best of {rounds}")
    print(f"# tiles beyond {CACHED} cells count as spilled")
    for name, value in found.items():
        ratio = value / found["DIRECT_TAP"]
        note = "" if name == "SPILLED" else f"  # {ratio:.3g} direct taps"
        print(f"{name} = {value:.3g}{note}")


if __name__ == "__main__":
    main()
