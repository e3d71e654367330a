"""``da.volconv`` and ``ds.volconv``: the public functions as methods.

Each method is the function of the same name in `volconv`, where its parameters are
explained, with the object as its data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import xarray as xr

from volconv import api

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

    from volconv.boundary import BoundaryLike
    from volconv.geometry import PaddingLike, PerDim
    from volconv.kernels import LengthLike

__all__ = ["Accessor"]

Labelled = TypeVar("Labelled", xr.DataArray, xr.Dataset)


@xr.register_dataset_accessor("volconv")
@xr.register_dataarray_accessor("volconv")
class Accessor(Generic[Labelled]):
    """The public functions as methods of a DataArray or a Dataset.

    Examples
    --------
    >>> import xarray as xr
    >>> import volconv
    >>> xr.DataArray([1.0, 2.0, 4.0], dims="x").volconv.correlate([1, 1]).values
    array([3., 6.])
    """

    def __init__(self, data: Labelled) -> None:
        self.data: Labelled = data

    def correlate(
        self,
        kernel: ArrayLike | xr.DataArray,
        *,
        dims: api.Dims | None = None,
        stride: PerDim = 1,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        boundary: BoundaryLike = "constant",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Cross-correlation with a kernel: `volconv.correlate`."""
        return api.correlate(
            self.data,
            kernel,
            dims=dims,
            stride=stride,
            padding=padding,
            dilation=dilation,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )

    def convolve(
        self,
        kernel: ArrayLike | xr.DataArray,
        *,
        dims: api.Dims | None = None,
        stride: PerDim = 1,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        boundary: BoundaryLike = "constant",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Convolution, the kernel flipped: `volconv.convolve`."""
        return api.convolve(
            self.data,
            kernel,
            dims=dims,
            stride=stride,
            padding=padding,
            dilation=dilation,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )

    def gaussian(
        self,
        sigma: LengthLike,
        *,
        dims: api.Dims | None = None,
        truncate: float = 4.0,
        stride: PerDim = 1,
        padding: PaddingLike = "same",
        boundary: BoundaryLike = "symmetric",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Gaussian smoothing: `volconv.gaussian`."""
        return api.gaussian(
            self.data,
            sigma,
            dims=dims,
            truncate=truncate,
            stride=stride,
            padding=padding,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )

    def box(
        self,
        size: PerDim,
        *,
        dims: api.Dims | None = None,
        stride: PerDim = 1,
        padding: PaddingLike = "same",
        dilation: PerDim = 1,
        boundary: BoundaryLike = "symmetric",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Mean under a box: `volconv.box`."""
        return api.box(
            self.data,
            size,
            dims=dims,
            stride=stride,
            padding=padding,
            dilation=dilation,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )
