"""Methods: the functions that compare cells with smoothed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from volconv.boundary import BoundaryLike
    from volconv.geometry import LabelLike, PaddingLike, PerDim
    from volconv.kernels import LengthLike

__all__ = ["Bands"]


class Bands(Methods[Labelled]):
    """The functions that compare cells with smoothed ones, as methods."""

    def difference_of_gaussians(
        self,
        low_sigma: LengthLike,
        high_sigma: LengthLike,
        *,
        dims: api.Dims | None = None,
        truncate: float = 4.0,
        stride: PerDim = 1,
        padding: PaddingLike = "same",
        label: LabelLike = "center",
        boundary: BoundaryLike = "symmetric",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """What a narrow Gaussian keeps and a wide one does not: the narrow less the wide.

        See `volconv.difference_of_gaussians`.
        """
        return api.difference_of_gaussians(
            self.data,
            low_sigma,
            high_sigma,
            dims=dims,
            truncate=truncate,
            stride=stride,
            padding=padding,
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )

    def unsharp(
        self,
        sigma: LengthLike,
        *,
        amount: float = 1.0,
        dims: api.Dims | None = None,
        truncate: float = 4.0,
        stride: PerDim = 1,
        padding: PaddingLike = "same",
        label: LabelLike = "center",
        boundary: BoundaryLike = "symmetric",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Sharpened data: ``x + amount (x - smooth)``, smooth by a Gaussian.

        See `volconv.unsharp`.
        """
        return api.unsharp(
            self.data,
            sigma,
            amount=amount,
            dims=dims,
            truncate=truncate,
            stride=stride,
            padding=padding,
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )
