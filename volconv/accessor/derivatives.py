"""Methods: the functions that take differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from volconv.boundary import BoundaryLike
    from volconv.geometry import LabelLike, PaddingLike, PerDim

__all__ = ["Derivatives"]


class Derivatives(Methods[Labelled]):
    """The functions that take differences, as methods."""

    def gradient(
        self,
        dim: str,
        *,
        per: str = "cell",
        stride: PerDim = 1,
        padding: PaddingLike = "same",
        label: LabelLike = "center",
        boundary: BoundaryLike = "symmetric",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Central differences along one dimension: ``(x[i+1] - x[i-1]) / 2 h``.

        See `volconv.gradient`.
        """
        return api.gradient(
            self.data,
            dim,
            per=per,
            stride=stride,
            padding=padding,
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )

    def gradient_magnitude(
        self,
        *,
        dims: api.Dims | None = None,
        per: str = "cell",
        stride: PerDim = 1,
        padding: PaddingLike = "same",
        label: LabelLike = "center",
        boundary: BoundaryLike = "symmetric",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Length of the gradient: ``√(Σ (∂x)²)`` of the central differences.

        See `volconv.gradient_magnitude`.
        """
        return api.gradient_magnitude(
            self.data,
            dims=dims,
            per=per,
            stride=stride,
            padding=padding,
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )

    def laplace(
        self,
        *,
        dims: api.Dims | None = None,
        per: str = "cell",
        stride: PerDim = 1,
        padding: PaddingLike = "same",
        label: LabelLike = "center",
        boundary: BoundaryLike = "symmetric",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Sum over dimensions of ``(x[i-1] - 2 x[i] + x[i+1]) / h²``: `volconv.laplace`."""
        return api.laplace(
            self.data,
            dims=dims,
            per=per,
            stride=stride,
            padding=padding,
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )

    def sobel(
        self,
        dim: str | None = None,
        *,
        dims: api.Dims | None = None,
        stride: PerDim = 1,
        padding: PaddingLike = "same",
        label: LabelLike = "center",
        boundary: BoundaryLike = "symmetric",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Differences along one dimension, smoothed along the others; or their length.

        See `volconv.sobel`.
        """
        return api.sobel(
            self.data,
            dim,
            dims=dims,
            stride=stride,
            padding=padding,
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )
