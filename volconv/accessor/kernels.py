"""Methods: the functions of one kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, DTypeLike

    from volconv.boundary import BoundaryLike
    from volconv.geometry import LabelLike, PaddingLike, PerDim
    from volconv.kernels import LengthLike, SizeLike

__all__ = ["Kernels"]


class Kernels(Methods[Labelled]):
    """The functions of one kernel, as methods."""

    def correlate(
        self,
        kernel: ArrayLike | xr.DataArray,
        *,
        dims: api.Dims | None = None,
        stride: PerDim = 1,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        label: LabelLike = "center",
        boundary: BoundaryLike = "constant",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        skipna: bool = False,
        min_weight: float = 0,
        weights: xr.DataArray | None = None,
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
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            skipna=skipna,
            min_weight=min_weight,
            weights=weights,
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
        label: LabelLike = "center",
        boundary: BoundaryLike = "constant",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        skipna: bool = False,
        min_weight: float = 0,
        weights: xr.DataArray | None = None,
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
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            skipna=skipna,
            min_weight=min_weight,
            weights=weights,
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
        label: LabelLike = "center",
        boundary: BoundaryLike = "symmetric",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        skipna: bool = False,
        min_weight: float = 0,
        weights: xr.DataArray | None = None,
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
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            skipna=skipna,
            min_weight=min_weight,
            weights=weights,
            keep_attrs=keep_attrs,
        )

    def box(
        self,
        size: SizeLike,
        *,
        dims: api.Dims | None = None,
        stride: PerDim = 1,
        padding: PaddingLike = "same",
        dilation: PerDim = 1,
        label: LabelLike = "center",
        boundary: BoundaryLike = "symmetric",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        skipna: bool = False,
        min_weight: float = 0,
        weights: xr.DataArray | None = None,
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
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            skipna=skipna,
            min_weight=min_weight,
            weights=weights,
            keep_attrs=keep_attrs,
        )

    def ball(
        self,
        radius: LengthLike,
        *,
        dims: api.Dims | None = None,
        stride: PerDim = 1,
        padding: PaddingLike = "same",
        label: LabelLike = "center",
        boundary: BoundaryLike = "symmetric",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        skipna: bool = False,
        min_weight: float = 0,
        weights: xr.DataArray | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Mean of the cells within a radius: `volconv.ball`."""
        return api.ball(
            self.data,
            radius,
            dims=dims,
            stride=stride,
            padding=padding,
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            skipna=skipna,
            min_weight=min_weight,
            weights=weights,
            keep_attrs=keep_attrs,
        )
