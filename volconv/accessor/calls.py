"""Methods: the function of a user's own over windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import DTypeLike

    from volconv.boundary import BoundaryLike
    from volconv.geometry import LabelLike, PaddingLike, PerDim
    from volconv.kernels import SizeLike

__all__ = ["Calls"]


class Calls(Methods[Labelled]):
    """The function of a user's own over windows, as methods."""

    def map_windows(
        self,
        func: Callable[..., Any],
        size: SizeLike,
        *,
        dims: api.Dims | None = None,
        stride: PerDim = 1,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        label: LabelLike = "center",
        boundary: BoundaryLike = "constant",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """What a function of your own makes of each window: `volconv.map_windows`."""
        return api.map_windows(
            self.data,
            func,
            size,
            dims=dims,
            stride=stride,
            padding=padding,
            dilation=dilation,
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )
