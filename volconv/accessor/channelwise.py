"""Methods: the functions of single cells, by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

__all__ = ["Channelwise"]


class Channelwise(Methods[Labelled]):
    """The functions of single cells, by channel, as methods."""

    def prelu(
        self,
        weight: ArrayLike,
        *,
        channel: str = "channel",
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Values above zero as they are, others times a slope that was learned.

        See `volconv.prelu`.
        """
        return api.prelu(
            self.data,
            weight,
            channel=channel,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def batch_norm(
        self,
        mean: ArrayLike,
        variance: ArrayLike,
        weight: ArrayLike | None = None,
        bias: ArrayLike | None = None,
        *,
        eps: float = 1e-05,
        channel: str = "channel",
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Batch normalisation of a trained network: `volconv.batch_norm`."""
        return api.batch_norm(
            self.data,
            mean,
            variance,
            weight,
            bias,
            eps=eps,
            channel=channel,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )

    def softmax(
        self,
        *,
        channel: str = "channel",
        dtype: DTypeLike | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """Each channel's share of all: `volconv.softmax`."""
        return api.softmax(
            self.data,
            channel=channel,
            dtype=dtype,
            keep_attrs=keep_attrs,
        )
