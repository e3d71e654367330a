"""Methods: the functions of activations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Activations"]


class Activations(Methods[Labelled]):
    """The functions of activations, as methods."""

    def relu(
        self,
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """The larger of each value and zero; NaN stays: `volconv.relu`."""
        return api.relu(
            self.data,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def leaky_relu(
        self,
        slope: float = 0.01,
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Values above zero as they are, others times a slope: `volconv.leaky_relu`."""
        return api.leaky_relu(
            self.data,
            slope,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def elu(
        self,
        alpha: float = 1,
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Values above zero as they are, others ``alpha (exp(x) - 1)``: `volconv.elu`."""
        return api.elu(
            self.data,
            alpha,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def sigmoid(
        self,
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """The logistic function, ``1 / (1 + exp(-x))``: `volconv.sigmoid`."""
        return api.sigmoid(
            self.data,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def tanh(
        self,
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """The hyperbolic tangent: `volconv.tanh`."""
        return api.tanh(
            self.data,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def gelu(
        self,
        approximate: str = "none",
        *,
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Values times ``Φ(x)``, the share of the normal distribution below them.

        See `volconv.gelu`.
        """
        return api.gelu(
            self.data,
            approximate,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )
