"""Tiles of the FFT engine: their lengths, from the kernel alone.

A tile of T cells along a window of f taps yields T - f + 1 outputs at stride 1: long
tiles waste little, and short ones stay in the cache.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["TileCost", "batch_shape", "best_tile"]

# Nanoseconds of one thread for a cell of a float32 tile, measured 2026-11 on an AMD EPYC
# (Zen 3) by scripts/measure_engines.py. Only ratios to the other engines' count.
TRANSFORM = 0.1  # for each doubling of the tile, there and back
MOVE = 1.17  # in, out, and a look at the range of its values
PAIR = 185_000.0  # for a pair of tiles, whatever their size
SPILLED = 1.3  # times the transforms' cost, where the tile leaves the cache
CACHED = 150_000  # cells of a tile that stays in the second-level cache, or nearly

# A tile is no larger, unless the kernel leaves no choice: memory.
MOST_CELLS = 1 << 21
# Lengths of blocks to which tiles are fitted, by the number of windows.
USUAL = {1: (512, 1024, 4096), 2: (256, 512, 1024), 3: (64, 128, 256)}
# Cells of a tile along axes without a window: as many as make a call worth while.
CALL = 1 << 17


@dataclass(frozen=True)
class TileCost:
    """A tile, and what an output costs in it.

    Attributes
    ----------
    shape : tuple of int
        Length along each window.
    nanoseconds : float
    """

    shape: tuple[int, ...]
    nanoseconds: float


@lru_cache(maxsize=256)
def best_tile(size: tuple[int, ...], stride: tuple[int, ...]) -> TileCost:
    """The tile in which an output costs least.

    Parameters
    ----------
    size, stride : tuple of int
        Taps and stride along each window: one to three.

    Examples
    --------
    >>> best_tile((9, 9, 9), (1, 1, 1)).shape
    (40, 72, 72)
    """
    most = max(MOST_CELLS, math.prod(2 * f for f in size))
    options = [_lengths(f, len(size)) for f in size]
    best: TileCost | None = None
    is_cube = len(set(zip(size, stride, strict=True))) == 1
    shapes = (
        itertools.combinations_with_replacement(options[0], len(size))
        if is_cube
        else itertools.product(*options)
    )
    for shape in shapes:
        cells = math.prod(shape)
        if cells > most and best is not None:
            continue
        cost = output_cost(shape, size, stride)
        if best is None or cost < best.nanoseconds:
            best = TileCost(shape, cost)
    assert best is not None
    return best


def batch_shape(
    size: tuple[int, int, int], lengths: Sequence[int]
) -> tuple[int, int, int]:
    """Cells of a tile along each of three axes.

    Parameters
    ----------
    size : (int, int, int)
        Taps along each; 1 where there is no window.
    lengths : sequence of int
        Of the transforms, along the windows.

    Examples
    --------
    >>> batch_shape((1, 9, 9), (64, 64))
    (32, 64, 64)
    """
    shape = [0, 0, 0]
    for axis, length in zip((i for i in range(3) if size[i] > 1), lengths, strict=True):
        shape[axis] = length
    left = max(1, CALL // math.prod(lengths))
    for axis, most in ((2, 128), (1, 32), (0, CALL)):
        if not shape[axis]:
            # whole lines of the cache along cells
            shape[axis] = min(most, left) if axis < 2 else max(64, min(most, left))
            left = max(1, left // shape[axis])
    return shape[0], shape[1], shape[2]


def output_cost(
    shape: Sequence[int], size: Sequence[int], stride: Sequence[int]
) -> float:
    """Nanoseconds for an output, in blocks of the usual lengths."""
    cells = math.prod(shape)
    # without three windows a call takes many tiles
    at_once = cells if len(size) == 3 else max(cells, CALL)
    transforms = TRANSFORM * math.log2(cells) * (SPILLED if cells > CACHED else 1)
    cell = MOVE + transforms + PAIR / 2 / at_once
    sides = [((n - f) // s + 1, s) for n, f, s in zip(shape, size, stride, strict=True)]
    share = 0.0
    usual = USUAL[len(size)]
    for length in usual:
        wanted = [max(1, length // s) for _, s in sides]
        tiles = math.prod(-(-m // u) for m, (u, _) in zip(wanted, sides, strict=True))
        if len(size) == 3:
            tiles += tiles % 2
        share += tiles * cells / math.prod(wanted) / len(usual)
    return share * cell


@lru_cache(maxsize=256)
def _lengths(size: int, windows: int) -> list[int]:
    """Lengths of transforms worth trying: products of 2, 3 and 5, multiples of 4."""
    most = max({1: 4096, 2: 512, 3: 128}[windows], 4 * size)
    least = max(size + size // 3, 16)
    found = [n for n in range(4, most + 1, 4) if n >= least and is_smooth(n)]
    return found or [next(n for n in itertools.count(least) if is_smooth(n))]


def is_smooth(number: int) -> bool:
    """Whether a number is a product of 2, 3 and 5."""
    for prime in (2, 3, 5):
        while number % prime == 0:
            number //= prime
    return number == 1
