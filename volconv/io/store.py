"""Writing a Zarr v3 output: a group that is complete when it appears.

It is written beside its target, in ``OUT.partial/store``, and renamed at the end::

    OUT.partial/
      header.json     the plan's fingerprint; written when the store is ready for blocks
      journal.jsonl   one line for each finished block
      lock            held by the one process that writes
      store/          the group to be

So an output that is not complete cannot be opened as a result.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import google_crc32c
import xarray as xr
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, ZstdCodec

from volconv.coordinates import bounds_names, grid_mappings
from volconv.geometry import Interval
from volconv.meta import ArrayMeta
from volconv.plan.output import OutputSpec

__all__ = [
    "create_store",
    "finish_store",
    "object_key",
    "record_of",
    "stored_bytes",
    "sync_folder",
    "sync_objects",
    "write_box",
]


def codecs(spec: OutputSpec) -> list[Any]:
    """Codecs of the output's chunks, each set with a checksum.

    Without one, a flipped bit of a Zstandard or Blosc chunk reads as another number.
    """
    options: dict[str, Any] = dict(spec.codec_options)
    if spec.codec == "zstd":
        return [ZstdCodec(level=int(options.get("level", 1)), checksum=True)]
    if spec.codec == "blosc":
        return [BloscCodec(**options), Crc32cCodec()]
    if spec.codec == "gzip":
        return [GzipCodec(level=int(options.get("level", 5)))]
    return [Crc32cCodec()]


def create_store(
    path: Path,
    spec: OutputSpec,
    target: ArrayMeta,
    coords: xr.Dataset,
    attrs: Mapping[Any, Any],
    group_attrs: Mapping[str, object],
) -> None:
    """Make the group with its coordinates and an array that waits for blocks.

    Parameters
    ----------
    path : Path
        A folder that does not exist.
    spec : OutputSpec
        Chunks, shards, codec, dtype.
    target : ArrayMeta
        Dimensions and shape.
    coords : Dataset
        The output's coordinates.
    attrs : mapping
        The array's attributes.
    group_attrs : mapping
        The group's attributes.
    """
    apart = [*bounds_names(coords), *grid_mappings(attrs, coords)]
    dataset = coords.reset_coords(apart).assign_attrs(dict(group_attrs))
    dataset.to_zarr(path, mode="w-", zarr_format=3, consolidated=False)
    group = zarr.open_group(path, mode="r+")
    array = group.create_array(
        spec.variable,
        shape=target.shape,
        dtype=spec.dtype,
        chunks=spec.chunks,
        shards=spec.shards,
        compressors=codecs(spec),
        fill_value="NaN" if spec.dtype.startswith("float") else 0,
        dimension_names=target.dims,
        attributes=plain(attrs),
    )
    extra = [str(name) for name in dataset.coords if name not in dataset.dims]
    if extra:
        array.attrs["coordinates"] = " ".join(extra)


def plain(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes as JSON holds them: NumPy's scalars and arrays as Python's."""
    return {
        str(key): value.tolist() if hasattr(value, "tolist") else value
        for key, value in attrs.items()
    }


def write_box(
    path: Path, spec: OutputSpec, box: tuple[Interval, ...], values: NDArray[Any]
) -> None:
    """Write a box of whole storage units; empty ones too.

    A unit that is left out would read as the fill value, like one that was lost.
    """
    array = opened_for_writing(str(path / spec.variable))
    array[tuple(side.slice for side in box)] = values


@lru_cache(maxsize=8)
def opened_for_writing(path: str) -> zarr.Array[Any]:
    """The array that the tasks of a process write to."""
    array = zarr.open_array(path, mode="r+")
    return array.with_config({"write_empty_chunks": True})


def object_key(unit: Iterable[int]) -> str:
    """The key of a storage unit below its array: ``c/1/0/2``."""
    return "/".join(["c", *map(str, unit)])


def record_of(
    path: Path, spec: OutputSpec, key: str, *, sync: bool = False
) -> tuple[int, int]:
    """Bytes and crc32c of a stored object, perhaps after they are safe on the disk."""
    file = path / spec.variable / key
    with file.open("rb") as handle:
        content = handle.read()
        if sync:
            os.fsync(handle.fileno())
    if sync:
        sync_folder(file.parent)
    return len(content), google_crc32c.value(content)


def stored_bytes(path: Path, spec: OutputSpec, key: str) -> int | None:
    """Bytes of a stored object; None where it is not there."""
    try:
        return (path / spec.variable / key).stat().st_size
    except FileNotFoundError:
        return None


def sync_objects(files: Iterable[Path]) -> None:
    """Make stored objects, and their folders' entries, safe on the disk."""
    folders = set()
    for file in files:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
        folders.add(file.parent)
    for folder in folders:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries safe on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def finish_store(path: Path, target: Path) -> None:
    """Remove litter of interrupted writes, consolidate, and rename to the target."""
    for litter in path.rglob("*.partial"):
        litter.unlink()
    with warnings.catch_warnings():
        # format 3 does not specify it yet; readers that do not know it ignore it
        warnings.filterwarnings("ignore", "Consolidated metadata", UserWarning)
        zarr.consolidate_metadata(path)
    for file in path.rglob("zarr.json"):
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
    path.rename(target)
    sync_folder(target.parent)


def group_attributes(path: Path) -> dict[str, Any] | None:
    """Attributes of the Zarr v3 group at a folder; None where there is none."""
    try:
        metadata = json.loads((path / "zarr.json").read_text())
    except (OSError, ValueError):
        return None
    found = metadata.get("attributes") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}
