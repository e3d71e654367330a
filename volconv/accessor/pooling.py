"""Methods: the functions that put one value in a window's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from volconv.boundary import BoundaryLike
    from volconv.geometry import PaddingLike, PerDim

__all__ = ["Pooling"]


class Pooling(Methods[Labelled]):
    """The functions that put one value in a window's place, as methods."""

    def mean_pool(
        self,
        size: PerDim,
        *,
        dims: api.Dims | None = None,
        stride: PerDim | None = None,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        boundary: BoundaryLike = "edge",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        count_padding: bool = True,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Mean of each window, by default of windows side by side: `volconv.mean_pool`."""
        return api.mean_pool(
            self.data,
            size,
            dims=dims,
            stride=stride,
            padding=padding,
            dilation=dilation,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            count_padding=count_padding,
            engine=engine,
            keep_attrs=keep_attrs,
        )

    def max_pool(
        self,
        size: PerDim,
        *,
        dims: api.Dims | None = None,
        stride: PerDim | None = None,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        boundary: BoundaryLike = "edge",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Largest value of each window, by default of windows side by side.

        See `volconv.max_pool`.
        """
        return api.max_pool(
            self.data,
            size,
            dims=dims,
            stride=stride,
            padding=padding,
            dilation=dilation,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def min_pool(
        self,
        size: PerDim,
        *,
        dims: api.Dims | None = None,
        stride: PerDim | None = None,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        boundary: BoundaryLike = "edge",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Smallest value of each window, by default of windows side by side.

        See `volconv.min_pool`.
        """
        return api.min_pool(
            self.data,
            size,
            dims=dims,
            stride=stride,
            padding=padding,
            dilation=dilation,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def median_pool(
        self,
        size: PerDim,
        *,
        dims: api.Dims | None = None,
        stride: PerDim | None = None,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        boundary: BoundaryLike = "edge",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Middle value of each window, by default of windows side by side.

        See `volconv.median_pool`.
        """
        return api.median_pool(
            self.data,
            size,
            dims=dims,
            stride=stride,
            padding=padding,
            dilation=dilation,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def mode_pool(
        self,
        size: PerDim,
        *,
        dims: api.Dims | None = None,
        stride: PerDim | None = None,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        boundary: BoundaryLike = "edge",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Most frequent label of each window, by default of windows side by side.

        See `volconv.mode_pool`.
        """
        return api.mode_pool(
            self.data,
            size,
            dims=dims,
            stride=stride,
            padding=padding,
            dilation=dilation,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )
