"""Reading a box of the input into memory that is there, part after part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from volconv.boundary import Read
from volconv.geometry import relative
from volconv.plan.reads import parts_of
from volconv.run.cache import Box

__all__ = ["read_parts"]


def read_parts(
    read: Read, chunks: Sequence[int], box: Box, out: NDArray[Any]
) -> NDArray[Any]:
    """Cells of a box, read in parts of whole chunks, so that few are there twice.

    Parameters
    ----------
    read : callable
        Takes a box inside the input and returns its cells.
    chunks : sequence of int
        Cells of a chunk along each axis; none where the input has no chunks.
    box : box
        What is read.
    out : ndarray
        Where it goes.
    """
    for part in parts_of(box, chunks):
        out[relative(part, box)] = read(part)
    return out
