"""Methods: the functions that make more cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from volconv.boundary import BoundaryLike
    from volconv.geometry import PerDim

__all__ = ["Upsampling"]


class Upsampling(Methods[Labelled]):
    """The functions that make more cells, as methods."""

    def upsample(
        self,
        factor: PerDim,
        *,
        dims: api.Dims | None = None,
        method: str = "nearest",
        boundary: BoundaryLike = "edge",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Several cells in the place of each: `volconv.upsample`."""
        return api.upsample(
            self.data,
            factor,
            dims=dims,
            method=method,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )
