"""Methods: the functions of convolution layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

    from volconv.boundary import BoundaryLike
    from volconv.geometry import PaddingLike, PerDim
    from volconv.steps.conv_transpose import CellsByDim

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

    def conv_transpose(
        self,
        weight: ArrayLike,
        bias: ArrayLike | None = None,
        *,
        channel: str = "channel",
        dims: api.Dims | None = None,
        stride: PerDim = 1,
        padding: CellsByDim = 0,
        output_padding: PerDim = 0,
        dilation: PerDim = 1,
        groups: int = 1,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """A transposed convolution layer: `volconv.conv_transpose`."""
        return api.conv_transpose(
            self.data,
            weight,
            bias,
            channel=channel,
            dims=dims,
            stride=stride,
            padding=padding,
            output_padding=output_padding,
            dilation=dilation,
            groups=groups,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )
