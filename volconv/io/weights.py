"""Cell weights in a Zarr store, read by each block for itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from volconv.coordinates import Coords, are_same_cells
from volconv.errors import DimError
from volconv.geometry import Interval
from volconv.io.digest import text_digest
from volconv.io.source import ZarrSource
from volconv.plan.memory import AT_ONCE, chunk_bytes

__all__ = ["ZarrWeights", "check_coords"]


@dataclass(frozen=True)
class ZarrWeights:
    """Weights of the cells of a step's input: see `volconv.steps.missing.CellWeights`.

    A small value that may be sent to another process.

    Parameters
    ----------
    source : ZarrSource
        Where they lie.
    """

    source: ZarrSource

    @property
    def dims(self) -> tuple[str, ...]:
        """Dimensions that the weights depend on."""
        return self.source.open().meta.dims

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells along each of them."""
        return self.source.open().meta.shape

    def read(self, box: tuple[Interval, ...], /) -> NDArray[Any]:
        """Weights of a box inside; not to be written to."""
        return self.source.read(box)

    @property
    def read_bytes(self) -> int:
        """Bytes of the chunks that are decoded at a time."""
        meta = self.source.open().meta
        return 2 * AT_ONCE * chunk_bytes(meta)

    @cached_property
    def identity(self) -> str:
        """A digest of what tells them from others: not their path."""
        return text_digest(self.source.identity())

    def describe(self) -> dict[str, object]:
        """Dimensions, shape, and what tells them from other weights."""
        return {
            "dims": list(self.dims),
            "shape": list(self.shape),
            "identity": self.identity,
        }


def check_coords(weights: ZarrWeights, coords: Coords) -> None:
    """Refuse weights of other cells than some coordinates', where both name theirs.

    Raises
    ------
    DimError
        Naming the dimension.
    """
    own = weights.source.open().coords.variables
    for dim in weights.dims:
        if dim not in own or dim not in coords.variables:
            continue
        ours, theirs = own[dim].values, coords.variables[dim].values
        if ours.shape == theirs.shape and not are_same_cells(theirs, ours):
            raise DimError(
                f"weights along {dim!r}",
                "other coordinates than the input's",
                "the same cells in the same order",
                "take the weights from the same grid",
            )
