"""Draw a volume before and after: orthogonal slices of a scan, or maps of a grid."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage


def opened(store: Path) -> xr.DataArray:
    """The only variable of a store that has at least three dimensions."""
    dataset = xr.open_zarr(store, consolidated=False, chunks=None)
    found: list[xr.DataArray] = [
        array for array in dataset.data_vars.values() if array.ndim >= 3
    ]
    if len(found) != 1:
        raise SystemExit(f"{store}: {len(found)} variables of 3 or more dimensions")
    return found[0]


def cells(coordinate: xr.DataArray) -> tuple[float, float]:
    """Where the first and the last cell end, for cells of even spacing."""
    values = coordinate.values.astype(float)
    half = (values[-1] - values[0]) / (values.size - 1) / 2
    return values[0] - half, values[-1] + half


def width(plane: xr.DataArray) -> float:
    """How wide a plane is, in its coordinate's unit."""
    first, last = cells(plane[plane.dims[1]])
    return abs(last - first)


def draw(
    store: str, plane: xr.DataArray, axes: Axes, colours: dict[str, Any]
) -> AxesImage:
    """One plane of a store in its coordinates, cells as large as they are."""
    vertical, horizontal = plane.dims
    extent = (*cells(plane[horizontal]), *cells(plane[vertical]))
    axes.set_title(f"{store}: {title(plane)}", fontsize=9)
    axes.set_xlabel(label(plane[horizontal]), fontsize=8)
    axes.set_ylabel(label(plane[vertical]), fontsize=8)
    axes.tick_params(labelsize=7)
    return axes.imshow(
        plane.values, origin="lower", extent=extent, interpolation="nearest", **colours
    )


def label(coordinate: xr.DataArray) -> str:
    """Name and unit; degrees as their sign."""
    unit = coordinate.attrs.get("units", "cells")
    return f"{coordinate.name} ({'°' if unit.startswith('degree') else unit})"


def planes(array: xr.DataArray) -> list[xr.DataArray]:
    """Three planes through a scan's middle, or three times of a grid."""
    first = array.dims[:-3]
    volume = array.isel({dim: array.sizes[dim] // 2 for dim in first})
    leading, *inner = volume.dims
    if leading == "time":
        steps = np.linspace(0, volume.sizes["time"] - 1, 3).round().astype(int)
        return [volume.isel(time=step) for step in steps]
    return [volume.isel({dim: volume.sizes[dim] // 2}) for dim in (leading, *inner)]


def title(plane: xr.DataArray) -> str:
    """The size, and the place along the dimension that the plane cuts."""
    sizes = " x ".join(f"{size}" for size in plane.shape)
    place = [
        f"{name} {place_text(plane.coords[name].values)}"
        for name in ("time", "z", "y", "x")
        if name in plane.coords and plane.coords[name].ndim == 0
    ]
    return f"{sizes} cells, {', '.join(place)}"


def place_text(value: Any) -> str:
    """A coordinate's value, short."""
    return f"{value:.4g}" if value.dtype.kind in "fiu" else str(value)[:10]


def main() -> None:
    """Draw both stores, one row each, in one range of colours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, help="the input's store")
    parser.add_argument("after", type=Path, help="the output's store")
    parser.add_argument("picture", type=Path, help="the PNG to write")
    given = parser.parse_args()
    stores = (given.before, given.after)
    rows = [planes(opened(store)) for store in stores]
    named = [(store, p) for store, row in zip(stores, rows, strict=True) for p in row]
    seen = np.concatenate([plane.values.ravel() for plane in rows[0]])
    low, high = map(float, np.nanpercentile(seen, (1, 99.5)))
    widths = [width(plane) for plane in rows[0]]
    is_map = widths[0] > 8 * rows[0][0].sizes[rows[0][0].dims[0]]
    colours = {"cmap": "turbo" if is_map else "gray", "vmin": low, "vmax": high}
    figure, axes = plt.subplots(
        *((6, 1) if is_map else (2, 3)),
        figsize=(13, 9) if is_map else (14, 7),
        width_ratios=None if is_map else widths,
        layout="constrained",
    )
    images = [
        draw(store.stem, plane, place, colours)
        for (store, plane), place in zip(named, axes.ravel(), strict=True)
    ]
    name = rows[0][0].attrs.get("long_name", rows[0][0].name)
    unit = rows[0][0].attrs.get("units", "")
    figure.colorbar(images[0], ax=axes, label=f"{name} {unit}".strip(), shrink=0.6)
    figure.suptitle(f"{given.before.name} above, {given.after.name} below")
    figure.savefig(given.picture, dpi=100)
    print(f"drew {given.picture}")


if __name__ == "__main__":
    main()
