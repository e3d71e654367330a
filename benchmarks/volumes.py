"""The volume that runs from store to store read, and the arrays that they write."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import ZstdCodec

CHUNK = 128
"""Cells of a chunk along each axis."""

Array = Any
Box = tuple[slice, ...]


def boxes(shape: Sequence[int], chunk: int | None = None) -> Iterator[Box]:
    """The chunks of a shape."""
    side = chunk or CHUNK
    return itertools.product(
        *([slice(at, min(at + side, n)) for at in range(0, n, side)] for n in shape)
    )


def shape_of(gib: float) -> tuple[int, int, int]:
    """Whole chunks of about so many GiB of float32."""
    if gib < 0.5:
        return (2 * CHUNK,) * 3
    planes = max(1, round(gib * 2**30 / (CHUNK * 1024 * 1024 * 4)))
    return planes * CHUNK, 1024, 1024


def make_volume(path: Path, shape: Sequence[int]) -> None:
    """Noise over waves, whole numbers as of a scanner."""
    array = zarr.create_array(
        path,
        shape=tuple(shape),
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


def target_like(
    out: Path,
    shape: Sequence[int],
    chunk: int | None = None,
    dims: Sequence[str] | None = None,
) -> Array:
    """An array to write to, as `volconv run` makes its own."""
    return zarr.create_array(
        out,
        shape=tuple(shape),
        chunks=(chunk or CHUNK,) * 3,
        dtype="f4",
        fill_value=0,
        compressors=[ZstdCodec(level=1, checksum=True)],
        dimension_names=dims,
        config={"write_empty_chunks": True},
    )


def written(out: Path) -> Array:
    """The array that a contestant wrote: by itself, or the one in a group."""
    if (out / "c").exists():
        return zarr.open_array(out, mode="r")
    (array,) = out.glob("*/c")
    return zarr.open_array(array.parent, mode="r")
