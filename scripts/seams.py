"""Seams of a tiled network, drawn: a U-Net in blocks, and in tiles that are blended.

    pip install '.[demo,onnx]'
    python -m scripts.seams FOLDER

Writes a 3-D U-Net of four levels with random weights (unet.onnx), runs it over a volume
at once, by blocks of volconv, and by overlapping tiles whose results are blended, as is
done elsewhere; prints how far the latter two are from the first, and draws a plane of
each with its difference (seams.png).
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import matplotlib as mpl
import numpy as np
import onnx
import xarray as xr
from numpy.typing import NDArray

import volconv
from benchmarks.networks import DIMS, unet

mpl.use("Agg")
from matplotlib import pyplot as plt

LEVELS = 4
WIDTH = 4
TILE, OVERLAP = 48, 16

Array = NDArray[np.float32]


def volume(size: int) -> xr.DataArray:
    """Blobs in noise."""
    noise = np.random.default_rng(1).standard_normal((size // 2, size, size), "float32")
    cells = xr.DataArray(noise, dims=DIMS)
    blobs = volconv.gaussian(cells, 3, boundary="wrap")
    return (blobs / blobs.std() + 0.2 * cells).expand_dims("channel")


def blended(cells: xr.DataArray, path: Path) -> Array:
    """The mean of overlapping tiles, each weighted by how deep a cell lies in it."""
    total, share = np.zeros(cells.shape, "float64"), np.zeros(cells.shape)
    side = np.minimum(np.arange(TILE) + 1, np.arange(TILE)[::-1] + 1) / (TILE / 2)
    starts = [
        sorted({*range(0, n - TILE, TILE - OVERLAP), max(0, n - TILE)})
        for n in cells.shape[1:]
    ]
    for place in itertools.product(*starts):
        box = dict(zip(DIMS, (slice(a, a + TILE) for a in place), strict=True))
        found = volconv.onnx(cells.isel(box), path).values
        depth = np.ones(found.shape[1:])
        for axis, n in enumerate(found.shape[1:]):
            depth *= np.expand_dims(side[:n], [one for one in range(3) if one != axis])
        where = (slice(None), *box.values())
        total[where] += found * depth
        share[where] += depth
    return (total / share).astype("float32")


def main() -> None:
    """Run, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=128)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    path = given.folder / "unet.onnx"
    onnx.save(unet(LEVELS, WIDTH), path)
    cells = volume(given.size)
    whole = volconv.onnx(cells, path).values
    blocks = volconv.onnx(cells.chunk(dict.fromkeys(DIMS, 40)), path).compute().values
    results = {
        "in one piece": whole,
        "by blocks of 40³": blocks,
        f"tiles of {TILE}³ that overlap by {OVERLAP}, blended": blended(cells, path),
    }
    figure, axes = plt.subplots(2, 3, figsize=(12, 8), layout="constrained")
    plane = (0, given.size // 4)
    for column, (name, found) in enumerate(results.items()):
        apart = np.abs(found - whole)
        print(f"{name}: at most {apart.max():.3g} from it, of {np.ptp(whole):.3g}")
        axes[0, column].imshow(found[plane], vmin=whole.min(), vmax=whole.max())
        axes[0, column].set_title(name)
        axes[1, column].imshow(apart[plane], vmin=0, vmax=0.1, cmap="magma")
        axes[1, column].set_title(f"difference, at most {apart.max():.3g}")
    figure.colorbar(axes[1, -1].images[0], ax=axes[1, :])
    figure.savefig(given.folder / "seams.png", dpi=80)


if __name__ == "__main__":
    main()
