"""Writing a Zarr v3 output: metadata first, blocks in any order, consolidated last."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import mul
from typing import TYPE_CHECKING, Any

import zarr
from numpy.typing import NDArray
from zarr.abc.store import Store
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, ZstdCodec
from zarr.core.buffer import Buffer, default_buffer_prototype
from zarr.storage import MemoryStore

from volconv.coordinates import Coords, NoCoords, bounds_names, grid_mappings
from volconv.io.images import BROKEN
from volconv.io.inline import carry_out, may_carry_out
from volconv.io.place import Content, Place
from volconv.io.plain_chunks import PlainChunks
from volconv.io.steady import steady_gzip
from volconv.meta import ArrayMeta
from volconv.plan.output import OutputSpec

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "can_be_read",
    "consolidate",
    "consolidated",
    "documents_of",
    "encoded_unit",
    "object_key",
]


_opening = threading.Lock()


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


def documents_of(
    spec: OutputSpec,
    target: ArrayMeta,
    coords: Coords,
    attrs: Mapping[Any, Any],
    group_attrs: Mapping[str, object],
) -> dict[str, Content]:
    """The objects of a group with coordinates, and an array that waits for blocks.

    Parameters
    ----------
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
    documents: dict[str, Buffer] = {}
    store = MemoryStore(documents)
    extra = []
    if isinstance(coords, NoCoords):
        group = zarr.create_group(store, zarr_format=3, attributes=plain(group_attrs))
    else:
        apart = [*bounds_names(coords), *grid_mappings(attrs, coords)]
        dataset = in_free_length(coords).reset_coords(apart)
        dataset = dataset.assign_attrs(dict(group_attrs))
        dataset.to_zarr(store, mode="w-", zarr_format=3, consolidated=False)
        group = zarr.open_group(store, mode="r+")
        extra = [str(name) for name in dataset.coords if name not in dataset.dims]
    array = group.create_array(
        spec.variable,
        shape=target.own.shape,
        dtype=spec.dtype,
        chunks=spec.stored_chunks,
        shards=spec.stored_shards,
        compressors=codecs(spec),
        fill_value=spec.fill_value,
        dimension_names=target.own.dims,
        attributes=plain(attrs),
    )
    if extra:
        array.attrs["coordinates"] = " ".join(extra)
    return {key: one.as_buffer_like() for key, one in documents.items()}


def can_be_read(place: Place, variable: str) -> bool:
    """Whether an array has metadata there that Zarr can open."""
    try:
        zarr.open_array(place.zarr_store(), path=variable, mode="r")
    except (*BROKEN, FileNotFoundError):
        return False
    return True


def in_free_length(coords: xr.Dataset) -> xr.Dataset:
    """Coordinates whose texts are of any length: Zarr has no fixed ones that all read."""
    texts = {
        name: variable.astype(object)
        for name, variable in coords.variables.items()
        if variable.dtype.kind == "U"
    }
    return coords.assign_coords(texts)


def plain(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes as JSON holds them: NumPy's scalars and arrays as Python's."""
    return {
        str(key): value.tolist() if hasattr(value, "tolist") else value
        for key, value in attrs.items()
    }


def encoded_unit(
    place: Place,
    spec: OutputSpec,
    unit: Sequence[int],
    cells: NDArray[Any],
) -> tuple[str, Buffer]:
    """The object of a storage unit; nothing is written.

    Parameters
    ----------
    place : Place
        Where the group lies.
    spec : OutputSpec
        The array.
    unit : sequence of int
        The unit's place along each axis of the stored array.
    cells : ndarray
        Its cells: of a chunk all, beyond the array's ends too, of a shard those that the
        array has. They may change as soon as it is encoded.

    Returns
    -------
    str
        The unit's key below the array.
    Buffer
        Its bytes.
    """
    with _opening:  # once, whichever thread comes first
        array, chunks, encoded = opened_for_encoding(place, spec.variable)
    key, cells = object_key(unit), cells.squeeze(spec.new_axes)
    if chunks is not None and may_carry_out():
        return key, carry_out(chunks.encoded(cells))
    fill(array, map(mul, unit, spec.stored(spec.unit)), cells)
    return key, encoded.pop(f"{spec.variable}/{key}")


def fill(array: zarr.Array[Any], starts: Iterable[int], cells: NDArray[Any]) -> None:
    """Set cells of an array whose store answers at once."""
    sides = zip(starts, cells.shape, strict=True)
    part = tuple(slice(start, start + size) for start, size in sides)
    if may_carry_out():
        carry_out(array.async_array.setitem(part, cells))
    else:
        array[part] = cells


@lru_cache(maxsize=8)
def opened_for_encoding(
    place: Place, variable: str
) -> tuple[zarr.Array[Any], PlainChunks | None, dict[str, Buffer]]:
    """The array that the tasks of a process write to, with its objects in memory.

    And what encodes one by itself, where it can.

    Without shards it ends where a chunk does: Zarr copies what is less than one.

    Its empty chunks are objects as well: one that is left out would read as the fill
    value, like one that was lost.
    """
    stored = zarr.open_array(place.zarr_store(), path=variable, mode="r")
    metadata = stored.metadata
    if not stored.shards:
        sides = zip(stored.shape, stored.chunks, strict=True)
        metadata = metadata.update_shape(
            tuple(-(-n // side) * side for n, side in sides)
        )
    documents = metadata.to_buffer_dict(default_buffer_prototype())
    encoded = {f"{variable}/{key}": content for key, content in documents.items()}
    with steady_gzip():
        array = zarr.open_array(MemoryStore(encoded), path=variable, mode="r+")
    array = array.with_config({"write_empty_chunks": True})
    return array, PlainChunks.of(array), encoded


def object_key(unit: Iterable[int]) -> str:
    """The key of a storage unit below its array: ``c/1/0/2``."""
    return "/".join(["c", *map(str, unit)])


def consolidate(store: Store) -> None:
    """Copy the metadata of a group's arrays into its own."""
    with warnings.catch_warnings():
        # format 3 does not specify it yet; readers that do not know it ignore it
        warnings.filterwarnings("ignore", "Consolidated metadata", UserWarning)
        zarr.consolidate_metadata(store)


def consolidated(documents: Mapping[str, bytes]) -> bytes:
    """The metadata of a group with that of its arrays, from all of them by their keys."""
    of = default_buffer_prototype().buffer.from_bytes
    there = {key: of(content) for key, content in documents.items()}
    consolidate(MemoryStore(there))
    return there["zarr.json"].to_bytes()
