"""Methods: the functions that move an array's edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from volconv.boundary import BoundaryLike
    from volconv.geometry import PaddingLike

__all__ = ["Frame"]


class Frame(Methods[Labelled]):
    """The functions that move an array's edges, as methods."""

    def pad(
        self,
        padding: PaddingLike,
        *,
        boundary: BoundaryLike = "constant",
        fill_value: complex = 0,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Data with cells added around it, and coordinates that go on: `volconv.pad`."""
        return api.pad(
            self.data,
            padding,
            boundary=boundary,
            fill_value=fill_value,
            keep_attrs=keep_attrs,
        )

    def crop(
        self,
        region: Mapping[str, Sequence[int]] | None = None,
        *,
        labels: Mapping[str, slice | Sequence[Any]] | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """The cells of a region: `volconv.crop`."""
        return api.crop(
            self.data,
            region,
            labels=labels,
            keep_attrs=keep_attrs,
        )

    def pad_poles(
        self,
        padding: int | tuple[int, int],
        *,
        latitude: str = "latitude",
        longitude: str = "longitude",
        poles: str = "auto",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Rows beyond the poles of a global grid: `volconv.pad_poles`."""
        return api.pad_poles(
            self.data,
            padding,
            latitude=latitude,
            longitude=longitude,
            poles=poles,
            keep_attrs=keep_attrs,
        )
