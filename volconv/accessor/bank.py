"""Methods: the function of several kernels over one read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import xarray as xr
    from numpy.typing import ArrayLike, DTypeLike

    from volconv.boundary import BoundaryLike
    from volconv.geometry import LabelLike, PaddingLike, PerDim

__all__ = ["Banks"]


class Banks(Methods[Labelled]):
    """The function of several kernels over one read, as methods."""

    def correlate_bank(
        self,
        kernels: Mapping[Any, ArrayLike] | Sequence[ArrayLike] | xr.DataArray,
        *,
        dim: str = "kernel",
        dims: api.Dims | None = None,
        stride: PerDim = 1,
        padding: PaddingLike = "valid",
        dilation: PerDim = 1,
        label: LabelLike = "center",
        boundary: BoundaryLike = "constant",
        fill_value: complex = 0,
        dtype: DTypeLike | None = None,
        engine: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Cross-correlation with several kernels: `volconv.correlate_bank`."""
        return api.correlate_bank(
            self.data,
            kernels,
            dim=dim,
            dims=dims,
            stride=stride,
            padding=padding,
            dilation=dilation,
            label=label,
            boundary=boundary,
            fill_value=fill_value,
            dtype=dtype,
            engine=engine,
            keep_attrs=keep_attrs,
        )
