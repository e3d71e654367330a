"""Methods: the functions of single cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Pointwise"]


class Pointwise(Methods[Labelled]):
    """The functions of single cells, as methods."""

    def abs(
        self,
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Absolute values, ``|x|``: `volconv.abs`."""
        return api.abs(
            self.data,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def square(
        self,
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Squares, ``x²``: `volconv.square`."""
        return api.square(
            self.data,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def sqrt(
        self,
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Square roots, ``√x``; NaN below zero: `volconv.sqrt`."""
        return api.sqrt(
            self.data,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def log(
        self,
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Natural logarithms, ``ln x``; -inf at zero, NaN below: `volconv.log`."""
        return api.log(
            self.data,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def scale(
        self,
        factor: float = 1,
        offset: float = 0,
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Values times a factor, plus an offset: ``x factor + offset``: `volconv.scale`."""
        return api.scale(
            self.data,
            factor,
            offset,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def normalise(
        self,
        *,
        mean: float | None = None,
        std: float | None = None,
        min: float | None = None,  # noqa: A002
        max: float | None = None,  # noqa: A002
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Values less a mean, over a standard deviation; or from a range to 0 … 1.

        See `volconv.normalise`.
        """
        return api.normalise(
            self.data,
            mean=mean,
            std=std,
            min=min,
            max=max,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def clip(
        self,
        min: float | None = None,  # noqa: A002
        max: float | None = None,  # noqa: A002
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Values below `min` become it, those above `max` become that; NaN stays.

        See `volconv.clip`.
        """
        return api.clip(
            self.data,
            min,
            max,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def threshold(
        self,
        *,
        above: float | None = None,
        below: float | None = None,
        dtype: DTypeLike | None = "bool",
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Whether ``above < x`` and ``x < below``; NaN is neither: `volconv.threshold`."""
        return api.threshold(
            self.data,
            above=above,
            below=below,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def cast(
        self,
        dtype: DTypeLike,
        *,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Values in another dtype: rounded half to even, and saturated: `volconv.cast`."""
        return api.cast(
            self.data,
            dtype,
            keep_attrs=keep_attrs,
        )
