"""Write the demo's inputs as Zarr stores: a real MR scan and a real ocean grid."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import nibabel
import numpy as np
import xarray as xr

DATA = Path(__file__).parent.parent / "configs" / "data"
SCAN = Path(nibabel.__file__).parent / "tests" / "data" / "example4d.nii.gz"


def scan() -> xr.Dataset:
    """The functional MR volume that nibabel ships, in the scanner's millimetres.

    Its axes are oblique: coordinates are distances along the volume's own axes from its
    first cell.
    """
    image = nibabel.Nifti1Image.from_filename(str(SCAN))
    values = np.asarray(image.dataobj).T  # (x, y, z, time) to (time, z, y, x)
    dims = ("time", "z", "y", "x")
    spacing = dict(zip(dims, image.header.get_zooms()[::-1], strict=True))
    units = {"time": "s", "z": "mm", "y": "mm", "x": "mm"}
    coords = {
        dim: (dim, size * np.arange(count), {"units": units[dim]})
        for dim, count, size in zip(
            dims, values.shape, map(float, spacing.values()), strict=True
        )
    }
    attrs = {"long_name": "MR signal", "source": "nibabel example4d.nii.gz"}
    signal = xr.DataArray(np.ascontiguousarray(values), coords, dims, attrs=attrs)
    return signal.to_dataset(name="signal").chunk(time=1, z=12, y=32, x=32)


def ocean() -> xr.Dataset:
    """Monthly sea surface temperature around the equator, and the days of each month."""
    with xr.open_dataset(DATA / "ostia_monthly.nc", engine="h5netcdf") as dataset:
        loaded = dataset.load()
    for variable in loaded.variables.values():
        for key in ("chunksizes", "original_shape", "preferred_chunks"):
            variable.encoding.pop(key, None)
    loaded["days"] = loaded.time.dt.days_in_month.drop_attrs()
    return loaded.chunk(time=6, latitude=18, longitude=108)


def main() -> None:
    """Write what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where brain.zarr and ocean.zarr go")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in (("brain", scan), ("ocean", ocean)):
        store = folder / f"{name}.zarr"
        if store.exists():
            print(f"{store} is there already")
            continue
        draft = folder / f"{name}.draft.zarr"
        shutil.rmtree(draft, ignore_errors=True)
        make().to_zarr(draft, zarr_format=3, consolidated=False)
        draft.rename(store)
        print(f"wrote {store}")


if __name__ == "__main__":
    main()
