"""Reading a Zarr input: v2 or v3, group or array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from volconv.errors import InputError
from volconv.files import is_url, is_web_url, reading
from volconv.geometry import relative
from volconv.io.digest import chunks_digest, holds_chunks, text_digest
from volconv.io.inline import carry_out, may_carry_out
from volconv.io.opened import opened
from volconv.io.pieces import Box, pieces
from volconv.io.stored import Stored
from volconv.meta import without
from volconv.plan.memory import PIECE

__all__ = ["PIECE", "Empty", "ZarrSource"]

Empty = Callable[[Sequence[int], np.dtype[Any]], NDArray[Any]]


@dataclass(frozen=True)
class ZarrSource:
    """An array in a Zarr store, opened when it is first looked at.

    A small value that may be sent to another process, which opens the store for itself.

    Parameters
    ----------
    path : str
        The store's folder or URL: a group, or one array.
    variable : str, optional
        The array's name in a group; may be left out where there is only one.
    dims : tuple of str, optional
        Names of the dimensions, for arrays that have none of their own.
    new_axes : tuple of int
        Axes of one cell that the boxes have which are read, and the array lacks.
    key : str
        Where a configuration names it, for errors.
    """

    path: str
    variable: str | None = None
    dims: tuple[str, ...] | None = None
    new_axes: tuple[int, ...] = ()
    key: str = "input"

    def open(self) -> Stored:
        """The array's metadata and coordinates; opened once in a process.

        Raises
        ------
        InputError
            If the path, the variable or its dimensions are not there.
        """
        return opened(self)

    def read(self, box: Box, empty: Empty = np.empty) -> NDArray[Any]:
        """Cells of a box inside the array; not to be written to.

        Parameters
        ----------
        box : tuple of Interval
        empty : callable
            Makes an array of a shape and dtype, for what is put together of several
            pieces: a folder is read some chunks at a time.

        Raises
        ------
        InputError
            If a chunk cannot be read or decoded, naming the box.
        """
        stored = self.open()
        box = without(box, self.new_axes)
        waits = is_url(self.path) or not may_carry_out()
        parts = [box]
        if not waits:
            itemsize = np.dtype(stored.meta.dtype).itemsize
            chunks = stored.meta.chunks or stored.meta.shape
            parts = list(pieces(box, chunks, PIECE // itemsize))
        if len(parts) == 1:
            found = self.read_piece(stored, box, waits=waits)
        else:
            found = empty([side.size for side in box], np.dtype(stored.meta.dtype))
            for part in parts:
                found[relative(part, box)] = self.read_piece(stored, part, waits=False)
        return np.expand_dims(found, self.new_axes)

    def read_piece(self, stored: Stored, box: Box, *, waits: bool) -> NDArray[Any]:
        """Cells of a box at once: by Zarr's threads, or by this one."""
        place = tuple(side.slice for side in box)
        try:
            if waits:
                return np.asarray(stored.cells[place])
            if stored.chunks is not None:
                found = carry_out(stored.chunks.decoded(box))
                if found is not None:
                    return found
            if isinstance(stored.cells, zarr.Array):
                return np.asarray(carry_out(stored.cells.async_array.getitem(place)))
            try:
                return np.asarray(carry_out(stored.cells[place].load_async()).values)
            except NotImplementedError:
                # another byte order, booleans kept as numbers: xarray waits for those
                return np.asarray(stored.cells[place])
        except Exception as error:
            # codecs and stores raise errors of every kind; the box says where it is
            cells = ", ".join(
                f"{dim} {side.start}:{side.stop}"
                for dim, side in zip(stored.meta.dims, box, strict=True)
            )
            mend = "restore the input from where it came, then run --restart"
            if isinstance(error, OSError):
                mend = "mend what it says, then run again"
            elif is_web_url(self.path):
                mend = f"run again, as an answer may have broken off; else {mend}"
            raise InputError(
                f"{self.path}, variable {stored.name!r}",
                f"{type(error).__name__}: {error} in cells {cells}",
                "chunks that can be decoded",
                mend,
            ) from error

    def identity(self) -> dict[str, object]:
        """What tells this input from another one, or from itself after a change.

        Metadata, coordinates, and, in a folder or a bucket, the names, sizes and times
        of the stored chunks. Not its path: a moved input is the same.

        Raises
        ------
        InputError
            If the store does not let itself be read or listed.
        """
        stored = self.open()
        with reading(f"{self.key}.path", self.path):
            coords = {
                str(name): [variable.dims, variable.attrs, variable.values.tolist()]
                for name, variable in stored.coords.variables.items()
            }
        level = {axis.name: axis for axis in stored.level.axes} if stored.level else {}
        return {
            **({"level": text_digest(level)} if level else {}),
            "variable": stored.name,
            "shape": list(stored.meta.shape),
            "dims": list(stored.meta.dims),
            "dtype": stored.meta.dtype,
            "attributes": text_digest(dict(stored.attrs)),
            "coordinates": text_digest(coords),
            "chunks stored": self.chunks_stored(),
        }

    def chunks_stored(self) -> str:
        """A digest of which chunks are stored, as far as a look at the store tells."""
        key = self.open().key
        with reading(f"{self.key}.path", self.path):
            return chunks_digest(self.path, key)

    def holds_chunks(self) -> bool:
        """Whether a chunk is stored, as far as a look at the store tells."""
        key = self.open().key
        with reading(f"{self.key}.path", self.path):
            return holds_chunks(self.path, key)
