"""Methods: the functions of convolution layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, DTypeLike

    from volconv.boundary import BoundaryLike
    from volconv.geometry import PaddingLike, PerDim

__all__ = ["Layers"]


class Layers(Methods[Labelled]):
    """The functions of convolution layers, as methods."""

    def conv(
        self,
        weight: ArrayLike,
        bias: ArrayLike | None = None,
        *,
        channel: str = "channel",
        dims: api.Dims | None = None,
        stride: PerDim = 1,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        groups: int = 1,
        boundary: BoundaryLike = "constant",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """A convolution layer: `volconv.conv`."""
        return api.conv(
            self.data,
            weight,
            bias,
            channel=channel,
            dims=dims,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )

    def onnx(
        self: Methods[xr.DataArray],
        path: str | Path,
        *,
        channel: str = "channel",
        dims: api.Dims | None = None,
        output: str | None = None,
        keep_attrs: bool | None = None,
    ) -> xr.DataArray:
        """A network in an ONNX file, its nodes as steps: `volconv.onnx`."""
        return api.onnx(
            self.data,
            path,
            channel=channel,
            dims=dims,
            output=output,
            keep_attrs=keep_attrs,
        )
