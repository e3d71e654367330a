"""How a pair of tiles lies in memory, and the kernel's transform beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.compiled.llvm.emit import BITS, Scalar

__all__ = ["TileCode", "up"]


@dataclass(frozen=True)
class TileCode:
    """What the compiled code depends on.

    Attributes
    ----------
    scalar : {"float", "double"}
    shape : (int, int, int)
        Planes, rows and cells of a tile: along windows all take part, and elsewhere at
        most so many.
    windows : (bool, bool, bool)
        Along which of these it is transformed.
    """

    scalar: Scalar
    shape: tuple[int, int, int]
    windows: tuple[bool, bool, bool]

    @property
    def size(self) -> int:
        """Bytes of a scalar."""
        return BITS[self.scalar] // 8

    @property
    def lengths(self) -> list[int]:
        """Of the transforms."""
        pairs = zip(self.shape, self.windows, strict=True)
        return [length for length, is_window in pairs if is_window]

    def padded(self, lanes: int) -> tuple[int, int]:
        """Rows and cells in whole vectors."""
        rows = self.shape[1]
        return up(rows, lanes) if self.windows[2] else rows, up(self.shape[2], lanes)

    def pitches(self, lanes: int) -> tuple[int, int]:
        """Bytes from plane to plane and from row to row.

        Odd numbers of cache lines, so that few share a set.
        """
        rows, cells = self.padded(lanes)
        row = _odd_lines(cells * self.size)
        return _odd_lines(rows * row), row

    def tile_bytes(self, lanes: int) -> int:
        """Bytes of the real part of a tile."""
        return self.shape[0] * self.pitches(lanes)[0]

    def buffer_bytes(self, lanes: int) -> int:
        """Bytes of scratch beside the tile."""
        lines = 4 * max(self.lengths) + 2 * self.padded(lanes)[1]
        return lines * lanes * self.size

    def arranged(self, spectrum: NDArray[np.complex128], lanes: int) -> NDArray[Any]:
        """The kernel's transform in the order in which it is used.

        Parameters
        ----------
        spectrum : ndarray, complex128, shape (n0, n1, n2)
            Of size 1 along axes that are not transformed.
        lanes : int
            Floats in a vector.
        """
        if not self.windows[2]:
            values = np.broadcast_to(spectrum, (*spectrum.shape[:2], lanes))[:, :, None]
        elif not self.windows[1]:
            values = np.broadcast_to(spectrum[..., None], (*spectrum.shape, lanes))
        else:
            rows = up(spectrum.shape[1], lanes)
            full = np.zeros((spectrum.shape[0], rows, spectrum.shape[2]), complex)
            full[:, : spectrum.shape[1]] = spectrum
            groups = full.reshape(full.shape[0], -1, lanes, full.shape[2])
            values = groups.swapaxes(2, 3)
        found = np.empty((*values.shape[:3], 2, lanes), f"f{self.size}")
        found[..., 0, :], found[..., 1, :] = values.real, values.imag
        return found

    def spectrum_bytes(self, lanes: int) -> int:
        """Bytes of the kernel's transform, where it is used."""
        planes, rows, cells = (
            length if is_window else 1
            for length, is_window in zip(self.shape, self.windows, strict=True)
        )
        in_vectors = rows * lanes if not self.windows[2] else up(rows, lanes)
        return 2 * planes * in_vectors * cells * self.size


def up(count: int, lanes: int) -> int:
    """The count, or the next multiple of `lanes` above."""
    return -(-count // lanes) * lanes


def _odd_lines(size: int) -> int:
    """Bytes in an odd number of 64-byte lines."""
    return (-(-size // 64) | 1) * 64
